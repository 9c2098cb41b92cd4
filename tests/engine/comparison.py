"""Holds our plan of a program against the engine's, resource by resource and property by property.

Both sides are brought into the form of our plan: an unknown value is ``{"$unknown": True}``, a secret is
``{"$secret": True}``, and a key of the program's own that begins with ``$`` has another ``$`` in front.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import yaml

Pass = Literal["preview", "up"]
"""``preview``: before anything exists; ``up``: our deep pass, and the engine's state once all exists."""

Resources = Mapping[str, Mapping[str, Any]]

FIELDS: Mapping[str, Any] = {
    "type": "",
    "parent": "",
    "custom": False,
    "external": False,
    "provider": "",
    "inputs": {},
    "outputs": {},
    "dependencies": [],
    "propertyDependencies": {},
    "protect": False,
    "retainOnDelete": False,
    "deletedWith": "",
    "ignoreChanges": [],
    "replaceOnChanges": [],
    "additionalSecretOutputs": [],
    "aliases": [],
    "customTimeouts": {},
    "deleteBeforeReplace": False,
}
"""What is compared, each with the value that is left out."""

MISSING = "(missing)"

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key of an object that stands for something else, such as a secret (``sdk/go/common/resource/sig``)."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

HIDDEN = "[secret]"
"""What a preview prints for a secret."""


@dataclass(frozen=True)
class Difference:
    """One thing on which we and the engine do not agree."""

    when: Pass
    urn: str
    path: str
    """The property, dotted; empty for the whole resource."""
    ours: Any
    engines: Any

    @property
    def resource(self) -> str:
        """The resource's own type and its name: ``<type>::<name>``."""
        return self.urn.split("::", 2)[2].rpartition("$")[2]

    def __str__(self) -> str:
        return f"{self.when}: {self.urn} {self.path or 'as a whole'}: ours {self.ours!r}, engine's {self.engines!r}"


def differences(when: Pass, ours: Resources, engines: Resources) -> Iterator[Difference]:
    """Everything on which two plans differ."""
    for urn in sorted(ours.keys() | engines.keys()):
        if urn not in ours or urn not in engines:
            sides = (MISSING if urn not in side else "there" for side in (ours, engines))
            yield Difference(when, urn, "", *sides)
            continue
        for field in FIELDS:
            for path, *sides in _unequal(field, _field(ours[urn], field), marked(_field(engines[urn], field))):
                yield Difference(when, urn, path, *sides)


def _field(resource: Mapping[str, Any], field: str) -> Any:
    value = resource.get(field) or FIELDS[field]
    match field:
        case "outputs" if resource["custom"]:
            return {}  # a provider's: what a program cannot ask for, and a preview does not know
        case "provider":
            return value.rpartition("::")[0]  # its id is another in every run
        case "dependencies":
            return sorted(value)
        case "propertyDependencies":
            return {name: sorted(urns) for name, urns in value.items() if urns}
        case _:
            return value


def _unequal(path: str, ours: Any, engines: Any) -> Iterator[tuple[str, Any, Any]]:
    """The innermost places where two values differ."""
    if isinstance(ours, dict) and isinstance(engines, dict):
        for key in sorted(ours.keys() | engines.keys()):
            yield from _unequal(f"{path}.{key}", ours.get(key, MISSING), engines.get(key, MISSING))
    elif isinstance(ours, list) and isinstance(engines, list) and len(ours) == len(engines):
        for index, pair in enumerate(zip(ours, engines, strict=True)):
            yield from _unequal(f"{path}.{index}", *pair)
    elif ours != engines:
        yield path, ours, engines


def marked(value: Any) -> Any:
    """A value of the engine's in the form of our plan."""
    if isinstance(value, list):
        return [marked(item) for item in value]
    if isinstance(value, dict):
        match value.get(SIGNATURE):
            case sign if sign == SECRET:
                return {"$secret": True}
            case sign if sign == ASSET:
                return {"$asset": value.get("path") or {"text": value["text"]}}
            case _:
                return {f"${key}" if key.startswith("$") else key: marked(item) for key, item in value.items()}
    return {HIDDEN: {"$secret": True}, UNKNOWN: {"$unknown": True}}.get(value, value)


def wire(value: Any) -> Any:
    """A value of the engine's state in the form in which a program gets it: the plain text of a secret is its value."""
    if isinstance(value, list):
        return [wire(item) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "value": json.loads(value["plaintext"])}
        return {key: wire(item) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class Allowed:
    """Differences that may be, and why; ``*`` in a pattern stands for anything."""

    resource: str
    path: str
    reason: str
    when: str = "*"

    @classmethod
    def read(cls) -> Sequence[Allowed]:
        """The entries of ``differences.yaml``."""
        text = Path(__file__).with_name("differences.yaml").read_text(encoding="utf-8")
        return [cls(**entry) for entry in yaml.safe_load(text)]

    def covers(self, difference: Difference) -> bool:
        """Whether the difference is one of these."""
        names = ("resource", "path", "when")
        return all(fnmatchcase(getattr(difference, name), getattr(self, name)) for name in names)
