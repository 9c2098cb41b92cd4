"""Mistakes in a resource's inputs that nobody else notices before the cloud does.

The SDK checks the keyword arguments of a resource and of ``...Args`` classes, not what is in a dict, and no types. Here
each recorded input is held against the SDK's own annotations.
"""

from __future__ import annotations

import difflib
import enum
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import schema, wire
from .leaks import leaks
from .registration import Resource
from .schema import Property
from .wire import SECRET, SIGNATURE, Wire

OUTPUT_AS_TEXT = "Calling __str__ on an Output"
"""How the text begins that the SDK puts in the place of an output in an f-string."""

SUPPRESSED = {
    ("aws:opensearch/serverlessCollection:ServerlessCollection", r"encryptionConfigs\[0\]\..*", "missing-property"): (
        "the SDK's class demands two keys that exclude each other"
    ),
}
"""``(type, path, code)`` of reports that are the SDK's mistake, with the reason."""


@dataclass(frozen=True)
class Finding:
    """One mistake, or something that probably is one."""

    code: str
    severity: str
    path: str
    message: str
    urn: str = ""
    source: str | None = None


def check(resource: Resource) -> Iterator[Finding]:
    """The mistakes in one resource.

    A default provider is the engine's own, and the inputs of any provider are JSON in strings: neither is checked
    against types.
    """
    found: list[Finding] = []
    inputs = None if resource.is_provider or resource.external else _declared(resource)
    if inputs:
        found.extend(_object(resource.inputs, inputs, ""))
    if not (resource.is_provider and resource.source is None):
        for path in (*leaks(resource.inputs), *leaks(resource.outputs)):
            found.append(Finding("secret-leak", "error", path, "a secret is used as plain text"))
    found.extend(_missing_files(resource.inputs, ""))
    return (replace(finding, urn=resource.urn, source=resource.source) for finding in found)


def is_undeclared(resource: Resource) -> bool:
    """Whether the resource's SDK says nothing about its properties, so that they cannot be checked."""
    of_the_engine = resource.is_provider or resource.type.startswith("pulumi:")
    return resource.custom and not of_the_engine and _declared(resource) is None


def _declared(resource: Resource) -> type | None:
    cls = schema.resource_class(resource.type) if resource.custom else None
    return schema.input_class(cls) if cls else None


def reason_to_suppress(resource: Resource, finding: Finding) -> str | None:
    """Why a finding is the SDK's mistake, None where it is the program's."""
    for (type_, path, code), reason in SUPPRESSED.items():
        if type_ == resource.type and code == finding.code and re.fullmatch(path, finding.path):
            return reason
    return None


def _object(given: Mapping[str, Wire], cls: type, path: str) -> Iterator[Finding]:
    declared = schema.properties(cls)
    for key, item in given.items():
        where = f"{path}.{key}" if path else key
        if key in declared:
            yield from _value(item, declared[key].hint, where)
        elif not key.startswith("__"):
            yield Finding(
                "unknown-property", "error", where, f"{_title(cls)} has no property '{key}'{_meant(key, declared)}"
            )
    for key, it in declared.items():
        if it.required and key not in given:
            where = f"{path}.{key}" if path else key
            yield Finding("missing-property", "error", where, f"{_title(cls)} needs the property '{it.python}'")


def _value(given: Wire, hint: Any, path: str) -> Iterator[Finding]:
    if wire.signature(given) == SECRET:
        return (yield from _value(given["value"], hint, path))
    if given is None or wire.is_unknown(given) or wire.signature(given):
        return
    if isinstance(given, str) and OUTPUT_AS_TEXT in given:
        yield Finding(
            "output-str", "error", path, "an Output was put into a text; use Output.format, Output.concat or apply"
        )
        return
    attempts = [list(_alternative(given, hint, path)) for hint in schema.alternatives(hint) or [Any]]
    yield from min(attempts, key=_badness)


def _badness(findings: list[Finding]) -> tuple[int, int]:
    """Prefers the type that fits; among those that do not, the one of the right shape."""
    errors = [finding for finding in findings if finding.severity == "error"]
    return len(errors) and (2 if errors[0].code == "type-mismatch" else 1), len(findings)


def _alternative(given: Wire, hint: Any, path: str) -> Iterator[Finding]:
    """The mistakes in a value, if ``hint`` is the type that is meant."""
    item, entry = schema.list_item(hint), schema.map_value(hint)
    if item is not None:
        if not isinstance(given, list):
            return (yield _mismatch("a list", given, path))
        for index, element in enumerate(given):
            yield from _value(element, item, f"{path}[{index}]")
    elif entry is not None:
        if not isinstance(given, dict):
            return (yield _mismatch("a map", given, path))
        for key, element in given.items():
            yield from _value(element, entry, f"{path}.{key}")
    elif schema.is_object(hint):
        if not isinstance(given, dict):
            return (yield _mismatch(f"an object ({_title(hint)})", given, path))
        yield from _object(given, hint, path)
    elif allowed := _allowed(hint):
        if given not in allowed:
            yield Finding("enum", "error", path, f"{given!r} is none of {', '.join(map(repr, allowed))}")
    elif hint in SCALARS:
        yield from _scalar(given, hint, path)


def _allowed(hint: Any) -> list[Any]:
    """The values of a literal or an enumeration."""
    if typing.get_origin(hint) is typing.Literal:
        return list(typing.get_args(hint))
    is_enum = inspect.isclass(hint) and issubclass(hint, enum.Enum)
    return [member.value for member in hint] if is_enum else []


@dataclass(frozen=True)
class Scalar:
    """A simple type: how it is called, what is one, and what providers silently turn into one."""

    title: str
    fits: Callable[[Wire], bool]
    converts: Callable[[Wire], bool]


def _is_number(given: Wire) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _reads_as_number(given: Wire) -> bool:
    return isinstance(given, str) and re.fullmatch(r"-?\d+(\.\d+)?", given) is not None


SCALARS = {
    bool: Scalar("a bool", lambda given: isinstance(given, bool), lambda given: given in ("true", "false")),
    int: Scalar("an integer", lambda given: _is_number(given) and float(given).is_integer(), _reads_as_number),
    float: Scalar("a number", _is_number, _reads_as_number),
    str: Scalar("a text", lambda given: isinstance(given, str), lambda given: isinstance(given, bool | int | float)),
}


def _scalar(given: Wire, hint: type, path: str) -> Iterator[Finding]:
    scalar = SCALARS[hint]
    if scalar.fits(given):
        return
    mismatch = _mismatch(scalar.title, given, path)
    yield replace(mismatch, code="coerced-type", severity="warning") if scalar.converts(given) else mismatch


def _mismatch(wanted: str, given: Wire, path: str) -> Finding:
    return Finding("type-mismatch", "error", path, f"should be {wanted}, is {type(given).__name__} {given!r:.60}")


def _missing_files(given: Wire, path: str) -> Iterator[Finding]:
    """Assets whose file does not exist: the engine reads it for its hash."""
    if isinstance(given, list):
        for index, item in enumerate(given):
            yield from _missing_files(item, f"{path}[{index}]")
    elif isinstance(given, dict):
        if SIGNATURE in given and given.get("path") and not Path(given["path"]).exists():
            yield Finding("missing-file", "error", path, f"the file {given['path']} does not exist")
        for key, item in given.items():
            yield from _missing_files(item, f"{path}.{key}" if path else key)


def _meant(key: str, declared: Mapping[str, Property]) -> str:
    names = {name: it.python for it in declared.values() for name in (it.wire, it.python)}
    close = difflib.get_close_matches(key, names, 1)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def _title(cls: type) -> str:
    return cls.__name__.removesuffix("Args")
