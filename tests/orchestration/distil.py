"""Makes ``chart.txt`` from the chart's own schema: every value that it knows, and what it may be.

Run it for another version, on the file of its tag: ``python tests/orchestration/distil.py values.schema.json 1.21.0``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lines(schema: Any, own: Any, path: str = "") -> Iterator[str]:
    """A line for each value: its path, and a type, a Kubernetes type, or what its items or its further keys are."""
    # The chart's own definitions are spelt out; those of Kubernetes have the names that Kubernetes gives them.
    schema = own.get(schema.get("$ref", "").removeprefix("#/definitions/"), schema)
    if properties := schema.get("properties"):
        for name, value in properties.items():
            yield from lines(value, own, f"{path}.{name}" if path else name)
    else:
        yield f"{path}: {kind(schema)}"


def kind(schema: Any) -> str:
    """What a value may be, in a few words."""
    if reference := schema.get("$ref"):
        return reference.removeprefix("#/definitions/")
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return "|".join(dict.fromkeys(map(kind, choices)))
    types = schema.get("type", "any")
    types = types if isinstance(types, str) else "|".join(types)
    inner = schema.get("items") or schema.get("additionalProperties")
    return f"{types}<{kind(inner)}>" if isinstance(inner, dict) else types


if __name__ == "__main__":
    source, version = sys.argv[1:]
    head = f"# Airflow's Helm chart {version}, chart/values.schema.json (apache/airflow, Apache-2.0), by distil.py.\n"
    schema = json.loads(Path(source).read_text())
    own = {name: value for name, value in schema["definitions"].items() if not name.startswith("io.k8s.")}
    text = "\n".join(sorted(lines(schema, own)))
    Path(__file__).with_name("chart.txt").write_text(f"{head}{text}\n")
