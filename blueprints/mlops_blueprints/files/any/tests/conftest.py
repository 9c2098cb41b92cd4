"""What the tests share."""

from __future__ import annotations

import plans
import pytest

from policy import Plan

EVERY = [(program, environment) for environment in plans.ENVIRONMENTS for program in plans.PROGRAMS]


@pytest.fixture(params=EVERY, ids=lambda which: f"{which[0]}:{which[1]}")
def plan(request: pytest.FixtureRequest) -> Plan:
    """The plan of one program in one environment: the test runs once for each."""
    program, environment = request.param
    return plans.of(environment)[program]


def pytest_exception_interact(call: pytest.CallInfo[object]) -> None:
    """Ends with the first test that lacks a plan: all others would fail for the same reason."""
    if call.excinfo and call.excinfo.errisinstance(plans.PlanError):
        pytest.exit(str(call.excinfo.value), returncode=1)
