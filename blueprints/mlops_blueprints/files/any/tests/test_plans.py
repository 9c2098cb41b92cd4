"""Every program plans in every environment."""

from __future__ import annotations

import plans
import pytest

from policy import Plan


def test_it_plans(plan: Plan) -> None:
    assert plan.resources
    assert plan.settings


@pytest.mark.parametrize("program", plans.PROGRAMS)
def test_environments_differ_in_settings_and_not_in_components(program: str) -> None:
    components = [plans.of(environment)[program].settings.keys() for environment in plans.ENVIRONMENTS]
    assert all(names == components[0] for names in components)
