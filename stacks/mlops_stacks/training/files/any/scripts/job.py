"""Runs a command of the app as a job in the cluster, waits for its end, and prints what it printed last.

    job.py KUBECONFIG NAMESPACE FILE MINUTES IMAGE COMMAND...

The rest of its log goes to standard error. With the job it fails: what the script prints can be relied on. When the
script ends before the job, so does the job: what nobody waits for any more should not promote a model.
"""

from __future__ import annotations

import json
import signal
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

LATE = "import sys, time; sys.exit('nobody waits for this any more' if time.time() > float(sys.argv[1]) else 0)"
"""What each attempt asks first, for this script may be killed while the job is still in the queue."""


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


def main(kubeconfig: str, namespace: str, file: str, minutes: str, image: str, *command: str) -> None:
    """Submits the job and follows it to its end, which must come within so many minutes, the queue's included."""
    if "@sha256:" not in image or not command:
        sys.exit("Name the image with its digest, and the command: IMAGE=<image>@sha256:<digest> DO=train")
    cluster = Cluster(kubeconfig, namespace)
    seconds = int(minutes) * 60
    job = adapted(yaml.safe_load(Path(file).read_text(encoding="utf-8")), seconds, image, command)
    name = cluster.kubectl("create", "--filename", "-", "--output", "name", given=json.dumps(job)).strip()
    print(f"{name} in {namespace} waits for its turn", file=sys.stderr)
    # As Ctrl-C does, so that the job is given up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        end = followed(cluster, name, seconds)
    except BaseException:
        cluster.kubectl("delete", name, "--wait=false")
        raise
    *log, last = printed(cluster, name, end).splitlines() or [""]
    print(*log, sep="\n", file=sys.stderr)
    if end != "Complete":
        sys.exit(f"{last}\n{name} failed: 'kubectl describe --namespace {namespace} {name}' says more.")
    print(last)


def followed(cluster: Cluster, name: str, seconds: int) -> str:
    """How the job ended; ends the script when it does not in time."""
    until = time.monotonic() + seconds
    while not (end := outcome(json.loads(cluster.kubectl("get", name, "--output", "json")))):
        if time.monotonic() > until:
            sys.exit(f"{name} has not ended after {seconds // 60} minutes, the queue's included: it is given up.")
        time.sleep(PAUSE_SECONDS)
    return end


def printed(cluster: Cluster, name: str, end: str) -> str:
    """What the attempt printed that decided how the job ended; nothing if its pod is gone.

    ``kubectl logs job/...`` would take any of the attempts.
    """
    phase = "Succeeded" if end == "Complete" else "Failed"
    which = ["--selector", f"batch.kubernetes.io/job-name={name.rpartition('/')[2]}"]
    which += ["--field-selector", f"status.phase={phase}", "--sort-by", ".metadata.creationTimestamp"]
    pods = cluster.kubectl("get", "pods", *which, "--output", "name").split()
    return cluster.kubectl("logs", pods[-1], "--tail", "-1") if pods else ""


def adapted(job: Mapping[str, Any], seconds: int, image: str, command: Sequence[str]) -> Mapping[str, Any]:
    """The job with another image and command, and with less time."""
    template = job["spec"]["template"]
    container, *others = template["spec"]["containers"]
    containers = [{**container, "image": image, "args": list(command)}, *others]
    in_time = {**container, "name": "in-time", "image": image, "command": ["python", "-c", LATE], "envFrom": []}
    in_time["args"] = [str(int(time.time()) + seconds)]
    pod = {**template["spec"], "initContainers": [in_time], "containers": containers}
    spec = {**job["spec"], "activeDeadlineSeconds": seconds, "template": {**template, "spec": pod}}
    return {**job, "metadata": {**job["metadata"], "generateName": f"{command[0]}-"}, "spec": spec}


def outcome(job: Mapping[str, Any]) -> str | None:
    """How the job ended, ``Complete`` or ``Failed``; none while it has not."""
    conditions = job["status"].get("conditions", [])
    ended = (each["type"] for each in conditions if each["status"] == "True" and each["type"] in ("Complete", "Failed"))
    return next(ended, None)


if __name__ == "__main__":
    main(*sys.argv[1:])
