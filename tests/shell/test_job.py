"""``make run``: a command of the app as a job, with a stand-in for kubectl."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

import mlops_stacks
from mlops_stacks.cluster import VERSION

FILES = Path(mlops_stacks.__file__).parent / "training/files/any"
IMAGE = f"registry.example.com/acme/app@sha256:{'0a' * 32}"

KUBECTL = """
import json, pathlib, sys
here = pathlib.Path(__file__).parent
match sys.argv[5:]:
    case ["create", "--filename", "-", "--output", "name"]:
        (here / "job.json").write_text(sys.stdin.read())
        print("job.batch/promote-x1")
    case ["get", "job.batch/promote-x1", "--output", "json"]:
        looks = here / "looks"
        looks.write_text(looks.read_text() + "." if looks.exists() else ".")
        print(json.dumps({{"status": {conditions!r} if len(looks.read_text()) > 1 else {{}}}}))
    case ["get", "pods", "--selector", "batch.kubernetes.io/job-name=promote-x1", "--field-selector", phase, *rest]:
        assert rest == ["--sort-by", ".metadata.creationTimestamp", "--output", "name"]
        print({{"status.phase=Succeeded": "pod/third", "status.phase=Failed": "pod/first pod/second"}}[phase])
    case ["logs", pod, "--tail", "-1"]:
        print("a line of the log of", pod)
        print({last!r})
    case ["delete", "job.batch/promote-x1", "--wait=false"]:
        (here / "deleted").touch()
    case other:
        sys.exit(f"kubectl was asked: {{other}}")
"""

IMPATIENT = """
import os, runpy, signal, sys, time
clock = iter(range(0, 10**6, 60))
time.monotonic = lambda: next(clock)
time.sleep, sys.argv = lambda _: os.environ.get("KILL") and signal.raise_signal(int(os.environ["KILL"])), sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script that does not pause, in which a minute passes from look to look; at the first pause it is killed."""


def run(
    folder: Path,
    conditions: Sequence[dict[str, str]],
    *arguments: str,
    last: str = '{"promoted": true}',
    kill: str = "",
) -> subprocess.CompletedProcess[str]:
    """Runs the script, in a cluster where the job ends like this at the second look."""
    kubectl = folder / "kubectl"
    kubectl.write_text(f"#!{sys.executable}\n" + KUBECTL.format(conditions={"conditions": conditions}, last=last))
    kubectl.chmod(0o755)
    arguments = (
        str(FILES / "scripts/job.py"),
        "kubeconfig.dev",
        "models",
        str(FILES / "jobs/train.yaml"),
        "5",
        *arguments,
    )
    return subprocess.run(
        [sys.executable, "-c", IMPATIENT, *arguments],
        env={**os.environ, "KILL": kill, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_last_line_is_what_the_command_printed(tmp_path: Path) -> None:
    done = run(tmp_path, [{"type": "Complete", "status": "True"}], IMAGE, "promote", "--margin", "0.02")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"promoted": True}
    assert "job.batch/promote-x1 in models waits for its turn" in done.stderr
    assert "a line of the log of pod/third" in done.stderr, "the attempt that succeeded"
    assert not (tmp_path / "deleted").exists()


def test_the_job_is_the_one_of_the_repository(tmp_path: Path) -> None:
    run(tmp_path, [{"type": "Complete", "status": "True"}], IMAGE, "promote", "--margin", "0.02")

    job: dict[str, Any] = json.loads((tmp_path / "job.json").read_text())
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == IMAGE
    assert container["args"] == ["promote", "--margin", "0.02"]
    assert job["metadata"]["generateName"] == "promote-"
    assert job["metadata"]["labels"] == {"kueue.x-k8s.io/queue-name": "default"}
    assert job["spec"]["activeDeadlineSeconds"] == 300
    # The schema knows no Job without a name, and the API server does.
    job["metadata"]["name"] = "promote-x1"
    kubernetes_validate.validate(job, VERSION, strict=True)


def test_a_job_that_failed_is_a_failure(tmp_path: Path) -> None:
    ended = [{"type": "SuccessCriteriaMet", "status": "False"}, {"type": "Failed", "status": "True"}]

    done = run(tmp_path, ended, IMAGE, "promote", last="error: train one first")

    assert done.returncode != 0
    assert done.stdout == ""
    assert "a line of the log of pod/second" in done.stderr, "the last attempt"
    assert "error: train one first" in done.stderr
    assert "job.batch/promote-x1 failed" in done.stderr


@pytest.mark.parametrize("kill", ["", str(int(signal.SIGTERM)), str(int(signal.SIGINT))], ids=["late", "TERM", "INT"])
def test_a_job_that_nobody_waits_for_any_more_is_given_up(kill: str, tmp_path: Path) -> None:
    done = run(tmp_path, [], IMAGE, "promote", kill=kill)

    assert done.returncode != 0
    assert done.stdout == ""
    assert (tmp_path / "deleted").exists()
    assert ("has not ended after 5 minutes" in done.stderr) is (not kill)


@pytest.mark.parametrize(("minutes", "status"), [(5, 0), (-1, 1)])
def test_an_attempt_that_comes_too_late_does_not_start(minutes: int, status: int, tmp_path: Path) -> None:
    run(tmp_path, [{"type": "Complete", "status": "True"}], IMAGE, "promote")

    job: dict[str, Any] = json.loads((tmp_path / "job.json").read_text())
    (first,) = job["spec"]["template"]["spec"]["initContainers"]
    (until,) = first["args"]
    assert "envFrom" not in first or not first["envFrom"], "it needs no password"
    until = str(int(until) - 300 + 60 * minutes)
    done = subprocess.run([sys.executable, *first["command"][1:], until], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize("arguments", [["acme/app:v1", "train"], [IMAGE]])
def test_it_says_what_is_missing(arguments: list[str], tmp_path: Path) -> None:
    done = run(tmp_path, [], *arguments)

    assert done.returncode != 0
    assert "IMAGE=<image>@sha256:<digest> DO=train" in done.stderr
    assert not (tmp_path / "job.json").exists()
