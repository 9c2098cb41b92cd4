"""The names that Pulumi gives fit: IAM has the least room, and says so only when a role is made."""

from __future__ import annotations

import plans
import pytest
import yaml

LONGEST = {
    "aws:iam/role:Role": 64,
    "aws:iam/policy:Policy": 128,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:cloudwatch/eventRule:EventRule": 64,
}
"""Characters that a name may have (IAM User Guide, *IAM and AWS STS quotas*; EventBridge API, *PutRule*)."""


def named(name: str, environment: str) -> str:
    """What Pulumi makes of a name."""
    config = yaml.safe_load((plans.ROOT / "Pulumi.yaml").read_text())["config"]
    pattern: str = config["pulumi:autonaming"]["value"]["pattern"]
    return pattern.replace("${stack}", environment).replace("${hex(7)}", "0123456").replace("${name}", name)


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_a_name_fits(environment: str) -> None:
    names = {
        resource.inputs.get("name") or named(resource.name, environment): LONGEST[resource.type]
        for plan in plans.of(environment).values()
        for resource in plan.of(*LONGEST)
    }

    assert names
    assert not [f"{name}: {len(name)} characters" for name, longest in names.items() if len(name) > longest]
