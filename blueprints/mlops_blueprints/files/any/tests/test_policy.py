"""Every plan keeps to the rules in policy/."""

from __future__ import annotations

import plans
import pytest

from policy import Plan, Rule, exemptions, name_of, rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{rule.__module__}.{rule.__name__}")
def test_rule(rule: Rule, plan: Plan) -> None:
    assert not [*rule(plan)], rule.__doc__


def test_what_is_exempt_needs_it() -> None:
    """A line that nothing needs any more would hide what breaks the rule next."""
    known = {name_of(rule): (rule, strict) for rule, strict in zip(rules(), rules(strict=True), strict=True)}
    for exempt in exemptions():
        assert exempt.rule in known, f"policy/exemptions/: there is no rule {exempt.rule}; there are {', '.join(known)}"
        rule, strict = known[exempt.rule]
        every = [plan for environment in plans.ENVIRONMENTS for plan in plans.of(environment).values()]
        assert any([*strict(plan)] != [*rule(plan)] for plan in every), (
            f"policy/exemptions/: {exempt.key} keeps to {exempt.rule}, or is not there: take the line away"
        )
