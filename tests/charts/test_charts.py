"""What we tell charts without a schema, held against them: they know every key, and take a value of that kind.

``tests/orchestration/test_chart.py`` does the same for a chart that has a schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_scaffold.preview.plan import Plan

HERE = Path(__file__).parent
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
CHARTS = {"monitoring": "kube-prometheus-stack", "monitoring-logs": "aws-for-fluent-bit"}
"""Release to chart."""
FREE = (
    *("grafana.grafana.ini", "alertmanager.config"),
    *("grafana.containerSecurityContext", "grafana.sidecar.securityContext"),
)
"""What the chart hands on: the options of Grafana and Alertmanager themselves, of which tests/monitoring asks
Alertmanager, and Kubernetes' own, whose names the SDK's classes know."""


def known(chart: str) -> tuple[str, dict[str, str]]:
    """The first line of what was read of a chart, and path to kind."""
    head, *lines = (HERE / f"{chart}.txt").read_text().splitlines()
    return head, dict(line.rsplit(": ", 1) for line in lines)


def release(plan: Plan, name: str) -> Any:
    """What is planned of a release."""
    (found,) = (made for program in plan.programs for made in program.made if made["urn"].endswith(f"Release::{name}"))
    return found["deepInputs"]


def strangers(values: Any, kinds: dict[str, str], path: str = "") -> Iterator[str]:
    """What a chart does not know, or takes as something else."""
    if kind := kinds.get(path):
        if kind != "any" and type(values) is not TYPES[kind]:
            yield f"{path}: {values} is no {kind}"
    elif path and not any(key.startswith(f"{path}.") for key in kinds):
        yield f"{path}: there is no such key"
    elif path not in FREE:
        for name, value in values.items():
            yield from strangers(value, kinds, f"{path}.{name}" if path else name)


@pytest.mark.parametrize(("name", "chart"), CHARTS.items(), ids=CHARTS)
def test_the_chart_is_the_one_that_was_read(name: str, chart: str, production: Plan) -> None:
    made = release(production, name)

    assert (made["chart"], f"The chart {chart} {made['version']}:" in known(chart)[0]) == (chart, True)


@pytest.mark.parametrize(("name", "chart"), CHARTS.items(), ids=CHARTS)
def test_the_chart_knows_every_value(name: str, chart: str, production: Plan) -> None:
    assert [*strangers(release(production, name)["values"], known(chart)[1])] == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"kubeletService": {}}, "kubeletService: there is no such key"),
        (
            {"prometheus": {"prometheusSpec": {"retain": "1d"}}},
            "prometheus.prometheusSpec.retain: there is no such key",
        ),
        ({"defaultRules": {"rules": {"nodes": False}}}, "defaultRules.rules.nodes: there is no such key"),
        ({"grafana": {"admin": {"secret": "a"}}}, "grafana.admin.secret: there is no such key"),
        ({"nodeExporter": {"enabled": "no"}}, "nodeExporter.enabled: no is no boolean"),
        (
            {"prometheus": {"prometheusSpec": {"replicas": True}}},
            "prometheus.prometheusSpec.replicas: True is no integer",
        ),
    ],
)
def test_a_wrong_value_is_told(values: Any, told: str) -> None:
    assert [*strangers(values, known("kube-prometheus-stack")[1])] == [told]


def test_a_right_value_is_not() -> None:
    values = {"grafana": {"podAnnotations": {"a": "b"}}, "defaultRules": {"disabled": {"Anything": True}}}

    assert [*strangers(values, known("kube-prometheus-stack")[1])] == []
