"""Runs a command of the app as a job in the cluster, waits for its end, and prints what it printed last.

    job.py KUBECONFIG NAMESPACE FILE IMAGE COMMAND...

The rest of its log goes to standard error. With the job it fails: what the script prints can be relied on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PAUSE_SECONDS = 10
"""Between two looks at the job."""

LIMIT_SECONDS = 2400
"""How long the job may run once the queue has let it in. CI's rights end after an hour, and a job that nobody waits for
any more should not promote a model."""


@dataclass(frozen=True)
class Cluster:
    """A namespace of the cluster, reached by kubectl."""

    kubeconfig: str
    namespace: str

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Runs kubectl and returns what it prints; ends the script when it fails, with its own words."""
        call = ["kubectl", "--kubeconfig", self.kubeconfig, "--namespace", self.namespace, *arguments]
        try:
            return subprocess.run(call, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout
        except FileNotFoundError:
            sys.exit("The command 'kubectl' is missing: https://kubernetes.io/docs/tasks/tools/ says how to get it.")
        except subprocess.CalledProcessError as error:
            sys.exit(error.returncode)


def main(kubeconfig: str, namespace: str, file: str, image: str, *command: str) -> None:
    """Submits the job and follows it to its end."""
    if "@sha256:" not in image or not command:
        sys.exit("Name the image with its digest, and the command: IMAGE=<image>@sha256:<digest> DO=train")
    cluster = Cluster(kubeconfig, namespace)
    job = adapted(yaml.safe_load(Path(file).read_text(encoding="utf-8")), image, command)
    name = cluster.kubectl("create", "--filename", "-", "--output", "name", given=json.dumps(job)).strip()
    print(f"{name} in {namespace} waits for its turn", file=sys.stderr)
    while not (end := outcome(json.loads(cluster.kubectl("get", name, "--output", "json")))):
        time.sleep(PAUSE_SECONDS)
    *log, last = cluster.kubectl("logs", name, "--tail", "-1").splitlines() or [""]
    print(*log, sep="\n", file=sys.stderr)
    if end != "Complete":
        sys.exit(f"{last}\n{name} failed: 'kubectl describe --namespace {namespace} {name}' says more.")
    print(last)


def adapted(job: Mapping[str, Any], image: str, command: Sequence[str]) -> Mapping[str, Any]:
    """The job with another image and command, and with less time."""
    template = job["spec"]["template"]
    container, *others = template["spec"]["containers"]
    containers = [{**container, "image": image, "args": list(command)}, *others]
    spec = {
        **job["spec"],
        "activeDeadlineSeconds": LIMIT_SECONDS,
        "template": {**template, "spec": {**template["spec"], "containers": containers}},
    }
    return {**job, "metadata": {**job["metadata"], "generateName": f"{command[0]}-"}, "spec": spec}


def outcome(job: Mapping[str, Any]) -> str | None:
    """How the job ended, ``Complete`` or ``Failed``; none while it has not."""
    conditions = job["status"].get("conditions", [])
    ended = (each["type"] for each in conditions if each["status"] == "True" and each["type"] in ("Complete", "Failed"))
    return next(ended, None)


if __name__ == "__main__":
    main(*sys.argv[1:])
