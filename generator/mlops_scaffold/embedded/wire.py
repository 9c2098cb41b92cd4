"""The form of a value between a program and the engine, and the form in which a plan shows it.

On the wire a value is JSON-like data (``Wire``). What JSON cannot say is an object with the key ``SIGNATURE``, whose
value says what it stands for: a secret, an asset, an archive, a reference to a resource, an *output value* (a value
together with what it depends on). An unknown value is one of the strings in ``UNKNOWNS``. Source: the SDK's
``pulumi/runtime/rpc.py`` and the engine's ``sdk/go/common/resource/plugin/rpc.go``.

A plan shows the same values *marked*:

=================  ============================================================================================
unknown            ``{"$unknown": true}``
secret             ``{"$secret": true}``: what is in it is never shown
asset              ``{"$asset": "path or URL"}``, ``{"$asset": {"text": "..."}}``
archive            ``{"$archive": "path or URL"}``, ``{"$archive": {name: marked asset or archive}}``
resource           ``{"$resource": "urn:..."}``
=================  ============================================================================================

A key of the program's own that begins with ``$`` gets another ``$`` in front, so no value of a program equals a marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeAlias

from google.protobuf import struct_pb2

Wire: TypeAlias = Any
"""None, bool, int, float, str, list or dict of the same; a proper recursive type helps no checker here."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""An unknown string, and the only one that the Python SDK sends; the others stand for other types."""

UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


def decode(struct: struct_pb2.Struct) -> dict[str, Wire]:
    """The fields of a protobuf struct as Python data, by name: a protobuf map has another order each time."""
    return {key: decode_value(value) for key, value in sorted(struct.fields.items())}


def decode_value(value: struct_pb2.Value) -> Wire:
    """A protobuf value as Python data; a whole number becomes an int, for every number is a float on the wire."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return decode(value.struct_value)
        case "list_value":
            return [decode_value(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def encode(fields: Mapping[str, Wire]) -> struct_pb2.Struct:
    """Python data as a protobuf struct."""
    struct = struct_pb2.Struct()
    struct.update(dict(fields))
    return struct


def signature(value: Wire) -> str | None:
    """What an object stands for, None for ordinary data."""
    return value.get(SIGNATURE) if isinstance(value, dict) else None


def is_unknown(value: Wire) -> bool:
    """Whether the value itself is not known yet."""
    return isinstance(value, str) and value in UNKNOWNS


def secret(value: Wire) -> Wire:
    """The value as a secret; a secret stays as it is."""
    return value if signature(value) == SECRET else {SIGNATURE: SECRET, "value": value}


def reveal(value: Wire) -> Wire:
    """What is inside a secret; any other value stays as it is."""
    return value["value"] if signature(value) == SECRET else value


def parts(value: Wire) -> Iterator[Wire]:
    """The value and everything in it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from parts(item)


def contains_unknown(value: Wire) -> bool:
    """Whether the value or anything in it is not known yet."""
    return any(is_unknown(part) or (signature(part) == OUTPUT and "value" not in part) for part in parts(value))


def contains_secret(value: Wire) -> bool:
    """Whether the value or anything in it is a secret."""
    return any(signature(part) == SECRET for part in parts(value))


def dependencies(value: Wire) -> set[str]:
    """The URNs that output values in the value depend on."""
    return {urn for part in parts(value) if signature(part) == OUTPUT for urn in part.get("dependencies") or ()}


def settle(value: Wire) -> Wire:
    """The value with every output value replaced by what it holds, as the engine does before it asks a provider."""
    if isinstance(value, list):
        return [settle(item) for item in value]
    if not isinstance(value, dict):
        return value
    if signature(value) != OUTPUT:
        return {key: settle(item) for key, item in value.items()}
    inner = settle(value.get("value", UNKNOWN))
    return secret(inner) if value.get("secret") else inner


def marked(value: Wire, root: str) -> Wire:
    """The value as a plan shows it; paths below ``root`` are shown relative to it."""
    if is_unknown(value):
        return {"$unknown": True}
    if isinstance(value, list):
        return [marked(item, root) for item in value]
    if not isinstance(value, dict):
        return value
    match signature(value):
        case None:
            return {f"${key}" if key.startswith("$") else key: marked(item, root) for key, item in value.items()}
        case sign if sign == SECRET:
            return {"$secret": True}
        case sign if sign == RESOURCE:
            return {"$resource": value.get("urn")}
        case sign if sign == ASSET:
            return {"$asset": _source(value, root)}
        case sign if sign == ARCHIVE:
            return {"$archive": _source(value, root)}
        case _:
            return marked(settle(value), root)


def _source(value: dict[str, Wire], root: str) -> Wire:
    """Where an asset or archive comes from."""
    if path := value.get("path"):
        return str(PurePath(path).relative_to(root)) if PurePath(path).is_relative_to(root) else path
    if assets := value.get("assets"):
        return {name: marked(asset, root) for name, asset in assets.items()}
    return value.get("uri") or {"text": value.get("text", "")}
