"""Identity: who CI is in the cloud, without a password, and what it may do there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pulumi import Output
from pydantic import AfterValidator, Field, StringConstraints

from mlops_stacks.component import Component, Settings

REPOSITORY = re.compile(r"[\w-]+/[\w.-]+|[\w-]+@\d+/[\w.-]+@\d+", re.ASCII)
"""A repository as GitHub's tokens name it: with its numbers, where it was made or renamed since 2026-07-15 (GitHub
changelog of 2026-04-23, *Immutable subject claims*), else without."""


def repository_name(text: str) -> str:
    """Refuses what names no repository.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    if text and not REPOSITORY.fullmatch(text):
        raise ValueError("a repository on GitHub, such as acme/ml, or acme@123456/ml@456789 with both numbers")
    return text


CLOSED = ("account", "iam", "organizations", "sts")
"""The services that give rights and identities."""

WATCHING = ("cloudtrail", "config", "guardduty")
"""The services that watch: people turn them on and change them, so that nobody who has become CI can."""

UNREACHED = ("cloudfront", "kms", "route53")
"""Services whose things are ours by no name behind a region and an account."""


def opened(text: str) -> str:
    """Refuses a service whose actions are rights, or that watches over who has them.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    service = text.partition(":")[0]
    if service in CLOSED:
        raise ValueError(
            f"'{service}' gives rights and identities, and no setting opens it; any other service, such as sqs. What "
            "the platform needs of it is a statement in mlops_stacks/identity/_rights.py"
        )
    if service in WATCHING:
        raise ValueError(
            f"'{service}' watches over what CI does, and no setting opens it; any other service, such as sqs. A change "
            "of it is made by a person, with make up"
        )
    return text


def reached(text: str) -> str:
    """Refuses an action on what is known by no name, for the right would hold for nothing.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    service = opened(text).partition(":")[0]
    if service in UNREACHED:
        raise ValueError(
            f"what '{service}' has is not called <project>-<environment>-… behind a region and an account, so this "
            "would hold for nothing; write a statement in mlops_stacks/identity/_rights.py"
        )
    return text


Action = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z]*\*?$"), AfterValidator(reached)]
"""An action as IAM writes it, with a service's prefix; a ``*`` at its end stands for the rest."""

Service = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$"), AfterValidator(opened)]
"""A service by its prefix in IAM."""


class IdentitySettings(Settings):
    """Which repository CI runs for, and what it may name."""

    repository: Annotated[str, AfterValidator(repository_name)] = ""
    """The repository on GitHub whose jobs may take the roles: ``acme/ml``, or ``acme@123456/ml@456789`` if GitHub puts
    numbers into its tokens, as it does for new repositories. Empty: nobody can take them."""
    actions: Sequence[Action] = ()
    """What CI may do beyond what the platform's own blocks need, as IAM writes it: ``sqs:CreateQueue``. It holds for
    what is called as the things of this environment are. A block that brings a service of its own needs it. CI may hand
    a role of this environment to these services."""
    services: Sequence[Service] = ()
    """The services that roles of your own may use whole, beyond those of the platform, by their prefix in IAM:
    ``bedrock``. The boundary is closed to any other; those of ``actions`` are open for what is called as ours."""
    pull_requests: bool = True
    """Whether jobs of pull requests may become the identity that reads. ``false`` keeps whoever may push a branch from
    the secrets in this environment's state and cluster; a pull request then does not say what it would change here."""
    own_provider: bool = False
    """Whether this environment makes the account's trust in GitHub's tokens itself. An account has it once, for all of
    its environments, and ``make bootstrap`` makes it."""
    domain: str = Field(default="", pattern=r"^(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.){2,}[a-z]{2,})?$", max_length=64)
    """The name whose records CI may write: that of the gateway. Empty: it writes none."""
    hosted_zone: str = Field(default="", pattern=r"^(Z[A-Z0-9]{4,31})?$")
    """The zone that holds them, by its id."""


class Identity(Component):
    """Two identities for CI, one that looks and one that deploys, and the limit of all that the platform makes."""

    token = "mlops:platform:Identity"

    repository: Output[str]
    """The repository on GitHub, as ``owner/name``; empty while there is none."""
    preview: Output[str]
    """The identity of pull requests, and of what only looks, which reads: a role's ARN on AWS."""
    deploy: Output[str]
    """The identity of the main branch, which makes and changes: a role's ARN on AWS."""
    boundary: Output[str]
    """What no identity of the platform may exceed, whatever rights it is given: a policy's ARN on AWS."""
