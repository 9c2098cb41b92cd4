"""Holds Kubernetes manifests against the schemas of the version that the cluster will run.

The real engine does less: for a cluster that does not exist yet the provider checks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlops_scaffold.preview.plan import Finding

FOLDER = Path(__file__).parent / "schemas"

CLIENT_SIDE = {"kubernetes:helm.sh/v3:Release", "kubernetes:yaml:ConfigFile"}
"""Types of the provider's own, which are no objects of the API."""


def schema_file(minor: str) -> Path:
    """Where the schemas of a minor version are."""
    return FOLDER / f"kubernetes-{minor}.json"


def newest() -> str:
    """The newest minor version whose schemas we have."""
    return max((path.stem.removeprefix("kubernetes-") for path in FOLDER.glob("kubernetes-*.json")), default="none")


@cache
def _document(minor: str) -> Mapping[str, Any]:
    return json.loads(schema_file(minor).read_text(encoding="utf-8"))


@cache
def _validator(minor: str, kind: str) -> Any:
    import jsonschema_rs

    document = _document(minor)
    if kind not in document["kinds"]:
        return None
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{document['kinds'][kind]}", "$defs": document["$defs"]})


def check(resources: list[dict[str, Any]], minor: str | None = None) -> Iterator[Finding]:
    """Holds the deep inputs of every Kubernetes object against its schema.

    Args:
        resources: resources of a plan.
        minor: the cluster's version; ours unless we have its schemas.

    Yields:
        An error for each violation, and a note for each kind that has no schema here.
    """
    minor = minor if minor and schema_file(minor).exists() else newest()
    for resource in resources:
        if not resource["type"].startswith("kubernetes:") or resource["type"] in CLIENT_SIDE:
            continue
        manifest = _plain(resource.get("deepInputs", resource["inputs"]))
        kind = f"{manifest.get('apiVersion')} {manifest.get('kind')}"
        validator = _validator(minor, kind)
        place = {"urn": resource["urn"], "source": resource.get("source")}
        if validator is None:
            yield Finding("unchecked", "kubernetes-schema", f"{kind}: its schema is not known here", **place)
            continue
        for error in validator.iter_errors(manifest):
            path = list(error.instance_path)
            if not _at_marker(manifest, path):
                message = f"{kind}: {error.message}"
                yield Finding("error", "kubernetes-schema", message, path=".".join(map(str, path)), **place)


MARKED = "\0marked"


def _plain(value: Any) -> Any:
    """Unknown and secret values as one string that no manifest holds."""
    if isinstance(value, dict):
        if "$unknown" in value or "$secret" in value:
            return MARKED
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _at_marker(manifest: Any, path: list[Any]) -> bool:
    for part in path:
        if manifest == MARKED:
            return True
        manifest = manifest[part]
    return manifest == MARKED
