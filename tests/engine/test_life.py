"""What the runbooks ask of Pulumi, done by the real engine: a restored database comes back, and ``destroy`` finishes.

The provider is ours, so nothing is said of what AWS would call a replacement.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from .real import PROGRAMS, Engine, Stack

pytestmark = pytest.mark.xdist_group("engine")

DATABASE = "urn:pulumi:prod::acme::mlops:platform:Database"
INSTANCE = f"{DATABASE}$aws:rds/instance:Instance::database"


@pytest.fixture(scope="module")
def prod(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Stack]:
    """Production, up, by program; in a folder of its own, because its settings change."""
    folder = shutil.copytree(
        repository, tmp_path_factory.mktemp("life") / "acme", ignore=shutil.ignore_patterns(".venv")
    )
    (folder / ".venv").symlink_to(repository / ".venv")
    engine = Engine(tmp_path_factory.mktemp("pulumi"), repository / ".venv" / "bin" / "python")
    stacks = {program: engine.stack(folder / program, "prod") for program in PROGRAMS}
    for stack in stacks.values():
        stack.up()
    return stacks


def test_a_restored_database_comes_back_under_its_name(prod: Mapping[str, Stack]) -> None:
    """As ``restore-database.md`` says: forget the old instance, import the new one, and it is only updated."""
    cloud = prod[""]
    cloud.run("state", "delete", INSTANCE, "--stack", "prod", "--force", "--yes")
    assert INSTANCE not in cloud.state()

    cloud.run(
        *["import", "aws:rds/instance:Instance", "database", "acme-prod-database", "--stack", "prod", "--yes"],
        *["--parent", f"parent={DATABASE}::database", "--generate-code=false"],
    )
    assert cloud.state()[INSTANCE]["protect"]

    assert cloud.preview().changes.keys() <= {"same", "update"}
    cloud.up()
    assert cloud.preview().changes.keys() == {"same"}
    assert cloud.state()[INSTANCE]["retainOnDelete"]


def test_one_password_is_replaced(prod: Mapping[str, Stack]) -> None:
    """As ``replace-database-passwords.md`` says: the one, and none whose name begins alike."""
    one = ["--replace", "**RandomPassword::tracking"]

    planned = json.loads(prod["cluster"].run("preview", "--json", "--stack", "prod", *one))

    replaced = {step["urn"].rpartition("$")[2] for step in planned["steps"] if step["op"] == "replace"}
    assert replaced == {"random:index/randomPassword:RandomPassword::tracking"}


def test_destroy_finishes_once_everything_is_let_go(prod: Mapping[str, Stack], repository: Path) -> None:
    """As ``destroy.md`` says: its settings, ``up``, and then nothing is left in either program."""
    page = (repository / "docs/runbooks/destroy.md").read_text()
    for of, path in re.findall(r"pulumi config set (--cwd \S+ )?--stack \$ENV --path (\S+) false --type bool", page):
        program = of.removeprefix("--cwd ").strip()
        prod[program].run("config", "set", "--stack", "prod", "--path", path, "false", "--type", "bool")
    for stack in prod.values():
        stack.up()

    for program in reversed(PROGRAMS):
        prod[program].destroy()
        assert not prod[program].state()
