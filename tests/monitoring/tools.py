"""Prometheus and Alertmanager from Debian, and where rules and dashboards are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import mlops_stacks
from mlops_scaffold.preview.plan import Plan

FILES = [
    file
    for folder in ("any", "aws", "any+*")
    for file in Path(mlops_stacks.__file__).parent.glob(f"*/files/{folder}/monitoring/**/*")
    if file.is_file()
]
"""The files below ``monitoring/`` that the blocks bring along, of all blocks."""
RULES = sorted(file for file in FILES if file.parent.name == "rules" and not file.name.endswith(".test.yaml"))
DASHBOARDS = sorted(file for file in FILES if file.parent.name == "dashboards")

PACKAGES = {"promtool": "prometheus", "prometheus": "prometheus", "amtool": "prometheus-alertmanager"}
PACKAGES["prometheus-alertmanager"] = PACKAGES["amtool"]
PACKAGES["prometheus-blackbox-exporter"] = "prometheus-blackbox-exporter"


def tool(name: str) -> str:
    """Where a program is; a test that needs one never passes without."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install {PACKAGES[name]}, as .ci/run does")
    return found


def told(*command: str | Path) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def values(plan: Plan, release: str) -> Any:
    """What a release's chart is told."""
    (made,) = (
        made for program in plan.programs for made in program.made if made["urn"].endswith(f"Release::{release}")
    )
    return made["deepInputs"]["values"]
