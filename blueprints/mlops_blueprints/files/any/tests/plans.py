"""The plans of all programs in all environments, made without a cloud, an account, or Pulumi's command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from policy import Plan, Resource

ROOT = Path(__file__).parents[1]
PROGRAMS = [str(path.parent.relative_to(ROOT)) for path in (*ROOT.glob("Pulumi.yaml"), *ROOT.glob("*/Pulumi.yaml"))]
"""The folders of the programs, in the order in which they are brought up."""
FOUND = {path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")}
NAMED = " ".join(re.findall(r"(?m)^ENVIRONMENTS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"))).split()
ENVIRONMENTS = [*(name for name in NAMED if name in FOUND), *sorted(FOUND - {*NAMED})]
"""Those of the Makefile, in its order; after them those that it does not name."""


class PlanError(Exception):
    """A program fails; the message is what it printed, or of a setting that is not allowed what is wrong with it."""


def of(environment: str) -> Mapping[str, Plan]:
    """The plans of an environment, program to plan.

    Raises:
        PlanError: a program fails.
    """
    return _all()[environment].result()


@cache
def _all() -> Mapping[str, Future[Mapping[str, Plan]]]:
    """Every environment's plans, made side by side."""
    pool = ThreadPoolExecutor()
    return {environment: pool.submit(make, environment) for environment in ENVIRONMENTS}


def make(environment: str) -> Mapping[str, Plan]:
    """The plans of an environment, made now."""
    plans: dict[str, Plan] = {}
    outputs: Mapping[str, Any] = {}
    for program in PROGRAMS:
        plans[program] = _run(program, environment, outputs)
        outputs = plans[program].outputs
    return plans


def _run(program: str, environment: str, outputs: Mapping[str, Any]) -> Plan:
    """Runs a program in a Python of its own, so that it leaves no trace in the next one."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("planner.py"), ROOT / program, environment],
        input=json.dumps(outputs),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        main = Path(program, "__main__.py")
        raise PlanError(f"{main} does not plan for {environment}:\n{done.stderr.rstrip()}")
    plan = json.loads(done.stdout)
    return Plan([Resource(**resource) for resource in plan["resources"]], plan["settings"], plan["outputs"])
