"""Every alert says how bad it is, and has its page: whoever is woken by it finds what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES = [file for file in sorted(ROOT.glob("monitoring/rules/*.yaml")) if not file.name.endswith(".test.yaml")]
GROUPS = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]

TOLD = ("page", "critical", "ticket", "warning")
"""The severities that reach somebody (``mlops_stacks/monitoring/kubernetes.py``): ours, each with the chart's own."""

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


@each_alert
def test_an_alert_has_its_page(alert: Mapping[str, Any]) -> None:
    name, page = alert["alert"], alert.get("annotations", {}).get("runbook", "")
    assert page.startswith("docs/runbooks/"), f"{name}: name its page in annotations.runbook, docs/runbooks/….md"
    assert (ROOT / page).is_file(), f"{name}: write {page}: what it means, where to look, what to do, when it is over"
    assert f"`{name}`" in (ROOT / page).read_text(encoding="utf-8"), f"{page} does not say that it is about `{name}`"


@each_alert
def test_an_alert_says_whether_it_wakes_somebody(alert: Mapping[str, Any]) -> None:
    severity = alert.get("labels", {}).get("severity")
    assert severity in TOLD, f"{alert['alert']}: nobody is told of the severity {severity!r}, but of {', '.join(TOLD)}"
