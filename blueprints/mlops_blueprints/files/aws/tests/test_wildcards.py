"""Every wildcard in a policy has its reason: a comment at its statement, or the docstring of its module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = sorted(ROOT.glob("mlops_stacks/**/*.py"))
WILDCARD = re.compile(r"^\*$|^arn:[\w{}:/-]*\*|[a-z0-9:/-]\*$")
"""Everything; a part of an ARN; the rest of a name or of a service's actions."""


def unexplained(source: str) -> Iterator[int]:
    """The lines with a wildcard that nothing explains."""
    module = ast.parse(source)
    if "wildcard" in (ast.get_docstring(module) or ""):
        return
    lines = source.splitlines()
    for text, statement in (found for each in module.body for found in wildcards(each, each)):
        first = statement.lineno - 1
        while lines[first - 1].lstrip().startswith("#"):
            first -= 1
        if not any(re.search(r"(^|\s)# ", line) for line in lines[first : statement.end_lineno]):
            yield text.lineno


def wildcards(node: ast.AST, around: ast.stmt | ast.expr) -> Iterator[tuple[ast.Constant, ast.stmt | ast.expr]]:
    """The texts with a wildcard, each with its statement of a policy, or else of Python."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.stmt | ast.Dict):
        around = node
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and WILDCARD.search(node.value):
        yield node, around
    for child in ast.iter_child_nodes(node):
        yield from wildcards(child, around)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_wildcard_is_explained(block: Path) -> None:
    where = [f"{block.relative_to(ROOT)}:{line}: say why in a comment" for line in unexplained(block.read_text())]

    assert where == []


def test_one_that_is_not_is_found() -> None:
    assert [*unexplained('x = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}\n')] == [1, 1]
    assert [*unexplained('# All.\nx = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}\n')] == []
