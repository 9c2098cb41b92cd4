"""Identity on AWS: two roles that GitHub's jobs take by token, and a permission boundary."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import iam

from mlops_stacks import identity
from mlops_stacks.identity import IdentitySettings
from mlops_stacks.identity._rights import (
    GITHUB,
    Place,
    Statement,
    limits,
    look,
    make,
    more,
    read_state,
    services_of,
    write_state,
)
from mlops_stacks.keys import Keys

SESSION_SECONDS = 3600
"""How long a job may stay what it became: the least that IAM allows as a role's maximum."""

LIMIT = 6144
"""The most characters of a managed policy, white space apart (IAM User Guide, IAM and AWS STS quotas)."""

NOBODYS = "_/_"
"""The repository of nobody: on GitHub a name is not an underline alone, so no job's token is for it."""


class Identity(identity.Identity):
    """Roles of GitHub Actions: *preview* reads and is for pull requests, *deploy* is for the main branch.

    Both are known by name, ``<project>-<environment>-<name>-preview`` and ``-deploy``, because workflows must find
    them, and because the boundary must name what nobody may change.
    """

    def __init__(
        self, name: str, settings: IdentitySettings, *, keys: Keys, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        called = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        place = keys.data.apply(place_of)
        provider = place.apply(lambda place: place.iam(f"oidc-provider/{GITHUB}"))
        if settings.own_provider:
            # No thumbprints: AWS knows GitHub's certificate authorities (IAM API, CreateOpenIDConnectProvider).
            provider = iam.OpenIdConnectProvider(
                name, url=f"https://{GITHUB}", client_id_lists=["sts.amazonaws.com"], opts=self.child
            ).arn
        if not settings.repository:
            pulumi.log.warn("no repository may act for this environment: name it in identity.repository", self)
        if settings.domain and not settings.hosted_zone:
            raise pulumi.RunError(
                f"{name}.hosted_zone: name the zone that holds '{settings.domain}' by its id; "
                "aws route53 list-hosted-zones lists them"
            )

        # checkov:skip=CKV_AWS_290, CKV_AWS_355: a boundary gives no right: a role needs policies of its own as well
        boundary = iam.Policy(
            name,
            name=f"{called}-boundary",
            description="What no role of the platform may exceed",
            policy=Output.all(place, provider).apply(
                lambda args: document(
                    limits(
                        args[0],
                        args[0].iam(f"policy/{called}-boundary"),
                        [args[0].iam(f"role/{called}-*"), args[1]],
                        domain=settings.domain,
                        hosted_zone=settings.hosted_zone,
                        actions=settings.actions,
                        others=settings.services,
                    )
                )
            ),
            opts=self.child,
        )

        subject = f"repo:{settings.repository or NOBODYS}"
        environment, main = f"environment:{pulumi.get_stack()}", "refs/heads/main"
        looks = [f"{subject}:pull_request"] * settings.pull_requests + [f"{subject}:ref:{main}"]
        preview = self._role(
            f"{name}-preview",
            "CI of pull requests: reads",
            boundary,
            provider.apply(lambda arn: trust(arn, sub=looks)),
        )
        # The branch stands here too, because what may deploy to an environment is otherwise GitHub's to say alone.
        deploy = self._role(
            f"{name}-deploy",
            "CI of the main branch: makes and changes",
            boundary,
            provider.apply(lambda arn: trust(arn, sub=[f"{subject}:{environment}"], ref=[main])),
        )

        # checkov:skip=CKV_AWS_355: these read settings, and no data; what has an id has no name to tell it by
        self._allow(f"{name}-preview", preview, place.apply(lambda place: [*read_state(place), *look(place)]))
        # checkov:skip=CKV_AWS_355: as above
        self._allow(
            f"{name}-deploy",
            deploy,
            place.apply(lambda place: [*read_state(place), *write_state(place), *look(place)]),
        )
        rights = Output.all(place, keys.data, keys.secrets, boundary.arn).apply(
            lambda args: make(
                args[0],
                {"data": args[1], "secrets": args[2]},
                args[3],
                domain=settings.domain,
                hosted_zone=settings.hosted_zone,
                passed_to={*services_of(settings.actions), *settings.services},
            )
        )
        for part in ("roles", "network", "data", "services"):
            self._allow(f"{name}-{part}", deploy, rights.apply(lambda rights, part=part: rights[part]))
        if settings.actions:
            self._allow(f"{name}-more", deploy, place.apply(lambda place: more(place, settings.actions)))

        self.publish(
            repository=re.sub(r"@\d+", "", settings.repository),
            preview=preview.arn,
            deploy=deploy.arn,
            boundary=boundary.arn,
        )

    def _role(self, name: str, description: str, boundary: iam.Policy, trust: Output[str]) -> iam.Role:
        """A role that reads the settings of everything, and the data of nothing."""
        role = iam.Role(
            name,
            name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            description=description,
            assume_role_policy=trust,
            max_session_duration=SESSION_SECONDS,
            permissions_boundary=boundary.arn,
            opts=self.child,
        )
        iam.RolePolicyAttachment(
            name,
            role=role.name,
            policy_arn=boundary.arn.apply(lambda arn: f"arn:{arn.split(':')[1]}:iam::aws:policy/SecurityAudit"),
            opts=self.child,
        )
        return role

    def _allow(self, name: str, role: iam.Role, statements: Output[Sequence[Statement]]) -> None:
        """Gives a role a policy of ours: one of its own for each part, because IAM limits their length."""
        policy = iam.Policy(name, policy=statements.apply(document), opts=self.child)
        iam.RolePolicyAttachment(f"{name}-own", role=role.name, policy_arn=policy.arn, opts=self.child)


def place_of(arn: str) -> Place:
    """The place where the thing of this ARN is."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return Place(partition, region, account, pulumi.get_project(), pulumi.get_stack())


def trust(provider: str, **claims: Sequence[str]) -> str:
    """The trust policy of a role that a job takes with a token for AWS which makes these claims.

    AWS compares ``ref`` since January 2026 (What's New, *AWS STS supports validation of select identity provider
    specific claims*).
    """
    expected: Mapping[str, Any] = {"aud": "sts.amazonaws.com", **claims}
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{GITHUB}:{claim}": value for claim, value in expected.items()}},
            }
        ]
    )


def document(statements: Sequence[Statement]) -> str:
    """A policy.

    Raises:
        pulumi.RunError: it is longer than IAM allows, which only the settings can bring about.
    """
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    if (length := len("".join(text.split()))) > LIMIT:
        raise pulumi.RunError(
            f"identity: a policy would have {length} characters, and IAM allows {LIMIT}; name fewer services in "
            "identity.actions and identity.services, or fewer actions with a * at their end"
        )
    return text
