"""Who may enter a cluster on AWS, and as what: access entries of EKS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Input, ResourceOptions
from pulumi_aws import eks

IDENTITY = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+", re.ASCII)
"""What an access entry takes: a role or a user, and no session of one (EKS User Guide, *Create access entries*)."""


def identities(setting: str, arns: Sequence[str]) -> Mapping[str, str]:
    """The IAM roles and users that a setting names, by their own names.

    Raises:
        pulumi.RunError: one is no ARN of a role or user, or two have one name.
    """
    found: dict[str, str] = {}
    for arn in arns:
        if not IDENTITY.fullmatch(arn):
            raise pulumi.RunError(
                f"{setting} take ARNs of roles and users, and '{arn}' is none: "
                "'aws sts get-caller-identity' says who you are, and of an assumed role it is the role that counts, "
                "such as arn:aws:iam::123456789012:role/deployer"
            )
        if found.setdefault(arn.split("/")[-1], arn) != arn:
            raise pulumi.RunError(f"{setting}: '{arn}' has the name of another: {found}")
    return found


def admit(
    name: str, cluster_name: Input[str], principal: Input[str], *, kind: str = "STANDARD", opts: ResourceOptions
) -> eks.AccessEntry:
    """Lets an IAM identity into the cluster, as what is not said yet: an identity has one entry in a cluster."""
    return eks.AccessEntry(name, cluster_name=cluster_name, principal_arn=principal, type=kind, opts=opts)


def let(
    name: str, entry: eks.AccessEntry, policy: str, *, namespaces: Sequence[str] = (), opts: ResourceOptions
) -> None:
    """Says what who was let in may do, by a policy of EKS: in these namespaces, or in the whole cluster."""
    eks.AccessPolicyAssociation(
        name,
        cluster_name=entry.cluster_name,
        principal_arn=entry.principal_arn,
        policy_arn=entry.principal_arn.apply(
            lambda arn: f"arn:{arn.split(':')[1]}:eks::aws:cluster-access-policy/{policy}"
        ),
        access_scope=eks.AccessPolicyAssociationAccessScopeArgs(
            type="namespace" if namespaces else "cluster", namespaces=[*namespaces] or None
        ),
        opts=opts,
    )
