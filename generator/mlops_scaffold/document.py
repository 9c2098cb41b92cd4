"""Reads YAML so that every value knows the line it stands on."""

from __future__ import annotations

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
        if path.stat().st_size > LARGEST:
            raise ScaffoldError(f"the file is larger than {LARGEST:,} bytes", where=shown)
        return parse(path.read_text(encoding="utf-8"), shown)
    except OSError as error:
        raise ScaffoldError(f"cannot read the file: {error.strerror}", where=shown) from error
    except UnicodeDecodeError as error:
        raise ScaffoldError(f"the file is not UTF-8: {error.reason}", where=shown) from error


def parse(text: str, shown: str) -> Document:
    """Reads a text that must hold one YAML mapping; see ``read``."""
    lines: dict[Place, str] = {(): f"{shown}:1"}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = {} if node is None else _value(node, (), lines, shown, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScaffoldError(f"this is not YAML: {error.problem}", where=f"{shown}:{line}") from error
    except yaml.YAMLError as error:
        raise ScaffoldError(f"this is not YAML: {error}", where=shown) from error
    except RecursionError as error:
        raise ScaffoldError("the YAML is nested too deeply", where=shown) from error
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
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = f"{shown}:{key_node.start_mark.line + 1}"
            # A key is what is written: YAML 1.1 would read «on» as true.
            if not isinstance(key_node, yaml.ScalarNode):
                raise ScaffoldError("a key must be a plain text", where=where)
            if key_node.value in found:
                raise ScaffoldError(f"the key '{key_node.value}' stands twice", where=where)
            found[key_node.value] = _value(value_node, (*place, key_node.value), lines, shown, above)
            lines[(*place, key_node.value)] = where
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), lines, shown, above) for index, item in enumerate(node.value)]
    try:
        loader = yaml.SafeLoader("")
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise ScaffoldError("this value cannot be read", where=lines[place], then="put it in quotes") from error
