"""`make floor` runs what it runs with the oldest packages that pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mlops_scaffold.embedded.server import OLDEST

LOCK = Path(__file__).with_name("requirements.txt").read_text()
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
INPUTS = sorted((ROOT / "blueprints/mlops_blueprints/locks").glob("*.in"))


@pytest.mark.parametrize("written", PROJECT["project"]["dependencies"])
def test_the_lock_holds_the_lower_end_of_each_range(written: str) -> None:
    """A lower end that was never released, or that another package forbids, is no promise."""
    requirement = Requirement(written)
    [lowest] = [it.version for it in requirement.specifier if it.operator == ">="]
    locked = re.search(rf"^{re.escape(requirement.name)}==(\S+)", LOCK, re.MULTILINE)

    assert locked, written
    assert Version(locked[1]) == Version(lowest), "say what is the lowest, and run 'make locks'"


def test_the_process_that_plans_asks_a_repository_for_the_same_sdk() -> None:
    [ours] = [it for it in map(Requirement, PROJECT["project"]["dependencies"]) if it.name == "pulumi"]

    assert ours.specifier == SpecifierSet("<4,>={}.{}".format(*OLDEST))


def test_a_repository_asks_for_what_we_ask_for() -> None:
    """Its programs are planned by us, with the packages that it pins."""
    ours = {it.name: it.specifier for it in map(Requirement, PROJECT["project"]["dependencies"])}
    lines = [line for path in INPUTS for line in path.read_text().splitlines() if not line.startswith("#")]
    theirs = {it.name: it.specifier for it in map(Requirement, lines) if it.name in ours}

    assert "pulumi" in theirs
    assert theirs == {name: ours[name] for name in theirs}
