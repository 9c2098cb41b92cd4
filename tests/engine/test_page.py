"""What a pull request shows, made from what the real engine prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import BroughtUp

pytestmark = pytest.mark.xdist_group("engine")


def test_the_page_of_a_real_preview(options: BroughtUp, repository: Path) -> None:
    stack = options.stack
    printed = stack.run("preview", "--json", "--stack", stack.environment, "--replace", "**RandomPassword::generated")

    page = subprocess.run(
        [sys.executable, repository / "scripts" / "plan.py", "dev"],
        input=printed,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "**options**: 1 to replace" in page
    assert "| replace | `random:index/randomPassword:RandomPassword` | generated |" in page
    assert "| read |" not in page
    assert "not to be seen" not in page
