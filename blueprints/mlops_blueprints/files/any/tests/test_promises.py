"""What holds data keeps its name and its protection.

``promises/<component>.txt`` says what that is, one ``type::name`` a line. Pulumi knows a resource by these: under
another name it would make a new, empty one, and delete the one with the data. Add what is to be kept; before you
take a line away, move the data.
"""

from __future__ import annotations

from pathlib import Path

import plans
import pytest

PROMISES = {path.stem: set(path.read_text().split()) for path in Path(__file__).parent.glob("promises/*.txt")}

MAY_BE_GIVEN_UP = {
    tuple(line.split())
    for line in Path(__file__).with_name("given_up.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
"""The environments, and of each the components, whose data nobody would miss."""


def held(environment: str, *, protected: bool) -> set[str]:
    """The resources of an environment as ``type::name``, or those of them that are protected."""
    return {
        f"{resource.type}::{resource.name}"
        for plan in plans.of(environment).values()
        for resource in plan.resources
        if resource.protected or not protected
    }


def given_up(environment: str) -> set[str]:
    """The components that the settings of an environment say may be destroyed with their data."""
    return {
        component
        for plan in plans.of(environment).values()
        for component, settings in plan.settings.items()
        if settings.get("protected") is False
    }


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_names_are_kept(environment: str) -> None:
    gone = set().union(*PROMISES.values()) - held(environment, protected=False)
    assert not gone, (
        f"promised in tests/promises/, and not made in {environment}: {gone}. Give it its name back; if its "
        "component was left out on purpose, delete its file there too (docs/architecture.md says how to leave one out)"
    )


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_data_is_protected(environment: str) -> None:
    """Exactly what is promised: what holds data and is not on the list has nobody who looks after it."""
    loose = given_up(environment)
    expected = set().union(*(names for component, names in PROMISES.items() if component not in loose))
    found = held(environment, protected=True)
    wrong = [
        *(f"{name} is kept and promised nowhere: add it to tests/promises/" for name in sorted(found - expected)),
        *(f"{name} is promised and not protected: make it with opts=self.keep" for name in sorted(expected - found)),
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_what_is_protected_stays_even_if_its_line_is_deleted(environment: str) -> None:
    for plan in plans.of(environment).values():
        assert [resource.name for resource in plan.resources if resource.protected != resource.retained] == []


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_nothing_is_given_up_that_somebody_would_miss(environment: str) -> None:
    new = {(environment, component) for component in given_up(environment)} - MAY_BE_GIVEN_UP
    lines = ", ".join(f"'{environment} {component}'" for _, component in sorted(new))
    assert not new, (
        f"'protected: false' lets the data of {environment} go: take it out of Pulumi.{environment}.yaml, or, "
        f"if nobody would miss the data, add to tests/given_up.txt: {lines}"
    )
