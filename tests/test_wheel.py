"""What is installed is what stands in the tree: one wheel with everything the tool needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = ("generator/mlops_scaffold", "blueprints/mlops_blueprints", "stacks/mlops_stacks")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_has_every_file_of_the_tree_and_no_other(wheel: Path) -> None:
    """Build tools drop what .gitignore matches, templates of hidden files for instance."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOTS],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    tree = {path.split("/", 1)[1] for path in listed if (ROOT / path).is_file()}

    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == tree


WITHOUT_CHECKOUT = """
import runpy, sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if not path.endswith(("/generator", "/blueprints", "/stacks")))]
sys.argv[:2] = ["mlops-scaffold"]
runpy.run_module("mlops_scaffold", run_name="__main__")
"""


def test_what_it_holds_is_enough_to_make_a_repository(wheel: Path, tmp_path: Path) -> None:
    """In an interpreter that has the dependencies, and cannot see this checkout's sources."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    arguments = ["new", "acme", "--stage", "series-a", "--cloud", "aws", "--no-preview", "--output", str(tmp_path)]
    command = [sys.executable, "-c", WITHOUT_CHECKOUT, str(site), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    copied = tmp_path / "acme" / "mlops_stacks" / "component.py"
    assert copied.read_bytes() == (site / "mlops_stacks" / "component.py").read_bytes()
