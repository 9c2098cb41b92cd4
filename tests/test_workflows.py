"""The workflows of a repository: what GitHub would run, seen by judges that are not ours, and held to our rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

BIN = Path(sys.executable).parent
ACTIONLINT = Path(__file__).parents[1] / "build" / "actionlint"

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
TARGET = re.compile(r"\bmake (?:--silent )?([a-z-]+)")
HANDING_ON = re.compile(r"\s*(tee|sed)\b.*", re.DOTALL)
"""What may follow a target: its output goes to GitHub."""


@pytest.fixture(scope="session")
def workflows(repository: Path) -> Mapping[str, str]:
    """The workflows, name to text."""
    return {file.stem: file.read_text() for file in sorted((repository / ".github/workflows").iterdir())}


def jobs(workflows: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every job with its workflow."""
    for name, text in workflows.items():
        workflow = yaml.safe_load(text)
        for called, job in workflow["jobs"].items():
            yield f"{name}.{called}", job, workflow


@pytest.mark.skipif(not ACTIONLINT.exists(), reason="needs make engine")
def test_actionlint_and_shellcheck_find_nothing(repository: Path) -> None:
    files = map(str, sorted((repository / ".github/workflows").iterdir()))

    done = subprocess.run(
        [ACTIONLINT, "-no-color", "-shellcheck", BIN / "shellcheck", "-pyflakes", "", *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.skipif(not ACTIONLINT.exists(), reason="needs make engine")
def test_a_mistake_is_found(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    text = (repository / ".github/workflows/up.yml").read_text()
    file.write_text(text.replace("matrix.deploy", "matrix.role").replace("needs.environments", "needs.environment"))

    done = subprocess.run([ACTIONLINT, "-no-color", file], capture_output=True, text=True, check=False)

    assert '"environment" is not defined' in done.stdout


def test_zizmor_finds_nothing(repository: Path) -> None:
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--no-progress", repository / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "No findings" in done.stdout, done.stdout + done.stderr


def test_a_repository_finds_by_itself_what_gets_worse(repository: Path, tmp_path: Path) -> None:
    (line,) = re.findall(
        r"^\t\.venv-security/bin/(zizmor .*)$", (repository / "make/security.mk").read_text(), re.MULTILINE
    )
    shutil.copytree(repository / ".github", tmp_path / ".github")
    command = [BIN / "zizmor", *line.split()[1:]]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    file = tmp_path / ".github/workflows/check.yml"
    file.write_text(re.sub(r"checkout@\S+ #", "checkout@main #", file.read_text()))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode > 0
    assert "unpinned-uses" in done.stdout


def test_every_action_is_pinned_by_its_commit_and_says_which_version_that_is(workflows: Mapping[str, str]) -> None:
    used = [line.strip("- ") for text in workflows.values() for line in text.splitlines() if "uses:" in line]

    assert used
    assert [line for line in used if not PINNED.fullmatch(line.strip())] == []
    assert len({line.partition("uses: ")[2] for line in used}) == len({line.partition("@")[0] for line in used})


def test_a_job_may_do_no_more_than_it_needs(workflows: Mapping[str, str]) -> None:
    assert workflows
    for name, job, workflow in jobs(workflows):
        assert workflow["permissions"] == {"contents": "read"}, name
        rights = {f"{of}: {right}" for of, right in job.get("permissions", workflow["permissions"]).items()}
        becomes = [step for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
        # A job that may write has no rights in the cloud, and one that has them may not write.
        assert bool(becomes) == ("id-token: write" in rights), name
        assert not becomes or rights == {"contents: read", "id-token: write"}, name
        assert job["timeout-minutes"] <= 60, name


def test_who_writes(workflows: Mapping[str, str]) -> None:
    writers = {name for name, job, _ in jobs(workflows) if {"write"} & {*job.get("permissions", {}).values()}}
    tokens = {name for name, job, _ in jobs(workflows) if "id-token" in job.get("permissions", {})}

    assert writers - tokens == {"preview.comment", "model.release", "infra-drift.issue"}


@pytest.mark.parametrize(
    ("result", "there_is", "does"),
    [
        ("failure", "", "create"),
        ("skipped", "", "create"),
        ("cancelled", "", "create"),
        ("failure", "7", "comment 7"),
        ("success", "7", "close 7"),
        ("success", "", ""),
    ],
)
def test_infrastructure_drift_is_one_issue(
    result: str, there_is: str, does: str, workflows: Mapping[str, str], tmp_path: Path
) -> None:
    (step,) = yaml.safe_load(workflows["infra-drift"])["jobs"]["issue"]["steps"]
    # GitHub, as far as it is asked.
    (tmp_path / "gh").write_text(f'#!/bin/sh\necho "$2 $3" >> asked\ncase "$2" in list) echo {there_is} ;; esac\n')
    (tmp_path / "gh").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RESULT": result, "RUN": "https://github.com/acme/ml/runs/1"}

    # As GitHub runs it (workflow syntax, defaults.run.shell: bash).
    options = ["--noprofile", "--norc", "-eo", "pipefail", "-c"]
    subprocess.run(["bash", *options, step["run"]], cwd=tmp_path, env=environment, check=True)

    asked = [
        line for line in (tmp_path / "asked").read_text().splitlines() if not line.startswith(("list", "create infra"))
    ]
    assert [line.removesuffix(" --label") for line in asked] == [does] * bool(does)


def test_a_comment_says_what_was_not_looked_at(workflows: Mapping[str, str], tmp_path: Path) -> None:
    *_, step = yaml.safe_load(workflows["preview"])["jobs"]["comment"]["steps"]
    (tmp_path / "gh").write_text("#!/bin/sh\ncat > said\n")
    # As far as it is asked for.
    (tmp_path / "jq").write_text("#!/bin/sh\necho dev\necho staging\n")
    for program in ("gh", "jq"):
        (tmp_path / program).chmod(0o755)
    (tmp_path / "dev.md").write_text("### dev\n\nNothing changes.\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "ENVIRONMENTS": "[]", "KEPT_OUT": "prod", "RUN": "https://run"}

    options = ["--noprofile", "--norc", "-eo", "pipefail", "-c"]
    subprocess.run(["bash", *options, step["run"]], cwd=tmp_path, env=environment, check=True)

    said = (tmp_path / "said").read_text()
    assert "### prod\n\nNot previewed: *identity.pull_requests* is false there.\n" in said
    assert "### dev\n\nNothing changes.\n" in said
    assert "### staging\n\n**The preview failed**" in said


def test_one_run_an_environment(workflows: Mapping[str, str]) -> None:
    for name, job, _ in jobs(workflows):
        if "id-token" in job.get("permissions", {}):
            assert ".environment }}" in job["concurrency"]["group"], name
            changes = "deploy" in str(job["steps"])
            assert job["concurrency"]["cancel-in-progress"] is not changes, name
            # The role that deploys can be taken in the environment of the same name alone.
            assert changes == ("environment" in job), name


def test_nothing_that_a_stranger_says_reaches_a_shell_or_a_role(workflows: Mapping[str, str]) -> None:
    # With these two, a fork's code would run with the rights of the main branch.
    assert [name for name, text in workflows.items() if re.search(r"pull_request_target|workflow_run\b", text)] == []
    for name, job, _ in jobs(workflows):
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")], name


@pytest.mark.parametrize(
    ("environment", "image", "fits"),
    [
        ("", "", True),
        ("dev", f"123456789012.dkr.ecr.us-east-1.amazonaws.com/acme-dev/app@sha256:{64 * '0'}", True),
        ("dev", "x; env >f", False),
        ("dev", "$(shell env >f)", False),
        ("dev", f"app@sha256:{64 * '0'}\nx", False),
        ("dev", "app:latest", False),
        ("$(shell env >f)", "", False),
    ],
)
def test_what_somebody_types_is_a_name_or_a_digest_before_anything_sees_it(
    environment: str, image: str, fits: bool, workflows: Mapping[str, str]
) -> None:
    jobs = yaml.safe_load(workflows["model"])["jobs"]
    guard, *_ = jobs["environment"]["steps"]

    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", guard["run"]],
        env={"ENVIRONMENT": environment, "IMAGE": image},
        capture_output=True,
    )

    assert (done.returncode == 0) == fits
    # Every other job waits for the one that looks.
    assert [name for name, job in jobs.items() if name != "environment" and "environment" not in job["needs"]] == []


def test_a_job_runs_targets_of_the_makefile(workflows: Mapping[str, str], repository: Path) -> None:
    makefiles = [repository / "Makefile", *repository.glob("make/*.mk")]
    targets = set(re.findall(r"^([a-z-]+):", "\n".join(file.read_text() for file in makefiles), re.MULTILINE))
    for name, job, _ in jobs(workflows):
        for command in (step["run"] for step in job["steps"] if "run" in step):
            # Those that only write a comment have no repository to take a target from; and one command looks at what
            # was typed, before anything else.
            if name in ("preview.comment", "infra-drift.issue") or command.startswith("[["):
                continue
            first, *then = command.split("|")
            assert len(TARGET.findall(command)) == 1, command
            assert TARGET.findall(first)[0] in targets, command
            assert all(HANDING_ON.fullmatch(part) for part in then), command


def test_main_waits_for_every_check(workflows: Mapping[str, str], repository: Path) -> None:
    rules = {
        rule["type"]: rule for rule in json.loads((repository / ".github/rulesets/main.json").read_text())["rules"]
    }
    awaited = rules["required_status_checks"]["parameters"]["required_status_checks"]

    assert {each["context"] for each in awaited} == {*yaml.safe_load(workflows["check"])["jobs"]}
    assert "pull_request" in rules


def test_no_action_asks_for_a_secret(workflows: Mapping[str, str]) -> None:
    assert [name for name, text in workflows.items() if "secrets." in text] == []
