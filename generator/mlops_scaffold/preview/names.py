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
    "aws:s3/bucket:Bucket": 63,
    "aws:rds/instance:Instance": 63,
    "aws:eks/cluster:Cluster": 100,
    "gcp:serviceaccount/account:Account": 30,
}
"""Characters that a type's name may have (each service's API reference, checked 2026-11-24)."""


def check(resources: Sequence[dict[str, Any]], project: str, environment: str) -> Iterator[Finding]:
    """An error for each resource whose name would be too long."""
    for resource in resources:
        name = resource["urn"].rpartition("::")[2]
        length = len(project) + len(environment) + len(name) + 2 + SUFFIX
        if length > LONGEST.get(resource["type"], length):
            yield Finding(
                "error",
                "name-too-long",
                f"its name in the cloud would have {length} characters, and {LONGEST[resource['type']]} are allowed",
                urn=resource["urn"],
                source=resource.get("source"),
            )
