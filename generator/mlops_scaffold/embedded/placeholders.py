"""What a resource would be once created: ``(type, name, inputs, place)`` to its id and its full outputs.

The types come from the SDK's annotations, the looks from ``looks``. A pure function: no clock, no chance, no state, so
that the same program has the same plan, and a stand-in provider under the real engine gives the same answers.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from . import schema, wire
from .looks import Place, Subject
from .tables import EXACT
from .wire import Wire

AUTO_NAMED = frozenset({"bucket", "clusterIdentifier", "clusterName", "identifier", "name", "nodeGroupName"})
"""The properties that a provider names itself when the program does not."""

DEPTH = 6
"""How deep an object is made up; some types contain themselves."""


def outputs(type_: str, name: str, inputs: Mapping[str, Wire], place: Place) -> tuple[str, dict[str, Wire]]:
    """The id and the outputs of a resource: its inputs, and a placeholder for all that only a cloud could add.

    What the program left out and no cloud computes stays absent.
    """
    subject = Subject(type_, name, place, _plain(inputs))
    if type_.startswith("kubernetes:") and "metadata" in inputs:
        return _kubernetes(subject, inputs)
    cls = schema.resource_class(type_)
    hints = {key: it.hint for key, it in schema.properties(cls).items()} if cls else {}
    hints = {key: hint for key, hint in hints.items() if key not in ("id", "urn")}
    computed = {key for key, hint in hints.items() if key not in inputs and not schema.is_optional(hint)}
    for key in sorted(computed & AUTO_NAMED - EXACT.get(type_, {}).keys()):
        subject.known[key] = subject.physical
    for key in EXACT.get(type_, {}):
        if key == "id" or key in computed:
            subject.known[key] = subject.identifier() if key == "id" else subject.look(key)
    identifier = subject.known.setdefault("id", subject.identifier())
    made_up = {
        key: subject.known.get(key) or value(schema.output_of(hints[key]), key, subject) for key in sorted(computed)
    }
    echoed = {key: _completed(given, hints.get(key, Any), key, subject) for key, given in inputs.items()}
    return identifier, made_up | echoed


def value(hint: Any, path: str, subject: Subject, depth: int = 0) -> Wire:
    """A placeholder of the annotated type; a list of objects has one item."""
    alternatives = schema.alternatives(hint)
    hint = alternatives[0] if alternatives else str
    item = schema.list_item(hint)
    if item is not None:
        return [value(item, path, subject, depth + 1)] if depth < DEPTH else []
    if schema.map_value(hint) is not None:
        return {}
    if schema.is_object(hint):
        return _object(hint, path, subject, depth + 1) if depth < DEPTH else {}
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)[0]
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return next(iter(hint)).value
    if hint is bool:
        return False
    if hint in (int, float):
        return int(subject.place.gcp_number) if path.lower().endswith("projectnumber") else 1
    return subject.look(path)


def _object(cls: type, path: str, subject: Subject, depth: int) -> dict[str, Wire]:
    return {key: value(it.hint, f"{path}.{key}", subject, depth) for key, it in schema.properties(cls).items()}


def _completed(given: Wire, hint: Any, path: str, subject: Subject) -> Wire:
    """What was given, with the texts that a cloud adds to an object: ``vpcConfig.clusterSecurityGroupId``."""
    if wire.signature(given):
        return given
    hint = (*schema.alternatives(schema.output_of(hint)), Any)[0]
    item = schema.list_item(hint)
    if isinstance(given, list) and item is not None:
        return [_completed(element, item, path, subject) for element in given]
    if not isinstance(given, dict) or not schema.is_object(hint):
        return given
    declared = {key: it.hint for key, it in schema.properties(hint).items()}
    added = {
        key: subject.look(f"{path}.{key}")
        for key, inner in declared.items()
        if key not in given and str in schema.alternatives(inner)
    }
    return added | {
        key: _completed(element, declared.get(key, Any), f"{path}.{key}", subject) for key, element in given.items()
    }


def _kubernetes(subject: Subject, inputs: Mapping[str, Wire]) -> tuple[str, dict[str, Wire]]:
    """A Kubernetes object comes back as it was sent, with metadata and a status."""
    given = wire.settle(inputs["metadata"])
    metadata = given if isinstance(given, dict) and not wire.signature(given) else {}
    name = metadata.get("name") or f"{subject.name}-{subject.digest('name')[:8]}"
    filled = {
        "name": name,
        "namespace": "default",
        "uid": subject.look("metadata.uid"),
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "generation": 1,
    } | {key: item for key, item in metadata.items() if item is not None}
    cls = schema.resource_class(subject.type)
    status = schema.properties(cls).get("status") if cls else None
    added = {"status": value(schema.output_of(status.hint), "status", subject)} if status else {}
    return f"{filled['namespace']}/{name}", added | dict(inputs) | {"metadata": filled}


def _plain(inputs: Mapping[str, Wire]) -> dict[str, Wire]:
    """The inputs that a template may name, and the host of a URL, which the ARN of an identity provider ends with."""
    plain = {key: wire.reveal(item) for key, item in inputs.items()}
    url = plain.get("url")
    return plain | ({"host": urlsplit(url)._replace(scheme="").geturl().lstrip("/")} if isinstance(url, str) else {})
