"""The planned pods of the tracking server, run on this machine against PostgreSQL and a fake S3: a fixture.

Only what is known inside a cluster alone is put in another's place: hosts, ports, folders, the bucket and the secrets.
"""

from __future__ import annotations

import inspect
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from services import (
    HERE,
    LOCALHOST,
    Cloud,
    Postgres,
    backing,
    free_port,
    process,
    run,
    status,
    until,
)

from mlops_scaffold.preview.plan import Plan
from mlops_stacks.tracking import _authorize
from mlops_stacks.tracking.kubernetes import ADMINISTRATOR, AUTHORIZE, CONFIG, PORT, SCRATCH, basic_auth

BUCKET = "artifacts"
CLIENT = Path(__file__).with_name("client.py")
READING = "the-readers-password"
WRITING = "the-writers-password"


def manifests(plan: Plan) -> Mapping[str, Any]:
    """Kind to manifest, of the workloads that the tracking component plans."""
    return {
        resource["inputs"]["kind"]: resource.get("deepInputs", resource["inputs"])
        for made in plan.programs
        for resource in made.made
        if re.search(r":(Job::tracking-setup|Deployment::tracking)$", resource["urn"])
    }


@dataclass(frozen=True)
class Pods:
    """The planned pods on this machine: each container a process, with its own command and environment."""

    planned: Mapping[str, Any]
    programs: Path
    folder: Path
    database: Postgres
    aws: Cloud
    administrator: str
    """The ARN of the administrator's secret."""
    port: int

    def environment(self, container: Mapping[str, Any], password: str) -> Mapping[str, str]:
        """A container's environment; ``password`` is in the place of each secret."""
        here = {
            "PGHOST": LOCALHOST,
            "PGPORT": str(self.database.port),
            "ADMINISTRATOR": self.administrator,
        }
        planned = {
            variable["name"]: here.get(variable["name"], variable["value"]) if "value" in variable else password
            for variable in container["env"]
        }
        moved = {name: self.moved(value) for name, value in planned.items()}
        return {**moved, **self.aws.environment, "PATH": f"{self.programs}:/usr/bin:/bin"}

    def command(self, container: Mapping[str, Any]) -> Sequence[str]:
        """A container's command with its arguments."""
        planned = [*container["command"], *container.get("args", [])]
        return [
            re.sub(r"(?<==s3://)[^/]+", BUCKET, part).replace(f"--port={PORT}", f"--port={self.port}")
            for part in map(self.moved, planned)
        ]

    def moved(self, text: str) -> str:
        """A value with the pod's folders in a folder of the test."""
        return {CONFIG: str(self.folder), SCRATCH: str(self.folder)}.get(text, text).replace(CONFIG, str(self.folder))

    def configure(self, password: str) -> None:
        """Writes the files that the pod's volume holds."""
        (self.folder / "basic_auth.ini").write_text(basic_auth(password, WRITING, READING))
        (self.folder / AUTHORIZE).write_text(inspect.getsource(_authorize))

    def set_up(self, password: str) -> None:
        """Runs the Job: its init containers one after the other, then its container."""
        self.configure(password)
        spec = self.planned["Job"]["spec"]["template"]["spec"]
        for container in [*spec["initContainers"], *spec["containers"]]:
            run(self.command(container), self.environment(container, password))

    def start(self, container: Mapping[str, Any], password: str) -> subprocess.Popen[bytes]:
        """Starts a container, and does not wait for it."""
        return subprocess.Popen(self.command(container), env=self.environment(container, password))

    @contextmanager
    def server(self, password: str) -> Iterator[str]:
        """Runs the Deployment's container until it is ready; gives its address."""
        self.configure(password)
        (container,) = self.planned["Deployment"]["spec"]["template"]["spec"]["containers"]
        address = f"http://localhost:{self.port}"
        command, environment = self.command(container), self.environment(container, password)
        with process(command, environment, self.folder, self.folder / "log") as server:
            path = container["startupProbe"]["httpGet"]["path"]
            until(
                lambda: server.poll() is not None or status(address + path) == 200,
                f"the server is not ready: {(self.folder / 'log').read_text()}",
            )
            assert server.poll() is None, (self.folder / "log").read_text()
            yield address

    def ready(self, password: str, **changed: str) -> bool:
        """Whether the Deployment's container would get requests, in its environment but for what has changed."""
        (container,) = self.planned["Deployment"]["spec"]["template"]["spec"]["containers"]
        probe = container["readinessProbe"]["exec"]["command"]
        command = [str(self.port) if part == str(PORT) else part for part in probe]
        environment = {**self.environment(container, password), **changed}
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0

    def access(self, address: str, password: str, name: str = ADMINISTRATOR) -> Mapping[str, str]:
        """The environment of who knows name and password, and has no rights in the cloud."""
        return {
            "MLFLOW_TRACKING_URI": address,
            "MLFLOW_TRACKING_USERNAME": name,
            "MLFLOW_TRACKING_PASSWORD": password,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
            "HOME": str(self.folder),
            "PATH": "/usr/bin:/bin",
        }

    def client(self, what: str, address: str, password: str, name: str = ADMINISTRATOR) -> str:
        """What a person's program prints."""
        environment = self.access(address, password, name)
        return run([str(self.programs / "python"), "-W", "ignore", str(CLIENT), what], environment)


@pytest.fixture(scope="session")
def pods(production: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    """The planned pods, with an empty database server and an empty bucket at hand."""
    folder = tmp_path_factory.mktemp("pods")
    with backing(HERE, folder, BUCKET) as (programs, database, aws, arn):
        yield Pods(manifests(production), programs, folder, database, aws, arn, free_port())
