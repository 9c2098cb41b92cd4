"""A generated repository, brought up by the real engine in every environment, once a session."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops_scaffold import preview
from mlops_scaffold.preview.repository import find

from .comparison import Pass, Resources, wire
from .ours import Planner
from .real import BUILT, HERE, Engine, Preview, Stack

ENVIRONMENTS = ("dev", "staging", "prod")


@dataclass(frozen=True)
class BroughtUp:
    """What was planned and done with one program in one environment."""

    stack: Stack
    ours: Mapping[Pass, Resources]
    engines: Mapping[Pass, Resources]
    again: Preview
    """The engine's preview once the program is up."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the program exports, as another program gets it."""
        stack = next(it for it in self.engines["up"].values() if it["type"] == "pulumi:pulumi:Stack")
        return wire(stack.get("outputs", {}))


Platform = Mapping[str, Mapping[str, BroughtUp]]
"""What was done, by environment and program."""


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as a user makes it, with its own ``.venv``."""
    if not (BUILT / "pulumi").exists():
        pytest.skip("the real engine is not there: make engine (needs Go)")
    folder = tmp_path_factory.mktemp("engine")
    scaffold = str(Path(sys.executable).with_name("mlops-scaffold"))
    make = [scaffold, "new", "acme", "--stage", "series-a", "--cloud", "aws", "--no-preview", "--output", str(folder)]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "--silent", "setup"], check=True, cwd=folder / "acme")
    return folder / "acme"


@pytest.fixture(scope="session")
def engine(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The real engine, with no stack."""
    return Engine(tmp_path_factory.mktemp("pulumi"), find(repository).interpreter)


@pytest.fixture(scope="session")
def platform(repository: Path, engine: Engine) -> Platform:
    """Every program, planned and brought up in every environment."""
    found = find(repository)
    with preview.open_session(found) as session:
        planner = Planner(found, session)
        return {environment: bring_up(environment, engine, planner) for environment in ENVIRONMENTS}


@pytest.fixture(scope="session")
def options(repository: Path, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> BroughtUp:
    """The program in ``options/``, which asks for more than a platform does."""
    folder = tmp_path_factory.mktemp("options")
    shutil.copytree(HERE / "options", folder, dirs_exist_ok=True)
    (folder / ".venv").symlink_to(repository / ".venv")
    found = find(folder)
    stack = engine.stack(folder, "dev")
    stack.run("config", "set", "--secret", "password", "not to be seen", "--stack", "dev")
    with preview.open_session(found) as session:
        return plan_and_bring_up(stack, Planner(found, session), "", {})


def bring_up(environment: str, engine: Engine, planner: Planner) -> Mapping[str, BroughtUp]:
    """Plans and brings up every program in turn, each fed with what those before it really output."""
    repository = planner.repository
    done: dict[str, BroughtUp] = {}
    references: dict[str, Mapping[str, Any]] = {}
    for program in repository.programs:
        stack = engine.stack(repository.folder / program, environment)
        done[program] = plan_and_bring_up(stack, planner, program, references)
        references[f"organization/{repository.project(program)}/{environment}"] = done[program].outputs
    return done


def plan_and_bring_up(
    stack: Stack, planner: Planner, program: str, references: Mapping[str, Mapping[str, Any]]
) -> BroughtUp:
    """Plans a program by both sides, and brings it up by the engine."""
    ours: dict[Pass, Resources] = {
        "preview": planner.plan(program, stack.environment, "preview", references),
        "up": planner.plan(program, stack.environment, "deep", references),
    }
    planned = stack.preview()
    stack.up()
    return BroughtUp(stack, ours, {"preview": planned.resources, "up": stack.state()}, stack.preview())
