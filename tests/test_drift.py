"""Data drift: what stands without an image, what comes with one, and what its rules say.

That the job does its work is tried for real by ``tests/app``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import mlops_stacks.drift
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.session import Session
from mlops_stacks.drift import DriftSettings

FILES = Path(mlops_stacks.drift.__file__).with_name("files") / "any"
RULES = FILES / "monitoring" / "rules"


def made(plan: Plan) -> dict[str, Any]:
    """The resources of the drift component: type and name to what is sent."""
    return {
        f"{resource['type'].rpartition(':')[2]} {resource['name']}": resource.get("deepInputs", resource["inputs"])
        for program in plan.programs
        for resource in program.made
        if "mlops:platform:Drift$" in resource["urn"]
    }


def test_without_an_image_nothing_runs(repository: Path, session: Session, production: Plan) -> None:
    without = made(preview(repository, ["prod"], session=session))

    # The namespace, and what it may reach, stand ready.
    assert set(made(production)) - set(without) == {
        "CronJob drift",
        "Deployment drift-scores",
        "Service drift-scores",
    }


def test_the_defaults_are_those_of_the_app(repository: Path) -> None:
    source = (repository / "app" / "drift.py").read_text()
    defaults = DriftSettings()

    assert f"\nSTABLE, MOVED = 0.1, {defaults.threshold}\n" in source
    assert f"\nENOUGH = {defaults.enough}\n" in source


def test_nothing_of_it_knows_the_cloud(production: Plan) -> None:
    assert [name for name in made(production) if "Role" in name or "Identity" in name] == []


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool: apt-get install prometheus")
def test_the_rules_say_what_their_test_expects() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", "drift.test.yaml"], cwd=RULES, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_runbook_of_its_name() -> None:
    (group,) = yaml.safe_load((RULES / "drift.yaml").read_text())["groups"]

    for rule in group["rules"]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower()
        assert rule["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
        assert (FILES / rule["annotations"]["runbook"]).exists()
