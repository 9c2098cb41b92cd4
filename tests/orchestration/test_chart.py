"""The chart's values, held against the chart: it knows every key, and takes every value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mlops_scaffold.preview.kubernetes import newest, schema_file
from mlops_scaffold.preview.plan import Plan
from mlops_stacks.orchestration.kubernetes import CHART, IMAGE

HEAD, *LINES = Path(__file__).with_name("chart.txt").read_text().splitlines()
DEFINITIONS = json.loads(schema_file(newest()).read_text())["$defs"]
KNOWN = dict(line.split(": ", 1) for line in LINES)
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


@pytest.fixture(scope="module")
def values(production: Plan) -> Any:
    """What production gives the chart."""
    (release,) = (
        made
        for program in production.programs
        for made in program.made
        if made["urn"].endswith("Release::orchestration")
    )
    return release["deepInputs"]["values"]


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value, as deep as the chart has names for them."""
    if path in KNOWN or not isinstance(values, dict):
        yield path, values
    else:
        for name, value in values.items():
            yield from leaves(value, f"{path}.{name}" if path else name)


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of a kind, as distil.py writes it."""
    if kind == "any":
        return True
    outer, _, inner = kind.removesuffix(">").partition("<")
    if "io.k8s." in outer:
        reference = {"$ref": f"#/$defs/{outer}", "$defs": DEFINITIONS}
        return jsonschema_rs.validator_for(reference).is_valid(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    types = tuple(TYPES[each] for each in outer.split("|") if each in TYPES)
    right = isinstance(value, types) and isinstance(value, bool) <= (bool in types)
    return right and (not inner or all(fits(part, inner) for part in parts))


def test_the_chart_is_the_one_that_was_read() -> None:
    assert f"Airflow's Helm chart {CHART}," in HEAD


def test_the_chart_knows_every_key(values: Any) -> None:
    assert [path for path, _ in leaves(values) if path not in KNOWN] == []


def test_the_chart_takes_every_value(values: Any) -> None:
    assert [
        f"{path}: {value} is no {KNOWN[path]}"
        for path, value in leaves(values)
        # Free: Airflow's own options, which test_orchestration.py asks Airflow about.
        if path != "config" and path in KNOWN and not fits(value, KNOWN[path])
    ] == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "string"),
        (True, "integer"),
        ({"a": 1}, "object<string>"),
        ([{"nam": "a"}], "array<io.k8s.api.core.v1.EnvVar>"),
        ({"runAsUsr": 1}, "io.k8s.api.core.v1.PodSecurityContext"),
    ],
)
def test_a_wrong_value_does_not_fit(value: Any, kind: str) -> None:
    assert not fits(value, kind)


def test_every_image_is_the_pinned_one(values: Any) -> None:
    """The chart joins the two by a colon, for the servers and for the tasks' pods."""
    assert f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}" == IMAGE
    assert "images" not in values


def test_nothing_is_less_locked_down_than_everything(values: Any) -> None:
    """What stands at the top holds for every pod of the chart, unless a part says otherwise (its _helpers.yaml)."""
    assert {path for path, _ in leaves(values) if re.search(r"\bsecurityContexts?\b", path)} == {
        "securityContexts.pod",
        "securityContexts.containers",
    }
