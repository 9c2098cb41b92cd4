"""Makes the Kubernetes schemas that the tool ships from those that PyPI's kubernetes-validate carries (Apache-2.0).

Run it after a new default version of Kubernetes: ``make schemas``.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import kubernetes_validate

from mlops_scaffold.preview import kubernetes
from mlops_stacks.cluster import VERSION


def distil(minor: str) -> str:
    """One schema document for a minor version: every kind of a stable group, without prose."""
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{minor}.0-local-strict"
    sources = json.loads((folder / "_definitions.json").read_text())["$defs"]
    kinds = {kind: name for name, schema in sorted(sources.items()) if (kind := _kind(schema))}
    definitions: dict[str, Any] = {}
    queue = sorted(kinds.values())
    while queue:
        name = queue.pop()
        if name not in definitions:
            definitions[name] = _bare(sources[name], queue)
    document = {
        "source": f"kubernetes-validate {version('kubernetes-validate')}, Kubernetes {minor}",
        "kinds": dict(sorted(kinds.items())),
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, separators=(",", ":")).replace('"io.k8s', '\n"io.k8s') + "\n"


def _kind(schema: dict[str, Any]) -> str | None:
    """``apps/v1 Deployment`` for the schema of a stable kind."""
    names = schema.get("x-kubernetes-group-version-kind", [])
    if len(names) != 1 or not names[0]["version"].removeprefix("v").isdigit() or names[0]["kind"].endswith("List"):
        return None
    return "/".join(part for part in (names[0]["group"], names[0]["version"]) if part) + f" {names[0]['kind']}"


def _bare(schema: Any, queue: list[str]) -> Any:
    if isinstance(schema, list):
        return [_bare(item, queue) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            queue.append(value.removeprefix("#/$defs/"))
            bare[key] = value
        elif key == "properties":
            bare[key] = {name: _bare(item, queue) for name, item in value.items() if name != "status"}
        elif key != "description" and not key.startswith("x-kubernetes"):
            bare[key] = _bare(value, queue)
    return bare


if __name__ == "__main__":
    kubernetes.schema_file(VERSION).write_text(distil(VERSION))
