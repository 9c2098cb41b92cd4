"""``make release`` and ``make propose``: a digest gets into the settings, and nothing else changes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

import mlops_blueprints

SCRIPT = Path(mlops_blueprints.__file__).parent / "files/any/scripts/release.py"
IMAGE = f"registry.example.com/acme/app@sha256:{'0a' * 32}"
OTHER = f"registry.example.com/acme/app@sha256:{'1b' * 32}"
PATH = ["config", "acme-cluster:platform", "serving", "image"]


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES: Mapping[str, tuple[str, str]] = {
    "the old value goes": (
        "config:\n  acme-cluster:platform:\n    serving: # why\n      image: 'old'   # since May\n      size: small\n",
        "config:\n  acme-cluster:platform:\n    serving: # why\n      image: IMAGE   # since May\n      size: small\n",
    ),
    "it had no value": (
        "config:\n  acme-cluster:platform:\n    serving:\n      image:\n      size: small\n",
        "config:\n  acme-cluster:platform:\n    serving:\n      image: IMAGE\n      size: small\n",
    ),
    "beside others": (
        "config:\n  acme-cluster:platform:\n    serving:\n      size: small # or more\n      # the end\n",
        "config:\n  acme-cluster:platform:\n    serving:\n      size: small # or more\n      image: IMAGE\n"
        "      # the end\n",
    ),
    "between braces": (
        "config:\n  acme-cluster:platform:\n    serving: {size: small} # both\n    drift: {}\n",
        "config:\n  acme-cluster:platform:\n    serving: {image: IMAGE, size: small} # both\n    drift: {}\n",
    ),
    "between empty braces": (
        "config:\n  acme-cluster:platform:\n    serving: {}\n",
        "config:\n  acme-cluster:platform:\n    serving: {image: IMAGE}\n",
    ),
    "an empty component": (
        "config:\n  acme-cluster:platform:\n    serving:\n    # of the drift\n    drift: {}\n",
        "config:\n  acme-cluster:platform:\n    serving: {image: IMAGE}\n    # of the drift\n    drift: {}\n",
    ),
    "no component": (
        "config:\n  acme-cluster:platform:\n    tracking:\n      replicas: 2\n\n# end\n",
        "config:\n  acme-cluster:platform:\n    tracking:\n      replicas: 2\n    serving:\n      image: IMAGE\n"
        "\n# end\n",
    ),
    "no settings of the platform": (
        "# first\nconfig:\n  aws:region: eu-west-1\nencryptedkey: x\n",
        "# first\nconfig:\n  aws:region: eu-west-1\n  acme-cluster:platform:\n    serving:\n      image: IMAGE\n"
        "encryptedkey: x\n",
    ),
    "no end of line at the end": (
        "config:\n  aws:region: eu-west-1",
        "config:\n  aws:region: eu-west-1\n  acme-cluster:platform:\n    serving:\n      image: IMAGE",
    ),
    "ends of lines of Windows": (
        "config:\r\n  acme-cluster:platform:\r\n    tracking: {}\r\n",
        "config:\r\n  acme-cluster:platform:\r\n    tracking: {}\r\n    serving:\r\n      image: IMAGE\r\n",
    ),
    "behind a text of several lines": (
        "config:\n  acme-cluster:platform:\n    other: |\n      one\n      two\nmore: é\n",
        "config:\n  acme-cluster:platform:\n    other: |\n      one\n      two\n    serving:\n      image: IMAGE\n"
        "more: é\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_value_changes_and_no_other_byte(case: str, release: ModuleType) -> None:
    before, after = CASES[case]

    assert release.put(before, PATH, IMAGE) == after.replace("IMAGE", IMAGE)
    assert release.put(release.put(before, PATH, OTHER), PATH, IMAGE) == after.replace("IMAGE", IMAGE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no settings"),
        ("config: [", "no settings"),
        ("config: 3\n", "no settings"),
        ("config:\n  acme-cluster:platform:\n    serving: [1]\n", "no settings"),
        ("one: &both {image: x}\nconfig:\n  acme-cluster:platform:\n    serving: *both\n", "more than this"),
    ],
)
def test_what_it_cannot_write_into_is_left_alone(text: str, said: str, release: ModuleType) -> None:
    with pytest.raises(release.UnwritableError, match=said):
        release.put(text, PATH, IMAGE)


@pytest.fixture
def owned(repository: Path, tmp_path: Path) -> Path:
    """A repository in git, with an origin, where ``make`` finds nothing to install."""
    folder = shutil.copytree(repository, tmp_path / "acme")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/ready").touch()
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "remote", "add", "origin", "../origin")
    for key, value in (("user.name", "A"), ("user.email", "a@example.com"), ("commit.gpgsign", "false")):
        git(folder, "config", key, value)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As generated")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def make(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{path}:/usr/bin:/bin" if path else "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        ["make", "--silent", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_release_is_one_value_for_each_that_runs_the_app_in_one_file(owned: Path) -> None:
    file = owned / "cluster/Pulumi.dev.yaml"
    mode = file.stat().st_mode

    first = make(owned, "release", "ENV=dev", f"IMAGE={IMAGE}")
    second = make(owned, "release", "ENV=dev", f"IMAGE={IMAGE}")
    make(owned, "release", "ENV=dev", f"IMAGE={OTHER}", "COMPONENT=orchestration")

    assert first.stdout == f"dev: drift.image is now {IMAGE}\ndev: serving.image is now {IMAGE}\n"
    assert second.stdout == f"dev: drift.image is {IMAGE} already\ndev: serving.image is {IMAGE} already\n"
    changes = [line for line in git(owned, "diff", "--unified=0").splitlines()[4:] if line[0] in "+-"]
    images = [f"+      image: {image}" for image in (IMAGE, IMAGE, OTHER)]
    assert sorted(changes) == [*images, "+    drift:", "+    serving:"]
    assert file.stat().st_mode == mode
    assert git(owned, "status", "--porcelain", "--untracked-files=all") == " M cluster/Pulumi.dev.yaml\n"


@pytest.mark.parametrize(("runs", "asked"), [(["serving"], []), (["drift", "serving"], ["COMPONENT=serving"])])
def test_what_is_not_there_gets_no_image(runs: list[str], asked: list[str], owned: Path) -> None:
    for other in {"drift", "serving"} - {*runs}:
        (owned / "make" / f"{other}.mk").unlink()

    done = make(owned, "release", "ENV=dev", f"IMAGE={IMAGE}", *asked)

    assert done.stdout == f"dev: serving.image is now {IMAGE}\n"
    assert "drift" not in (owned / "cluster/Pulumi.dev.yaml").read_text()


def test_where_nothing_runs_the_app_nothing_is_proposed(owned: Path) -> None:
    for each in ("drift", "serving"):
        (owned / "make" / f"{each}.mk").unlink()
    git(owned, "commit", "--quiet", "--all", "--message", "Without")

    done = make(owned, "propose", "ENV=dev", f"IMAGE={IMAGE}")

    assert (done.stdout, done.returncode) == (
        "dev: nothing here runs the app's image; COMPONENT= names what runs this one\n",
        0,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([f"IMAGE={IMAGE}"], "Say which environment, as in ENV=dev. There are: dev prod staging"),
        ([f"IMAGE={IMAGE}", "ENV=../dev"], "Say which environment"),
        (["ENV=dev"], "Name the image with its digest"),
        (["ENV=dev", "IMAGE=acme/app:v1"], "Name the image with its digest"),
        (["ENV=dev", f"IMAGE=a: b{IMAGE}"], "Name the image with its digest"),
    ],
)
def test_it_says_what_is_missing(arguments: list[str], said: str, owned: Path) -> None:
    done = make(owned, "release", *arguments)

    assert done.returncode != 0
    assert said in done.stderr
    assert git(owned, "status", "--porcelain") == ""


def test_a_proposal_is_a_branch_and_one_pull_request(owned: Path, tmp_path: Path) -> None:
    # GitHub, as far as it is asked: it keeps what was opened, and lists it.
    asked = tmp_path / "asked"
    kept = f'create) printf "%s\\n" "$@" >> {asked};; list) test ! -e {asked} || echo url;;'
    (tmp_path / "gh").write_text(f'#!/bin/sh\ncase "$2" in {kept} esac\n')
    (tmp_path / "gh").chmod(0o755)

    first = make(owned, "propose", "ENV=dev", f"IMAGE={IMAGE}", path=tmp_path)
    assert first.returncode == 0, first.stderr
    branch = "release-dev-drift-serving-0a0a0a0a0a0a"
    assert (
        git(tmp_path / "origin", "log", "--format=%s|%b", "-1", branch)
        == f"Release drift and serving in dev|{IMAGE}\n\n"
    )
    assert git(tmp_path / "origin", "show", "--format=", "--name-only", branch) == "cluster/Pulumi.dev.yaml\n"
    opened = asked.read_text()
    assert f"--head\n{branch}\n" in opened
    assert f"`{IMAGE}`" in opened

    git(owned, "switch", "--quiet", "main")
    second = make(owned, "propose", "ENV=dev", f"IMAGE={IMAGE}", path=tmp_path)
    assert "It is proposed already: url" in second.stdout
    assert asked.read_text() == opened
    assert git(owned, "status", "--porcelain") == ""
