"""A repository on its first day: what does not depend on the choice of components, as its owner would try it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import inside

import mlops_blueprints
from mlops_scaffold import project
from mlops_scaffold.answers import Answers
from mlops_scaffold.catalogue import Catalogue

pytestmark = pytest.mark.xdist_group("shell")

SHELL = Path(mlops_blueprints.__file__).parent / "shell"
TEMPLATE = SHELL / "{{cookiecutter.name}}"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of a repository with our uv on the path, and nothing of Pulumi's own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return subprocess.run(
        command, cwd=folder, env={**ENVIRONMENT, "PATH": path}, capture_output=True, text=True, check=False
    )


def make(folder: Path, **choices: object) -> Path:
    """A repository without a plan, for what is left of series-a."""
    catalogue = Catalogue.installed()
    answers = Answers("acme", "series-a", "aws", region="eu-west-1", **choices)  # pyrefly: ignore
    folder.mkdir()
    project.build(project.platform(answers, catalogue), catalogue, folder)
    return folder


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after ``make setup``."""
    folder = make(tmp_path_factory.mktemp("owned") / "acme")
    done = run(folder, "make", "setup")
    assert done.returncode == 0, done.stderr
    return folder


def test_the_template_substitutes_and_repeats_and_decides_nothing() -> None:
    texts = {path: path.read_text() for path in TEMPLATE.rglob("*") if path.is_file()}

    assert texts
    assert not [path for path, text in texts.items() if "{% if" in text or "{% set" in text or "{%- if" in text]
    assert not (SHELL / "hooks").exists()


def test_nothing_of_the_template_is_left_in_what_it_renders(repository: Path) -> None:
    rendered = [repository / path.relative_to(TEMPLATE) for path in TEMPLATE.rglob("*") if path.is_file()]

    assert not [path for path in rendered if "{%" in path.read_text() or "cookiecutter" in path.read_text()]


def test_what_is_composed_is_formatted_as_ruff_would(tmp_path: Path) -> None:
    folder = make(tmp_path / "acme", set={"network": {"zone_ids": ["euw1-az1", "euw1-az2", "euw1-az3"], "zones": 3}})

    for command in (["format", "--check"], ["check"]):
        done = run(folder, "ruff", *command, ".")
        assert done.returncode == 0, done.stdout


def test_setup_check_and_test_pass_on_the_first_day(owned: Path) -> None:
    for target in ("check", "test"):
        done = run(owned, "make", target)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_installed_is_what_the_lock_says(owned: Path) -> None:
    listed = run(owned, ".venv/bin/python", "-m", "pip", "list", "--format", "json")
    installed = {each["name"].lower().replace("_", "-"): each["version"] for each in json.loads(listed.stdout)}
    locked = dict(
        line.split(" ")[0].split("==") for line in (owned / "requirements.txt").read_text().splitlines() if "==" in line
    )

    assert installed.items() & locked.items() == {name: locked[name] for name in locked.keys() & installed}.items()
    assert installed.keys() - locked.keys() <= {"acme", "pip", "setuptools", "wheel"}


def test_the_blocks_are_found_from_the_cluster_program_and_are_the_repositorys_own(owned: Path) -> None:
    where = "import mlops_stacks; print(mlops_stacks.__file__)"

    done = run(owned / "cluster", "../.venv/bin/python", "-c", where)

    assert Path(done.stdout.strip()) == owned / "mlops_stacks" / "__init__.py"


def broken(owned: Path, folder: Path, **changes: tuple[str, str]) -> str:
    """What the tests of a repository say, for production alone, once its blocks are changed: file to old and new."""
    copy = shutil.copytree(owned, folder, ignore=shutil.ignore_patterns(".venv", "*.dev.yaml", "*.staging.yaml"))
    for file, (old, new) in changes.items():
        path = copy / "mlops_stacks" / file
        source = path.read_text()
        assert old in source
        path.write_text(source.replace(old, new))
    # The copy goes first on the path: what is installed is the original.
    return run(copy, "env", f"PYTHONPATH={copy}", str(owned / ".venv/bin/python"), "-m", "pytest").stdout


def test_its_tests_notice_what_is_lost(owned: Path, tmp_path: Path) -> None:
    said = broken(
        owned,
        tmp_path / "acme",
        **{
            "storage/aws.py": ("settings.protected, opts=self.keep", "settings.protected, opts=self.child"),
            "database/aws.py": ("rds.Instance(\n            name,", "rds.Instance(\n            'db',"),
            "keys/aws.py": ("enable_key_rotation=True", "enable_key_rotation=False"),
            "cluster/aws.py": ("deletion_protection=settings.protected", "deletion_protection=False"),
            "component.py": ("protect=protected, retain_on_delete=protected", "protect=protected"),
            "kubernetes.py": ("run_as_non_root=True", "run_as_non_root=False"),
        },
    )

    assert "test_data_is_protected[prod]" in said
    assert "aws:s3/bucket:Bucket::storage-data is promised and not protected" in said
    assert "aws:rds/instance:Instance::db is kept and promised nowhere" in said
    assert "test_names_are_kept[prod]" in said
    assert "aws:rds/instance:Instance::database" in said
    assert "the key keys-data is never rotated" in said
    assert "cluster is protected by Pulumi alone" in said
    assert "test_what_is_protected_stays_even_if_its_line_is_deleted[prod]" in said
    assert "tracking may run as root" in said


def test_its_tests_notice_that_the_programs_do_not_fit(owned: Path, tmp_path: Path) -> None:
    lost = {"component.py": ("{component.name}.{output}", "{component.name}-{output}")}

    said = broken(owned, tmp_path / "acme", **lost)

    assert "cluster/__main__.py does not plan for prod" in said
    assert "the cloud program has no output" in said


def test_a_setting_that_there_is_not_is_one_message(owned: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(owned, tmp_path / "acme", ignore=shutil.ignore_patterns(".venv", "*.dev.yaml"))
    file = copy / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("    database:\n", "    database:\n      sise: small\n"))
    (copy / ".venv").symlink_to(owned / ".venv")
    wrong = "Pulumi.prod.yaml: acme:platform.database.sise: there is no such setting, but size, storage_gb"

    costs = run(copy, "make", "costs", "ENV=prod")
    tests = run(copy, "make", "test")

    assert costs.returncode == 2
    assert costs.stderr.splitlines()[0] == "__main__.py does not plan for prod:"
    assert costs.stderr.splitlines()[1].startswith(wrong)
    assert "Traceback" not in costs.stderr
    assert tests.returncode == 2
    assert "1 failed" in tests.stdout or "1 error" in tests.stdout
    assert wrong in tests.stdout.splitlines()[-1]


@pytest.mark.parametrize("key", ["cluster:platform", "acme:platfrm", "acme-cluster:platform"])
def test_its_tests_notice_settings_that_nobody_reads(key: str, owned: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(owned, tmp_path / "acme", ignore=shutil.ignore_patterns(".venv"))
    file = copy / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("acme:platform:", f"{key}:"))

    said = run(copy, str(owned / ".venv/bin/python"), "-m", "pytest", "tests/test_settings.py").stdout

    assert "test_every_key_is_one_that_the_program_reads[.-prod]" in said
    assert "1 failed" in said


def test_without_a_component_what_it_brings_along_is_not_there(tmp_path: Path) -> None:
    folder = make(tmp_path / "acme", without=inside())

    assert "make tracking" not in (folder / "README.md").read_text()
    assert not (folder / "make" / "tracking.mk").exists()
    assert not (folder / "cluster").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up"], "Say which environment, as in 'make up ENV=dev'. There are: dev prod staging"),
        (["up", "ENV=nowhere"], "There are: dev prod staging"),
        (["preview", "ENV=dev"], "Pulumi's command line is missing"),
        (["bootstrap", "ENV=dev"], "Pulumi's command line is missing"),
    ],
)
def test_make_says_what_is_missing(arguments: list[str], message: str, owned: Path) -> None:
    done = run(owned, "make", *arguments)

    assert done.returncode != 0
    assert message in done.stderr


def test_every_target_is_listed(owned: Path) -> None:
    listed = [line.split()[0] for line in run(owned, "make", "help").stdout.splitlines()]
    files = [owned / "Makefile", *sorted(owned.glob("make/*.mk"))]
    phony = [
        name
        for file in files
        for line in re.findall(r"^\.PHONY: (.*)$", file.read_text(), re.M)
        for name in line.split()
    ]

    assert listed[:7] == ["help", "setup", "check", "test", "preview", "up", "destroy"]
    assert set(listed) == set(phony) - {"environment"}


def test_the_wheel_holds_every_package(repository: Path) -> None:
    config = tomllib.loads((repository / "pyproject.toml").read_text())
    packages = {path.parent.name for path in repository.glob("*/__init__.py")}

    assert set(config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == packages
