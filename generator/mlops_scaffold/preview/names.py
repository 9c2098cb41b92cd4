"""Whether the physical names that auto-naming will give fit what each type allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlops_scaffold.preview.plan import Finding

SUFFIX = 8
"""Characters that auto-naming adds: a hyphen and seven hexadecimal digits (Pulumi.yaml, ``pulumi:autonaming``)."""

LONGEST = {
    "aws:iam/role:Role": 64,
    "aws:iam/policy:Policy": 128,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:cloudtrail/trail:Trail": 128,
    "aws:budgets/budget:Budget": 100,
    "aws:s3/bucket:Bucket": 63,
    "aws:rds/instance:Instance": 63,
    "aws:eks/cluster:Cluster": 100,
    # None of ours makes these; whoever does learns it here, and not from AWS.
    "aws:alb/loadBalancer:LoadBalancer": 32,
    "aws:alb/targetGroup:TargetGroup": 32,
    "aws:elasticache/replicationGroup:ReplicationGroup": 40,
    "aws:lambda/function:Function": 64,
    "aws:lb/loadBalancer:LoadBalancer": 32,
    "aws:lb/targetGroup:TargetGroup": 32,
    "aws:opensearch/domain:Domain": 28,
    "aws:sqs/queue:Queue": 80,
    "gcp:serviceaccount/account:Account": 30,
}
"""Characters that a type's name may have (each service's API reference, checked 2026-11-29)."""

NAMED = {"name", "bucket", "identifier", "accountId", "replicationGroupId", "domainName"}
"""The inputs by which a program names one itself."""


def check(resources: Sequence[dict[str, Any]], project: str, environment: str) -> Iterator[Finding]:
    """An error for each resource whose name would be too long; one that the program names itself is its own affair."""
    for resource in resources:
        name = resource["urn"].rpartition("::")[2]
        length = len(project) + len(environment) + len(name) + 2 + SUFFIX
        if length > LONGEST.get(resource["type"], length) and not NAMED & resource["inputs"].keys():
            yield Finding(
                "error",
                "name-too-long",
                f"its name in the cloud, '{project}-{environment}-{name}-' and seven digits, would have {length} "
                f"characters, and {LONGEST[resource['type']]} are allowed: shorten '{name}', or what it is made from",
                urn=resource["urn"],
                source=resource.get("source"),
            )
