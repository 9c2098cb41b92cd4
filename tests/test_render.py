"""A repository is there at once and whole, or not at all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_scaffold import render
from mlops_scaffold.answers import NAME, Answers
from mlops_scaffold.errors import ScaffoldError


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_what_was_built_is_moved_into_place(tmp_path: Path) -> None:
    with render.staging(tmp_path / "acme") as folder:
        (folder / "a").write_text("a")
        assert not (tmp_path / "acme").exists()

    assert listing(tmp_path) == ["acme", "acme/a"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), render.staging(tmp_path / "new" / "acme") as folder:
        (folder / "a").write_text("a")
        raise ZeroDivisionError

    assert listing(tmp_path) == []


def test_what_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "mine").write_text("mine")

    with pytest.raises(ScaffoldError, match="exists already"), render.staging(tmp_path / "acme"):
        raise AssertionError
    with pytest.raises(ScaffoldError, match="by case only"), render.staging(tmp_path / "Acme"):
        raise AssertionError
    assert listing(tmp_path) == ["acme", "acme/mine"]


HANG = """
import sys, time
from pathlib import Path
from mlops_scaffold import render
with render.staging(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("x")
    print("ready", flush=True)
    time.sleep(600)
"""


def hanging(target: Path) -> subprocess.Popen[str]:
    """A process that is in the middle of building."""
    process = subprocess.Popen([sys.executable, "-c", HANG, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(how: signal.Signals, tmp_path: Path) -> None:
    process = hanging(tmp_path / "acme")

    process.send_signal(how)
    process.communicate()

    assert listing(tmp_path) == []


def test_what_a_killed_command_left_is_swept_by_the_next(tmp_path: Path) -> None:
    process = hanging(tmp_path / "acme")
    process.kill()
    process.communicate()
    assert not (tmp_path / "acme").exists()

    with render.staging(tmp_path / "acme") as folder:
        (folder / "a").write_text("a")

    assert listing(tmp_path) == ["acme", "acme/a"]


def test_two_commands_at_once_do_not_sweep_each_other(tmp_path: Path) -> None:
    process = hanging(tmp_path / "other")
    try:
        with render.staging(tmp_path / "acme"):
            assert len([name for name in listing(tmp_path) if name.endswith("half")]) == 1
    finally:
        process.kill()
        process.communicate()


def test_a_folder_swept_before_its_lock_was_taken_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Path] = []

    def flock(lock: IO[bytes], how: int) -> None:
        if not swept:
            swept.append(Path(lock.name).parent)
            shutil.rmtree(swept[0])

    monkeypatch.setattr(render.fcntl, "flock", flock)

    with render.staging(tmp_path / "acme") as folder:
        (folder / "a").write_text("a")

    assert swept
    assert listing(tmp_path) == ["acme", "acme/a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_plain_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ScaffoldError, match="the disk is full"),
        render.staging(tmp_path / "acme"),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x")


def test_a_path_that_is_no_folder_or_too_long_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ScaffoldError, match=r"is no folder|exists"), render.staging(tmp_path / "file" / "acme"):
        raise AssertionError
    with pytest.raises(ScaffoldError, match="too long"), render.staging(tmp_path / ("a" * 300)):
        raise AssertionError


@pytest.mark.skipif(not Path("/proc/1").exists(), reason="needs a place that nobody may write to")
def test_a_place_that_cannot_be_written_to_is_told_in_plain_words() -> None:
    with pytest.raises(ScaffoldError, match="cannot write the repository"), render.staging(Path("/proc/acme")):
        raise AssertionError


def test_two_parts_that_bring_the_same_file_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("shell")

    with pytest.raises(ScaffoldError, match=r"bring the file 'README\.md'"):
        render.write({PurePosixPath("README.md"): b"block"}, tmp_path)


HOSTILE = [
    "",
    "a",
    "-x",
    "--help",
    "../x",
    "a/b",
    "a b",
    "Acme",
    "äcme",
    "acme-",
    "a--b",
    "9a",
    "a" * 21,
    "a\n",
    "$(x)",
    "cluster",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_pulumi_or_a_cloud_would_refuse_is_refused_first(name: str) -> None:
    with pytest.raises(ScaffoldError) as raised:
        Answers(name, "series-a", "aws")

    assert raised.value.exit_code == 2
    assert raised.value.where == "NAME"


@given(st.text(min_size=1, max_size=30))
def test_a_name_is_taken_only_if_every_cloud_would_take_it(name: str) -> None:
    """The rule of S3 bucket names, and of RDS identifiers, is narrower than any other that we meet."""
    if NAME.fullmatch(name):
        assert name.isascii() and name[0].isalpha() and name == name.lower()
        assert "--" not in name and not name.endswith("-") and len(name) <= 20
