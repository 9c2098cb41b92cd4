"""The rules of every block, by promtool: they are rules, they do what their tests say, and each alert has its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools import RULES, told, tool, values

from mlops_scaffold.preview.plan import Plan

each_file = pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)


def alerts(file: Path) -> list[dict[str, Any]]:
    """The alerts of a file."""
    groups = yaml.safe_load(file.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@each_file
def test_they_are_rules(file: Path) -> None:
    told(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", file)


@each_file
def test_they_do_what_their_tests_say(file: Path, repository: Path) -> None:
    told(tool("promtool"), "test", "rules", repository / "monitoring" / "rules" / f"{file.stem}.test.yaml")


@each_file
def test_every_alert_is_seen_to_fire(file: Path) -> None:
    tests = yaml.safe_load(file.with_suffix(".test.yaml").read_text())["tests"]
    seen = {case["alertname"] for test in tests for case in test.get("alert_rule_test", []) if case.get("exp_alerts")}

    assert seen == {alert["alert"] for alert in alerts(file)}


@each_file
def test_every_alert_says_how_bad_it_is_and_has_its_page(file: Path, repository: Path) -> None:
    for alert in alerts(file):
        page = "docs/runbooks/" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", alert["alert"]).lower() + ".md"
        assert alert["labels"]["severity"] in ("page", "ticket"), alert["alert"]
        assert set(alert["annotations"]) == {"summary", "description", "runbook"}, alert["alert"]
        assert alert["annotations"]["runbook"] == page
        text = (repository / page).read_text()
        assert f"`{alert['alert']}`" in text
        assert "## It is over when" in text


def test_the_chart_gets_every_rule_and_no_test(production: Plan) -> None:
    assert values(production, "monitoring")["additionalPrometheusRulesMap"] == {
        file.stem: yaml.safe_load(file.read_text()) for file in RULES
    }
