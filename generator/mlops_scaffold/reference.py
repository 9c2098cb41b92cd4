"""Generated reference: the tables of the catalogue pages, and the schema of a blueprint."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_scaffold.blueprint import BlueprintFile
from mlops_scaffold.catalogue import Block, Catalogue

START, END = "<!-- settings -->", "<!-- /settings -->"
EMPTY = re.compile(rf"{START}\s*{END}")


def settings_of(block: Block) -> Sequence[tuple[str, str, str, str]]:
    """Name, type, default and description of each setting; the default of one that must be set is ``required``."""
    texts = block.settings.descriptions
    document = block.model.model_json_schema()
    required = document.get("required", ())
    return [
        (name, _type(schema), "required" if name in required else _default(schema), texts.get(name, ""))
        for name, schema in document.get("properties", {}).items()
    ]


def _default(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema["default"]) if "default" in schema else "see its class"


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return " or ".join(map(str, schema.get("enum") or [schema["const"]]))
    bounds = [f"{word} {schema[key]}" for word, key in (("from", "minimum"), ("to", "maximum")) if key in schema]
    words = {
        "array": "list",
        "string": "text",
        "integer": "number",
        "number": "number",
        "boolean": "true or false",
        "object": "map",
    }
    kinds = [_type(option) for option in schema.get("anyOf", [])] or [
        words.get(schema.get("type", ""), "see its class")
    ]
    items = schema.get("items", {})
    of = ["of", _type(items)] if "enum" in items or "const" in items else []
    return " ".join([" or ".join(kinds), *of, *bounds])


def settings_table(block: Block) -> str:
    """The settings as a Markdown table."""
    rows = ["| setting | type | default | what it does |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {kind} | `{default}` | {text} |" for name, kind, default, text in settings_of(block)]
    return "\n".join(rows)


def page(path: Path, catalogue: Catalogue) -> str:
    """A catalogue page with its settings table as it should be."""
    text = path.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        return text
    block = next(block for block in catalogue.blocks() if block.capability == path.parent.name)
    return f"{before}{START}\n{settings_table(block)}\n{END}{after}"


def filled(text: str, block: Block) -> str:
    """A block's page with its settings table between the markers, if nothing stands there."""
    return EMPTY.sub(lambda _: f"{START}\n{settings_table(block)}\n{END}", text)


def blueprint_schema(catalogue: Catalogue) -> str:
    """The JSON schema of a blueprint, which editors use; a component may also be a plugin's, so any name is allowed."""
    schema = BlueprintFile.model_json_schema()
    known: dict[str, Any] = {}
    for block in catalogue.blocks():
        texts = block.settings.descriptions
        own = block.model.model_json_schema()
        properties = {
            name: {**field, "description": texts.get(name, "")} for name, field in own.get("properties", {}).items()
        }
        choices = {"on": {"description": "The variant, or one a cloud."}, "why": {"type": "string"}}
        known[block.capability] = {"type": ["object", "null"], "properties": {**choices, **properties}}
    schema["properties"]["components"]["properties"] = dict(sorted(known.items()))
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
