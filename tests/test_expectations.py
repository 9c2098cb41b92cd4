"""What a strict reviewer expects of series-a on AWS, held against the deep plan of production.

The expectations were written from the vendors' documents (tests/expectations/), not from our code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_scaffold.preview.plan import Plan

EXPECTED = yaml.safe_load((Path(__file__).parent / "expectations" / "aws-series-a.yaml").read_text())
MISSING = object()


def each() -> Iterator[Any]:
    for capability, entries in EXPECTED.items():
        for index, entry in enumerate(entries):
            yield pytest.param(capability, entry, id=f"{capability}-{index}-{entry['type'].rpartition(':')[2]}")


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path; a key may have dots itself, and the longest that fits is taken."""
    if not path:
        return value
    parts = path.split(".")
    if isinstance(value, list):
        index = int(parts[0]) if parts[0].isdigit() else len(value)
        return at(value[index], ".".join(parts[1:])) if index < len(value) else MISSING
    for length in range(len(parts), 0, -1):
        if isinstance(value, dict) and (key := ".".join(parts[:length])) in value:
            return at(value[key], ".".join(parts[length:]))
    return MISSING


def holds(found: Any, expected: Any) -> bool:
    if found is MISSING:
        return expected == {"absent": True}
    match expected:
        case {"matches": pattern}:
            return isinstance(found, str) and re.search(pattern, found) is not None
        case {"contains": part}:
            # In a list of texts, such as a command's arguments: in one of them.
            return part in found or (isinstance(found, list) and any(part in str(item) for item in found))
        case {"min": least}:
            return found >= least
        case {"max": most}:
            return found <= most
        case _:
            return found == expected


@pytest.mark.parametrize(("capability", "entry"), [*each()])
def test_expectation(capability: str, entry: dict[str, Any], production: Plan) -> None:
    resources = [
        resource
        for program in production.programs
        for resource in program.made
        if resource["type"] == entry["type"] and capability in ancestors(resource, program.resources)
    ]

    if "count" in entry:
        assert len(resources) == entry["count"], entry["why"]
        return
    found = [at(resource.get("deepInputs", resource["inputs"]), entry["property"]) for resource in resources]
    met = [holds(value, entry["value"]) for value in found]
    assert (any if entry.get("any") else all)(met), f"{entry['why']} ({entry['source']}): {found}"
    assert met, f"no {entry['type']} in {capability}: {entry['why']}"


def ancestors(resource: dict[str, Any], resources: list[dict[str, Any]]) -> list[str]:
    by_urn = {other["urn"]: other for other in resources}
    names: list[str] = []
    while resource["parent"]:
        resource = by_urn[resource["parent"]]
        names.append(resource["name"])
    return names
