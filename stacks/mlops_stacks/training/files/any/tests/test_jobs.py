"""The jobs in ``jobs/`` outlive their machines, and find what they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plans
import pytest
import yaml

JOBS = sorted((plans.ROOT / "jobs").glob("*.yaml"))


@pytest.fixture(params=JOBS, ids=lambda path: path.stem)
def job(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return yaml.safe_load(path.read_text())


def named(kind: str, environment: str) -> set[str]:
    """The names of all objects of a kind that the programs make inside the cluster."""
    return {
        resource.inputs["metadata"]["name"]
        for plan in plans.of(environment).values()
        for resource in plan.resources
        if resource.type.startswith("kubernetes:") and resource.type.endswith(f":{kind}")
    }


def test_each_run_is_a_job_of_its_own_and_waits_its_turn(job: dict[str, Any]) -> None:
    assert job["metadata"].keys() == {"generateName", "labels"}
    assert "kueue.x-k8s.io/queue-name" in job["metadata"]["labels"]


def test_a_lost_machine_is_no_failure(job: dict[str, Any]) -> None:
    first = job["spec"]["podFailurePolicy"]["rules"][0]
    pod = job["spec"]["template"]["spec"]

    assert (first["action"], first["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert pod["restartPolicy"] == "Never"
    assert 30 <= pod["terminationGracePeriodSeconds"] < 120
    assert "annotations" not in job["spec"]["template"].get("metadata", {})


def test_each_attempt_finds_the_checkpoint_of_the_last(job: dict[str, Any]) -> None:
    for container in job["spec"]["template"]["spec"]["containers"]:
        checkpoint = next(variable for variable in container["env"] if variable["name"] == "CHECKPOINT_URL")
        assert checkpoint["value"].endswith("/$(JOB_NAME)")


def test_it_ends_some_day(job: dict[str, Any]) -> None:
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert job["spec"]["ttlSecondsAfterFinished"] > 0


def test_it_says_what_it_needs_and_keeps_no_privileges(job: dict[str, Any]) -> None:
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        resources, security = container["resources"], container["securityContext"]
        assert resources["requests"]["memory"] == resources["limits"]["memory"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert not security["allowPrivilegeEscalation"]


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_what_it_names_is_there(job: dict[str, Any], environment: str) -> None:
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] in named("ServiceAccount", environment)
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] in named("LocalQueue", environment)
    for container in pod["containers"]:
        for source in container["envFrom"]:
            for reference, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if reference in source:
                    assert source[reference]["name"] in named(kind, environment)
