from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from app import code_id as module
from app.code_id import FILES, code_id

APP = Path(module.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The app as it lies in another image."""
    return Path(shutil.copytree(APP, tmp_path / "app"))


def test_the_same_files_are_the_same_code_wherever_they_lie(copy: Path) -> None:
    assert code_id(copy) == code_id()
    # As the name of an alias of MLflow's, `champion-<code>`.
    assert re.fullmatch(r"[0-9a-f]{12}", code_id())


def test_how_lines_end_is_no_other_code(copy: Path) -> None:
    for name in FILES:
        text = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(text, encoding="utf-8", newline="\r\n")

    assert code_id(copy) == code_id()


@pytest.mark.parametrize("name", FILES)
def test_what_gives_a_row_its_meaning_is_other_code_once_it_has_changed(name: str, copy: Path) -> None:
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("# another line\n")

    assert code_id(copy) != code_id()


@pytest.mark.parametrize("name", ["logs.py", "serve.py", "requirements.in"])
def test_all_else_may_change(name: str, copy: Path) -> None:
    (copy / name).unlink()

    assert code_id(copy) == code_id()


def test_what_these_files_take_from_the_app_is_among_them() -> None:
    taken: set[str] = set()
    for name in FILES:
        if name.endswith(".py"):
            for node in ast.walk(ast.parse((APP / name).read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == "app":
                    taken |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
                    taken.add(str(node.module).split(".")[1])

    assert taken
    assert {f"{name}.py" for name in taken} <= set(FILES), "add them to FILES in app/code_id.py"
