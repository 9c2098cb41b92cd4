"""Secrets on AWS: entries in Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Input, Output
from pulumi_aws import iam, secretsmanager

from mlops_stacks import secrets
from mlops_stacks.keys import Keys
from mlops_stacks.secrets import SecretsSettings, Source


class Secrets(secrets.Secrets):
    """Entries in Secrets Manager, which the program makes empty and people fill."""

    def __init__(
        self, name: str, settings: SecretsSettings, *, keys: Keys, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        entries = {
            # checkov:skip=CKV2_AWS_57: only who gave out a webhook or a key can give out another, so no function can
            entry: secretsmanager.Secret(
                f"{name}-{entry}",
                description=f"Filled by people: make secret NAME={entry} ENV={pulumi.get_stack()}",
                kms_key_id=keys.secrets,
                recovery_window_in_days=settings.recovery_days,
                # No version, for the state would hold its value.
                opts=self.keep,
            )
            for entry in settings.names
        }
        self.publish(references={called: entry.arn for called, entry in entries.items()}, key=keys.secrets)

    def grant_read(self, grantee: str, identity: Input[str], names: Sequence[str]) -> Source:
        """Gives the role a policy of its own for these entries, and the key's use through Secrets Manager."""
        references = self.references.apply(lambda references: only(references, names))
        iam.RolePolicy(
            f"{grantee}-secrets",
            role=identity,
            policy=Output.all(references, self.key).apply(lambda args: let_read(list(args[0].values()), args[1])),
            opts=self.child,
        )
        # Source: README of AWS's provider, "SecretProviderClass options", checked at version 3.1.1 on 2026-11-24.
        return Source(
            driver="secrets-store.csi.k8s.io",
            provider="aws",
            parameters={
                "usePodIdentity": "true",
                # Else the provider asks the API for the pod, and for its node, to learn it.
                "region": pulumi.Config("aws").require("region"),
                "objects": references.apply(
                    lambda arns: json.dumps([{"objectName": arn, "objectAlias": entry} for entry, arn in arns.items()])
                ),
            },
        )


def only(references: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    """The references of some entries.

    Raises:
        pulumi.RunError: there is no such entry.
    """
    if missing := [name for name in names if name not in references]:
        raise pulumi.RunError(
            f"there is no secret '{missing[0]}', but {', '.join(references)}: add it to secrets.names, and bring the "
            f"cloud program up (make up ENV={pulumi.get_stack()})"
        )
    return {name: references[name] for name in names}


def let_read(secret_arns: Sequence[str], key_arn: str) -> str:
    """The policy of a role that may read some entries, and use their key through Secrets Manager alone."""
    region = key_arn.split(":")[3]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    # By the second, a pod's driver sees whether its file is still the latest version.
                    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                    "Resource": list(secret_arns),
                },
                {
                    "Effect": "Allow",
                    "Action": "kms:Decrypt",
                    "Resource": key_arn,
                    "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}},
                },
            ],
        }
    )
