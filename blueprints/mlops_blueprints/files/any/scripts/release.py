"""Writes into the settings of an environment which image some components of the cluster run.

    release.py ENVIRONMENT IMAGE [COMPONENT ...]

Of ``cluster/Pulumi.<environment>.yaml`` one value a component changes; comments, order and all other bytes stay.
Whatever would come out otherwise is refused, and the file is replaced in one step, so that it is never half written.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
IMAGE = re.compile(r"[a-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}", re.ASCII)
"""An image by its digest: what a tag names may change, and what runs would not be what was tried."""


class UnwritableError(Exception):
    """The file is not one that a value can be written into."""


def main(environment: str = "", image: str = "", *components: str) -> None:
    """Writes the image into the file, and says what it stands for now."""
    file = ROOT / "cluster" / f"Pulumi.{environment}.yaml"
    if not file.is_file():
        known = sorted(other.name.split(".")[1] for other in file.parent.glob("Pulumi.*.yaml"))
        sys.exit(f"Say which environment, as in ENV=dev. There are: {' '.join(known)}")
    if not IMAGE.fullmatch(image):
        sys.exit("Name the image with its digest: IMAGE=<repository>@sha256:<digest>")
    project = yaml.safe_load((file.parent / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    text = before = file.read_bytes().decode("utf-8")
    said = [] if components else ["nothing here runs the app's image; COMPONENT= names what runs this one"]
    for component in components:
        try:
            after = put(text, ["config", f"{project}:platform", component, "image"], image)
        except UnwritableError as error:
            sys.exit(f"{file.relative_to(ROOT)}: {error}; write {component}.image there by hand")
        said.append(f"{component}.image is {image} already" if after == text else f"{component}.image is now {image}")
        text = after
    if text != before:
        new = file.with_suffix(".new")
        new.write_bytes(text.encode("utf-8"))
        shutil.copymode(file, new)
        new.replace(file)
    for line in said:
        print(f"{environment}: {line}")


def put(text: str, path: Sequence[str], value: str) -> str:
    """The document with a value at a path; a mapping that is missing on the way is added.

    Raises:
        UnwritableError: it is no YAML, something else stands on the path, or more would change than the value.
    """
    try:
        changed = edit(text, path, value)
        fits = yaml.safe_load(changed) == _with(yaml.safe_load(text), path, value)
    except (yaml.YAMLError, TypeError, AttributeError):
        raise UnwritableError(f"it has no settings under {'.'.join(path[:-1])}") from None
    # An anchor, for one, stands in several places at once.
    if not fits:
        raise UnwritableError("more than this one value would change")
    return changed


def edit(text: str, path: Sequence[str], value: str) -> str:
    """Puts the value in the place of the old one, or a line behind what stands beside it."""
    node: Any = yaml.compose(text)
    for depth, key in enumerate(path):
        if isinstance(node, yaml.ScalarNode):
            return _replace(text, node, _flow(path[depth:], value))
        found = next((below for name, below in node.value if name.value == key), None)
        if found is None:
            return _add(text, node, path[depth:], value)
        node = found
    return _replace(text, node, value)


def _replace(text: str, node: yaml.Node, new: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    # Of an empty value nothing stands there, not even the space behind the colon.
    return text[:start] + (" " if start == end else "") + new + text[end:]


def _add(text: str, mapping: yaml.MappingNode, path: Sequence[str], value: str) -> str:
    """Adds an entry: first between braces, and else last, where it comes between no key and the comment above it."""
    if mapping.flow_style:
        start = mapping.start_mark.index + 1
        entry = _flow(path, value)[1:-1]
        return text[:start] + entry + (", " if mapping.value else "") + text[start:]
    column, end = mapping.start_mark.column, text.find("\n", _end(mapping) - 1)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{' ' * (column + 2 * depth)}{key}:" for depth, key in enumerate(path)]
    entry = newline.join(lines) + f" {value}"
    if end < 0:
        return f"{text}{newline}{entry}"
    return f"{text[: end + 1]}{entry}{newline}{text[end + 1 :]}"


def _end(node: Any) -> int:
    """Where the text of a node ends; of a mapping without braces, the comments behind it are not part of it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node.end_mark.index


def _flow(path: Sequence[str], value: str) -> str:
    return "".join(f"{{{key}: " for key in path) + value + "}" * len(path)


def _with(document: Any, path: Sequence[str], value: str) -> Any:
    """A copy of a document with the value in it; a mapping that is missing, or empty, is made."""
    if not path:
        return value
    key, *below = path
    return {**document, key: _with(document.get(key) or {}, below, value)}


if __name__ == "__main__":
    main(*sys.argv[1:])
