"""Every example of a catalogue page is a program that plans, in both passes, with nothing found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ours

import mlops_stacks
from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import elsewhere, plan

PAGES = sorted(Path(mlops_stacks.__file__).parent.glob("*/README.md"))
FENCE = re.compile(r"^```python\n# plan: (\d+) resources\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, int, str]]:
    for page in PAGES:
        for index, (count, source) in enumerate(FENCE.findall(page.read_text())):
            yield f"{page.parent.name}-{index}", int(count), source


@pytest.mark.parametrize(("name", "count", "source"), [pytest.param(*found, id=found[0]) for found in examples()])
def test_example_plans(name: str, count: int, source: str, tmp_path: Path, session: Session) -> None:
    shared = elsewhere("aws" if ".aws import" in source else "gcp", ours())
    found = plan(tmp_path, source, shared=shared, session=session)

    assert [finding for finding in found.findings if finding.severity not in ("note", "unchecked")] == [], name
    assert len(found.programs[0].made) == count, sorted(resource["type"] for resource in found.programs[0].made)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_python_fence_is_an_example(page: Path) -> None:
    assert page.read_text().count("```python") == len(FENCE.findall(page.read_text()))
