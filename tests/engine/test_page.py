"""What a pull request shows, made from what the real engine prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlops_scaffold import cost, preview

from .conftest import BroughtUp, Platform
from .real import Engine, Stack

pytestmark = pytest.mark.xdist_group("engine")


def previewed(stack: Stack, *options: str) -> str:
    return stack.run("preview", "--json", "--show-sames", "--stack", stack.environment, *options)


def paged(repository: Path, *previews: str) -> str:
    return subprocess.run(
        [sys.executable, repository / "scripts" / "plan.py", "dev"],
        input="".join(previews),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_page_of_a_real_preview(options: BroughtUp, repository: Path) -> None:
    stack = options.stack
    printed = stack.run("preview", "--json", "--stack", stack.environment, "--replace", "**RandomPassword::generated")

    page = paged(repository, printed)

    assert "**options**: 1 to replace" in page
    assert "| replace | `random:index/randomPassword:RandomPassword` | generated |" in page
    assert "| read |" not in page
    assert "not to be seen" not in page


def test_what_stands_costs_what_the_tool_says(platform: Platform, repository: Path) -> None:
    page = paged(repository, *(previewed(it.stack) for it in platform["dev"].values()))

    *rows, (_, together) = cost.table(cost.estimate(preview.preview(repository, ["dev"])))
    assert f"**cost**: `{together}` a month after this change, the same as now" in page
    assert "- unknown: " not in page
    for name, amount in rows[1:]:
        assert f"| {name} | `{amount}` |  |" in page


def test_before_anything_stands_all_of_it_is_the_difference(repository: Path, tmp_path: Path) -> None:
    """What is not known yet is no hindrance: that a database's password is, is nothing that it is charged by."""
    stack = Engine(tmp_path, repository / ".venv" / "bin" / "python").stack(repository, "dev")

    page = paged(repository, previewed(stack))

    assert "**The preview failed**" in page  # the cluster program needs what this one makes
    [unknown] = [line for line in page.splitlines() if line.startswith("- unknown: ")]
    assert "not every program could be previewed" in unknown
    assert "| cluster | `$73 + ~$1.12` | `+$73 +~$1.12` |" in page
