"""Prints Python as ruff would format it, so that what is composed passes the repository's own check."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDTH = 120
"""Columns; the generated repository's ruff is set to the same, so that what is composed is already formatted."""


def ordered(imports: Iterable[str]) -> Sequence[str]:
    """Imports as ruff would order them."""
    return sorted(set(imports), key=lambda line: (line.split()[1], line))


def docstring(title: str, more: str) -> Sequence[str]:
    """A module's docstring, on one line where it fits."""
    whole = f'"""{(title + more).strip()}"""'
    return [whole] if len(whole) <= WIDTH else [f'"""{title.strip()}', "", more, '"""']


def comment(text: str) -> Sequence[str]:
    """A text as comment lines."""
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2)]


def call(head: str, arguments: Sequence[str], indent: str = "", broken: Sequence[str] = ()) -> str:
    """A call, wrapped as ruff would wrap it.

    Args:
        head: what stands before the parenthesis.
        arguments: each on one line.
        indent: what the whole is indented by.
        broken: each as it is where it has a line of its own, or several; the same unless given.
    """
    flat = f"{indent}{head}({', '.join(arguments)})"
    inner = f"{indent}    {', '.join(arguments)}"
    if len(flat) <= WIDTH:
        return flat
    if len(inner) <= WIDTH:
        return f"{indent}{head}(\n{inner}\n{indent})"
    return f"{indent}{head}(\n" + "".join(f"{indent}    {each},\n" for each in broken or arguments) + f"{indent})"


def literal(value: Any) -> str:
    """A plain value as ruff would write it on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def laid(value: Any, indent: int, beside: int) -> str:
    """A plain value as ruff would write it, over several lines where it does not fit on one.

    Args:
        value: the value.
        indent: the columns that its line is indented by.
        beside: the columns that others take on its line, a comma after it included.
    """
    flat = literal(value)
    if indent + beside + len(flat) <= WIDTH or not value or not isinstance(value, Mapping | list):
        return flat
    inner = indent + 4
    if isinstance(value, Mapping):
        keys = {literal(key): item for key, item in value.items()}
        items, (start, end) = [f"{key}: {laid(item, inner, len(key) + 3)}" for key, item in keys.items()], "{}"
    else:
        items, (start, end) = [laid(item, inner, 1) for item in value], "[]"
    return "\n".join([start, *(f"{' ' * inner}{item}," for item in items), f"{' ' * indent}{end}"])
