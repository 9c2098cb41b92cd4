"""Whole results, kept as files: what ``new`` writes, and what each environment of it plans.

A plan's golden holds every resource by its place in the tree, with the options that protect it: enough to see what a
change does to all platforms in one diff. Beside it stands what the environment costs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import REFRESH

from mlops_scaffold import cost
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.session import Session

GOLDENS = Path(__file__).parent / "goldens"
PROGRAM = ["__main__.py", "settings.py", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"]
WHOLE = [*PROGRAM, "cluster/cloud.py", *(f"cluster/{name}" for name in PROGRAM)]
"""The files that are kept word for word; of all others, the tree says that they are there."""


def compare(golden: Path, found: str, config: pytest.Config) -> None:
    if config.getoption(REFRESH):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found)
    kept = golden.read_text() if golden.exists() else ""
    assert kept == found, f"{golden.name} has changed; if that is right: make golden"


def test_the_files(repository: Path, pytestconfig: pytest.Config) -> None:
    files = sorted(path for path in repository.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    lines = [f"{path.relative_to(repository)}" for path in files]

    compare(GOLDENS / "series-a-aws" / "tree.txt", "\n".join(lines) + "\n", pytestconfig)


@pytest.mark.parametrize("path", WHOLE)
def test_a_program(path: str, repository: Path, pytestconfig: pytest.Config) -> None:
    golden = GOLDENS / "series-a-aws" / path.replace(".py", ".py.txt")

    compare(golden, (repository / path).read_text(), pytestconfig)


@pytest.mark.parametrize("folder", ["", "cluster"])
def test_a_program_is_read_in_a_minute(folder: str, repository: Path) -> None:
    assert len((repository / folder / "__main__.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_plan(environment: str, repository: Path, session: Session, pytestconfig: pytest.Config) -> None:
    plan = preview(repository, [environment], session=session)
    lines = [f"{len(program.made)} {program.project}" for program in plan.programs]
    lines += [describe(resource) for program in plan.programs for resource in program.resources]

    assert plan.of("error") == []
    compare(GOLDENS / "series-a-aws" / f"{environment}.plan.txt", "\n".join(sorted(lines)) + "\n", pytestconfig)
    compare(GOLDENS / "series-a-aws" / f"{environment}.cost.txt", costs(cost.estimate(plan)), pytestconfig)


def describe(resource: dict[str, Any]) -> str:
    """One resource on one line; the hash changes with any of its inputs."""
    inputs = hashlib.sha256(repr(canonical(resource.get("deepInputs", resource["inputs"]))).encode()).hexdigest()[:8]
    flags = [name for name in ("protect", "retainOnDelete") if resource[name]]
    return " ".join([resource["urn"].partition("::")[2], inputs, *flags])


def costs(estimates: Sequence[cost.Estimate]) -> str:
    """What the components cost, and what that rests on."""
    lines = [f"{name:<16}{amount}" for name, amount in cost.table(estimates)]
    lines += [str(assumption) for found in estimates for assumption in found.assumptions]
    return "\n".join([*lines, *(note for found in estimates for note in found.notes)]) + "\n"


def canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((key, canonical(item)) for key, item in value.items())
    return [canonical(item) for item in value] if isinstance(value, list) else value
