"""Reads YAML so that every value knows the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from mlops_scaffold.errors import ScaffoldError, unknown

Model = TypeVar("Model", bound=BaseModel)

LARGEST = 1_000_000
"""Bytes; no blueprint or configuration that a person writes comes near it."""
MOST = 20_000
"""Values, those that aliases repeat counted each time: nine lines of them can unfold to a billion."""
DEEPEST = 50
"""Mappings and lists inside of each other."""
STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of a UTF-16 pair, which YAML can name though no file of it may hold them."""
PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
"""The tags of mappings and lists that have none."""

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


@dataclass(frozen=True)
class Document:
    """A YAML mapping and where each of its values stands."""

    data: Mapping[str, Any]
    lines: Mapping[Place, str]
    """``file:line`` of each value."""

    def where(self, place: Place) -> str:
        """``file:line`` of a value, or of the nearest one around it."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def read(path: Path, shown: str | None = None) -> Document:
    """Reads a file that must hold one YAML mapping.

    Args:
        path: the file.
        shown: how messages call it; its path unless given.

    Raises:
        ScaffoldError: the file cannot be read, is no YAML, or holds something else than a mapping.
    """
    shown = shown or str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ScaffoldError(f"cannot read the file: {error.strerror}", where=shown) from error
    if len(content) > LARGEST:
        raise ScaffoldError(f"the file is larger than {LARGEST:,} bytes", where=shown)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScaffoldError("the file is not UTF-8", where=f"{shown}:{line}", then="save it as UTF-8") from error
    return parse(text, shown)


def parse(text: str, shown: str) -> Document:
    """Reads a text that must hold one YAML mapping; see ``read``."""
    lines: dict[Place, str] = {(): f"{shown}:1"}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = {} if node is None else _value(node, (), lines, shown, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScaffoldError(f"this is not YAML: {error.problem}", where=f"{shown}:{line}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ScaffoldError(
            f"this is not YAML: it holds the character {error.character:#x}", where=f"{shown}:{line}"
        ) from error
    except RecursionError as error:
        raise _too_deep(shown) from error
    if not isinstance(data, dict):
        raise ScaffoldError("expected a mapping of keys to values", where=f"{shown}:1")
    return Document(data, lines)


def validated(document: Document, model: type[Model]) -> Model:
    """Holds a document against a model of what it may say.

    Raises:
        ScaffoldError: names the first value that is not allowed, and its line.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problem = error.errors()[0]
        place = tuple(part for part in problem["loc"] if part != "[key]")
        if problem["type"] == "extra_forbidden":
            raise unknown("key", str(place[-1]), model.model_fields, document.where(place)) from None
        raise ScaffoldError(
            f"{'.'.join(map(str, place))}: {problem['msg'].lower()}", where=document.where(place)
        ) from None


def _value(node: yaml.Node, place: Place, lines: dict[Place, str], shown: str, above: tuple[yaml.Node, ...]) -> Any:
    lines[place] = f"{shown}:{node.start_mark.line + 1}"
    if node in above:
        raise ScaffoldError("an alias contains itself", where=lines[place])
    if len(above) == DEEPEST:
        raise _too_deep(lines[place])
    if len(lines) > MOST:
        raise ScaffoldError(f"there are more than {MOST:,} values, with what aliases repeat", where=lines[place])
    if isinstance(node, yaml.CollectionNode) and node.tag not in PLAIN:
        raise _unreadable(lines[place])
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = f"{shown}:{key_node.start_mark.line + 1}"
            # A key is what is written: YAML 1.1 would read «on» as true.
            if not isinstance(key_node, yaml.ScalarNode):
                raise ScaffoldError("a key must be a plain text", where=where)
            key = _text(key_node, where)
            if key in found:
                raise ScaffoldError(f"the key '{key}' stands twice", where=where)
            found[key] = _value(value_node, (*place, key), lines, shown, above)
            lines[(*place, key)] = where
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), lines, shown, above) for index, item in enumerate(node.value)]
    return _scalar(node, lines[place])


def _scalar(node: yaml.Node, where: str) -> Any:
    text = _text(node, where)
    try:
        value = yaml.SafeLoader("").construct_object(node, deep=True)
        str(value)  # Of a number with more than 4,300 digits Python makes no text, and a message or a file needs one.
    # A tag calls for its own constructor, and those of PyYAML trust that the text fits.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        raise _unreadable(where) from error
    # Pulumi reads a date as text too (gopkg.in/yaml.v3, "timestamps … as a string").
    return value if isinstance(value, bool | int | float | None) else text


def _text(node: yaml.Node, where: str) -> str:
    """What is written, if a program and a terminal can show it."""
    if strange := STRANGE.search(node.value):
        raise ScaffoldError(f"this text holds the character {ord(strange[0]):#x}", where=where)
    return node.value


def _unreadable(where: str) -> ScaffoldError:
    return ScaffoldError("this value cannot be read", where=where, then="put it in quotes, or leave out its tag")


def _too_deep(where: str) -> ScaffoldError:
    return ScaffoldError("the YAML is nested too deeply", where=where, allowed=f"{DEEPEST} mappings and lists")
