"""A repository's policy pack, run by the real engine: it lets our plans pass, and ends a run that breaks a rule."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from .real import PROGRAMS, Engine, EngineError, Stack

pytestmark = pytest.mark.xdist_group("engine")


@pytest.fixture(scope="module")
def folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose blocks may be changed."""
    subprocess.run(["make", "--silent", ".venv-policy/ready"], check=True, cwd=repository)
    ignored = shutil.ignore_patterns(".venv*")
    copy = shutil.copytree(repository, tmp_path_factory.mktemp("policy") / "acme", ignore=ignored)
    subprocess.run(["make", "--silent", "setup"], check=True, cwd=copy)
    (copy / ".venv-policy").symlink_to(repository / ".venv-policy")
    return copy


@pytest.fixture(scope="module")
def prod(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Stack]:
    """Production, up, by program; the pack looks at both the first preview, of little, and the update."""
    engine = Engine(tmp_path_factory.mktemp("pulumi"), folder / ".venv" / "bin" / "python")
    stacks = {program: engine.stack(folder / program, "prod") for program in PROGRAMS}
    for stack in stacks.values():
        stack.run("up", "--yes", "--stack", "prod", *pack(folder))
    return stacks


def pack(folder: Path) -> list[str]:
    """The options that ``make preview`` and ``make up`` give."""
    return ["--policy-pack", str(folder / "policy-pack")]


@contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    """A file in which something is otherwise for a while."""
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new))
    yield
    file.write_text(before)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_pack_finds_nothing_in_what_is_up(program: str, folder: Path, prod: Mapping[str, Stack]) -> None:
    said = prod[program].run("preview", "--stack", "prod", *pack(folder))

    assert "rules" in said
    assert "can't run policy" not in said


@pytest.mark.parametrize(
    ("program", "block", "old", "new", "rule", "sentence"),
    [
        (
            *("", "keys", "enable_key_rotation=True", "enable_key_rotation=False"),
            *("aws-keys-rotate", "the key keys-data is never rotated"),
        ),
        (
            *("", "database", "publicly_accessible=False", "publicly_accessible=True"),
            *("aws-databases-are-encrypted-and-private", "the database database has a public address"),
        ),
        (
            *("cluster", "tracking", "security_context=pod_security(USER)", "security_context=None"),
            *("kubernetes-nobody-runs-as-root", "tracking may run as root"),
        ),
    ],
    ids=["keys", "database", "tracking"],
)
def test_the_pack_ends_a_preview_that_breaks_a_rule(
    program: str, block: str, old: str, new: str, rule: str, sentence: str, folder: Path, prod: Mapping[str, Stack]
) -> None:
    file = folder / "mlops_stacks" / block / ("kubernetes.py" if program else "aws.py")

    with changed(file, old, new), pytest.raises(EngineError) as raised:
        prod[program].run("preview", "--stack", "prod", *pack(folder))

    assert rule in str(raised.value)
    assert sentence in str(raised.value)
