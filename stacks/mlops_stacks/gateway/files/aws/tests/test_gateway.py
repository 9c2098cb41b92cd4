"""CI writes the records of the name that it is told, and of no other: it must be told the gateway's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plans
import pytest


def settings(environment: str, component: str) -> Mapping[str, Any]:
    """The settings of a component, in whichever program it is; none if it is in neither."""
    return next((plan.settings[component] for plan in plans.of(environment).values() if component in plan.settings), {})


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
@pytest.mark.parametrize("setting", ["domain", "hosted_zone"])
def test_ci_may_write_the_records_of_the_gateway(environment: str, setting: str) -> None:
    gateway, identity = settings(environment, "gateway"), settings(environment, "identity")
    if not gateway["domain"] or not identity.get("repository"):
        return  # Nobody writes records, or no CI does.

    assert identity[setting] == gateway[setting], (
        f"CI ends with AccessDenied at the gateway's record: set identity.{setting} in Pulumi.{environment}.yaml to "
        f"'{gateway[setting]}' (docs/gateway.md)"
    )
