"""Every plan keeps to the rules in policy/."""

from __future__ import annotations

import pytest

from policy import Plan, Rule, rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{rule.__module__}.{rule.__name__}")
def test_rule(rule: Rule, plan: Plan) -> None:
    assert not [*rule(plan)], rule.__doc__
