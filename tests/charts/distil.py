"""Makes ``<chart>.txt`` of a chart that has no schema: every value that it knows, and what it is unless told.

A chart knows what its ``values.yaml`` names, and what its templates ask for. What a chart that it brings along knows,
it knows below that one's name. Run it for another version, on the folders of its tag:
``python tests/charts/distil.py kube-prometheus-stack kube-state-metrics grafana``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ASKED = re.compile(r"\.Values((?:\.\w+)+)")
KINDS = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and kind of each value; what is empty may be anything of its kind, and what is null anything."""
    if isinstance(values, dict) and values:
        for name, value in values.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    else:
        yield path, KINDS.get(type(values), "any")


def read(folder: Path) -> dict[str, str]:
    """What a chart knows."""
    values = dict(leaves(yaml.safe_load((folder / "values.yaml").read_text())))
    files = [file for file in (folder / "templates").rglob("*") if file.suffix in (".yaml", ".tpl")]
    asked = {path[1:] for file in files for path in ASKED.findall(file.read_text())}
    inner = {part for path in [*values, *asked] for part in parts(path)}
    # Below what is empty, anything goes.
    new = {path for path in asked - inner if not any(part in values for part in parts(path))}
    return {**dict.fromkeys(new, "any"), **values}


def parts(path: str) -> Iterator[str]:
    """What a path leads through."""
    while path := path.rpartition(".")[0]:
        yield path


if __name__ == "__main__":
    main, *brought = map(Path, sys.argv[1:])
    known = {f"{chart.name}.{path}": kind for chart in brought for path, kind in read(chart).items()} | read(main)
    version = yaml.safe_load((main / "Chart.yaml").read_text())["version"]
    text = "\n".join(f"{path}: {kind}" for path, kind in sorted(known.items()))
    head = f"# The chart {main.name} {version}: values.yaml and templates (Apache-2.0), by distil.py."
    (Path(__file__).parent / f"{main.name}.txt").write_text(f"{head}\n{text}\n")
