"""The training block: its custom resources, its chart's values, and the jobs that it brings along."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml

import mlops_stacks
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import program
from mlops_stacks.cluster import VERSION as KUBERNETES
from mlops_stacks.training.kubernetes import API, GPU, POOL, TAINT, VERSION

KNOWN = json.loads((Path(__file__).parent / "kubernetes" / "custom.json").read_text())
FILES = Path(mlops_stacks.__file__).parent / "training" / "files" / "any"
JOBS = sorted((FILES / "jobs").glob("*.yaml"))


def custom(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The custom resources of a plan whose schema we have, each with its kind."""
    for resource in (resource for made in plan.programs for resource in made.made):
        inputs = resource.get("deepInputs", resource["inputs"])
        kind = f"{inputs.get('apiVersion')} {inputs.get('kind')}"
        if kind in KNOWN["kinds"]:
            yield kind, inputs


def of(plan: Plan, kind: str) -> dict[str, dict[str, Any]]:
    """The custom resources of a kind, by name."""
    return {inputs["metadata"]["name"]: inputs for found, inputs in custom(plan) if found.endswith(f" {kind}")}


def test_custom_resources_are_what_their_definitions_ask_for(production: Plan) -> None:
    found = [*custom(production)]

    assert {kind for kind, _ in found} == set(KNOWN["kinds"])
    for kind, inputs in found:
        jsonschema_rs.validator_for(KNOWN["kinds"][kind]["spec"]).validate(inputs["spec"])


def test_a_custom_resource_with_a_mistake_is_found(production: Plan) -> None:
    kind, inputs = next(found for found in custom(production) if found[0].endswith("ClusterQueue"))
    with pytest.raises(jsonschema_rs.ValidationError, match="cohort"):
        jsonschema_rs.validator_for(KNOWN["kinds"][kind]["spec"]).validate({**inputs["spec"], "cohort": "all"})


def test_the_schemas_are_of_the_chart_that_is_installed() -> None:
    sources = {kind: known["source"] for kind, known in KNOWN["kinds"].items() if kind.startswith(API.split("/")[0])}

    assert set(sources.values()) == set(KNOWN["charts"]) == {f"sigs.k8s.io/kueue@v{VERSION}"}
    assert {kind.split()[0] for kind in sources} == {API}


def test_the_chart_knows_each_value(production: Plan) -> None:
    def check(values: dict[str, Any], known: dict[str, Any] | None, path: str) -> None:
        for name, value in values.items():
            assert known is not None, path
            assert name in known, f"{path}.{name}"
            if isinstance(value, dict) and known[name] is not None:
                check(value, known[name], f"{path}.{name}")

    release = next(
        resource["inputs"]
        for made in production.programs
        for resource in made.made
        if resource["type"] == "kubernetes:helm.sh/v3:Release" and resource["inputs"]["name"] == "kueue"
    )
    check(release["values"], KNOWN["charts"][f"sigs.k8s.io/kueue@v{VERSION}"], "values")


def test_the_queue_sends_jobs_where_the_nodes_are_and_lets_them_in(production: Plan) -> None:
    nodes = {
        pool["spec"]["template"]["metadata"]["labels"][POOL]: pool["spec"]["template"]["spec"]["taints"]
        for name, pool in of(production, "NodePool").items()
        if name.startswith("training-")
    }
    flavors = {
        flavor["spec"]["nodeLabels"][POOL]: flavor["spec"]["nodeTaints"]
        for flavor in of(production, "ResourceFlavor").values()
    }
    groups = of(production, "ClusterQueue")["training"]["spec"]["resourceGroups"]

    assert nodes == flavors
    assert [flavor["name"] for group in groups for flavor in group["flavors"]] == (
        ["cpu-spot", "gpu-spot", "gpu-on-demand"]
    )
    # The queue opens the first taint; the second, a GPU's, a job opens itself.
    for flavor in of(production, "ResourceFlavor").values():
        assert [toleration["key"] for toleration in flavor["spec"]["tolerations"]] == [TAINT]


SOURCE = """
import pulumi
from mlops_stacks.cluster.aws import Cluster
from mlops_stacks.keys.aws import Keys
from mlops_stacks.kubernetes import inside
from mlops_stacks.network.aws import Network
from mlops_stacks.storage.aws import Storage
from mlops_stacks.tracking.kubernetes import Tracking
from mlops_stacks.training import TrainingSettings
from mlops_stacks.training.kubernetes import Training
from mlops_stacks.workspace import WorkspaceSettings
from mlops_stacks.workspace.kubernetes import Workspace

cloud = pulumi.StackReference("organization/acme/dev")
keys, network, cluster = (it.imported(it.__name__.lower(), cloud) for it in (Keys, Network, Cluster))
inside(cluster)
workspace = Workspace("workspace", WorkspaceSettings(), network=network, cluster=cluster)
Training(
    "training",
    TrainingSettings(SETTINGS),
    cluster=cluster,
    workspace=workspace,
    storage=Storage.imported("storage", cloud),
    tracking=Tracking.imported("tracking", cloud),
)
"""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("namespaces=['elsewhere']", "'elsewhere', which is not one of workspace.namespaces: models"),
        ("cpu=20, gpus=2", "a full queue requests 36 CPUs and 128 GiB"),
        ("memory_gb=121", "and one namespace may have 32 and 128Gi"),
    ],
)
def test_what_cannot_work_is_said_in_the_plan(settings: str, message: str, tmp_path: Path, session: Session) -> None:
    plan = preview(program(tmp_path, SOURCE.replace("SETTINGS", settings)), session=session)

    assert any(message in finding.message for finding in plan.of("error"))


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_a_job_is_what_kubernetes_asks_for(path: Path) -> None:
    kubernetes_validate.validate(yaml.safe_load(path.read_text()), KUBERNETES, strict=True)


def test_a_job_with_a_gpu_differs_in_what_a_gpu_needs() -> None:
    cpu, gpu = (yaml.safe_load((FILES / "jobs" / f"{name}.yaml").read_text()) for name in ("train", "train-gpu"))
    pod, other = (job["spec"]["template"]["spec"] for job in (cpu, gpu))

    assert other.pop("tolerations")[0]["key"] == GPU
    assert other["containers"][0]["resources"]["limits"].pop(GPU) == "1"
    assert other.pop("volumes")[:1] == pod.pop("volumes")
    for job in (pod, other):
        del job["containers"][0]["resources"], job["containers"][0]["volumeMounts"]
    del cpu["metadata"]["generateName"], gpu["metadata"]["generateName"]
    assert cpu == gpu


@pytest.fixture
def owned(tmp_path: Path) -> Path:
    """A folder with the jobs, the make target, a kubeconfig, and a kubectl that writes down what it is told."""
    (tmp_path / "Makefile").write_text(f"include {FILES}/make/training.mk\n")
    (tmp_path / "jobs").symlink_to(FILES / "jobs")
    (tmp_path / "kubeconfig.dev").touch()
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho "$@" > said\ncat > sent\n')
    kubectl.chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("job", [path.stem for path in JOBS])
def test_make_train_submits_a_job_with_the_image(job: str, owned: Path) -> None:
    image = f"registry.example/team/app@sha256:{'0' * 64}"

    done = make(owned, "train", "ENV=dev", f"JOB={job}", f"IMAGE={image}")

    sent = yaml.safe_load((owned / "sent").read_text())
    assert done.returncode == 0, done.stderr
    assert sent["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert (owned / "said").read_text().split() == (
        ["--kubeconfig", "kubeconfig.dev", "create", "--namespace", "models", "--filename", "-"]
    )


def test_make_train_wants_a_digest(owned: Path) -> None:
    done = make(owned, "train", "ENV=dev", "IMAGE=app:latest")

    assert done.returncode == 2
    assert "with its digest" in done.stderr
    assert not (owned / "sent").exists()
