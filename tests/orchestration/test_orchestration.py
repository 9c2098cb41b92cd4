"""Airflow for real: the planned Job, servers and task pods, run against PostgreSQL and a fake S3.

Only what is known inside a cluster alone is put in another's place: hosts, ports, folders, the bucket and the secrets;
and the app, by one that says what it was asked.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alertmanager import Alertmanager, alertmanager, write
from services import (
    LOCALHOST,
    Cloud,
    Postgres,
    backing,
    free_port,
    process,
    run,
    until,
)

import mlops_stacks
from mlops_scaffold.preview.plan import Plan
from mlops_stacks.monitoring import MonitoringSettings
from mlops_stacks.orchestration.kubernetes import ADMINISTRATOR, AIRFLOW, IMAGE, fernet

HERE = Path(__file__).parent
FILES = Path(mlops_stacks.__file__).parent / "orchestration" / "files" / "any"
BUCKET = "artifacts"
SECRETS = {"PGPASSWORD": "database-password", "fernet-key": fernet("f" * 32), "jwt-secret": "j" * 64}

pytestmark = pytest.mark.xdist_group("orchestration")


def planned(plan: Plan, suffix: str) -> Any:
    """The deep inputs of the one resource whose URN ends so."""
    (found,) = (made for program in plan.programs for made in program.made if made["urn"].endswith(suffix))
    return found.get("deepInputs", found["inputs"])


@dataclass(frozen=True)
class Platform:
    """The planned Airflow on this machine: each container a process, with its own command and environment."""

    job: Sequence[Any]
    """The Job's containers, in order."""
    values: Any
    """The chart's."""
    programs: Path
    folder: Path
    database: Postgres
    aws: Cloud
    administrator: str
    """The ARN of the database administrator's secret."""
    port: int
    alerts: Alertmanager

    def environment(self, variables: Sequence[Any], password: str) -> Mapping[str, str]:
        """A container's environment; ``password`` is in the place of each secret that the test does not fix."""
        here = {
            "PGHOST": LOCALHOST,
            "PGPORT": str(self.database.port),
            "AIRFLOW_HOME": str(self.folder),
            "ALERTMANAGER_URL": self.alerts.url,
        }
        found = {
            each["name"]: here.get(each["name"], each["value"])
            if "value" in each
            else SECRETS.get(each["valueFrom"]["secretKeyRef"]["key"], password)
            for each in variables
        }
        if found.get("ADMINISTRATOR", "").startswith("arn:"):
            found["ADMINISTRATOR"] = self.administrator
        path = f"{self.programs}:/usr/bin:/bin"
        return {**found, **self.aws.environment, "AIRFLOW_HOME": str(self.folder), "PATH": path}

    def set_up(self, password: str) -> None:
        """Runs the Job."""
        for container in self.job:
            run(container["command"], self.environment(container["env"], password))

    def configure(self) -> None:
        """Writes airflow.cfg as the chart does: its own values, and over them ours."""
        config = RawConfigParser()
        config.read_dict(self.values["config"])
        config.read_dict(
            {
                "core": {
                    "executor": "processes.Processes",
                    "dags_folder": str(self.folder / "dags"),
                    "load_examples": "False",
                    "execution_api_server_url": f"http://{LOCALHOST}:{self.port}/execution/",
                },
                "api": {"port": str(self.port)},
                "logging": {
                    "base_log_folder": str(self.folder / "logs"),
                    "remote_base_log_folder": re.sub(
                        r"(?<=s3://)[^/]+", BUCKET, self.values["config"]["logging"]["remote_base_log_folder"]
                    ),
                },
                "scheduler": {"standalone_dag_processor": "True"},
            }
        )
        with (self.folder / "airflow.cfg").open("w") as file:
            config.write(file)

    def task(self, **more: str) -> Mapping[str, str]:
        """The environment of a task's pod."""
        variables = [*self.values["env"], *self.values["workers"]["kubernetes"]["env"]]
        return {**self.environment(variables, "tracking-password"), "APP_HOME": str(self.folder / "app"), **more}

    def server(self, part: str, password: str) -> Mapping[str, str]:
        """The environment of a server, which knows besides where the stand-in for pods is, and what a pod knows."""
        return {
            **self.environment([*self.values["env"], *self.values[part]["env"]], password),
            # From the chart, to the two that sign with it.
            **({"AIRFLOW__API_AUTH__JWT_SECRET": SECRETS["jwt-secret"]} if part != "dagProcessor" else {}),
            "TASK_ENVIRONMENT": json.dumps(self.task()),
            "PYTHONPATH": str(HERE),
        }

    def ask(self, path: str, token: str | None = None, body: Any = None) -> Any:
        """What the API answers; None if it does not, or not yet."""
        request = urllib.request.Request(
            f"http://{LOCALHOST}:{self.port}{path}",
            body and json.dumps(body).encode(),
            {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except OSError:
            return None

    def enter(self, password: str) -> str | None:
        """The administrator's token; None if the password is wrong."""
        answer = self.ask("/auth/token", body={"username": ADMINISTRATOR, "password": password})
        return answer and answer["access_token"]


@pytest.fixture(scope="module")
def platform(production: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The planned Airflow, set up, with a database server and a bucket at hand, and the image's files in place."""
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    for file in (*FILES.glob("dags/*.py"), HERE / "dies.py"):
        (folder / "dags" / file.name).symlink_to(file)
    (folder / "app" / "app").mkdir(parents=True)
    (folder / "app" / "app" / "__main__.py").symlink_to(HERE / "fake.py")
    (folder / "app" / "bin").mkdir()
    (folder / "app" / "bin" / "python").symlink_to(sys.executable)
    file = write(MonitoringSettings(slack="slack"), folder)
    with backing(HERE, folder, BUCKET) as (programs, database, aws, arn), alertmanager(folder, file) as alerts:
        pod = planned(production, "Job::orchestration-setup")["spec"]["template"]["spec"]
        values = planned(production, "Release::orchestration")["values"]
        job = [*pod["initContainers"], *pod["containers"]]
        made = Platform(job, values, programs, folder, database, aws, arn, free_port(), alerts)
        made.set_up("first-password")
        made.configure()
        yield made


def test_image_is_the_version_under_test_and_that_of_the_pipelines() -> None:
    locked = re.search(r"^apache-airflow==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    assert locked
    assert locked[1] == AIRFLOW
    assert f"\nFROM {IMAGE}\n" in (FILES / "dags" / "Dockerfile").read_text()


def test_every_option_is_one_that_airflow_knows(platform: Platform) -> None:
    script = (
        "import json; from airflow.configuration import conf; "
        "print(json.dumps({section: list(about['options']) for section, about in"
        " conf.configuration_description.items()}))"
    )
    known = json.loads(run([str(platform.programs / "python"), "-c", script], platform.task()).splitlines()[-1])
    assert [
        f"{section}.{option}"
        for section, options in platform.values["config"].items()
        for option in options
        if option not in known.get(section, [])
    ] == []


def once(platform: Platform, **more: str) -> Any:
    """How one run of the pipeline ends, in one process."""
    environment = {**platform.task(**more), **platform.server("dagProcessor", "first-password")}
    return json.loads(run([str(platform.programs / "python"), str(HERE / "once.py")], environment).splitlines()[-1])


def test_a_step_that_fails_ends_the_run_and_somebody_is_told_until_one_succeeds(platform: Platform) -> None:
    assert once(platform, FAIL="evaluate") == {
        "errors": {},
        "run": "failed",
        "tasks": {"fit": "success", "evaluate": "failed", "promote": "upstream_failed"},
    }
    (alert,) = platform.alerts.alerts()
    assert alert["labels"] == {
        **{"alertname": "PipelineFailed", "severity": "ticket", "dag_id": "train"},
        **{"namespace": "orchestration", "project": "acme-cluster", "environment": "prod"},
    }
    assert alert["receivers"] == [{"name": "ticket"}]
    assert "evaluate" in alert["annotations"]["description"]
    page = (FILES / alert["annotations"]["runbook"]).read_text()
    assert "`PipelineFailed`" in page
    assert "## It is over when" in page
    lasts = datetime.fromisoformat(alert["endsAt"]) - datetime.fromisoformat(alert["startsAt"])
    assert timedelta(days=6) < lasts < timedelta(days=8)

    assert once(platform)["run"] == "success"
    assert platform.alerts.alerts() == []


def test_tasks_run_in_pods_that_know_no_database(platform: Platform) -> None:
    # Another password, and so another Job.
    platform.set_up("second-password")
    with ExitStack() as stack:
        for part, command in (
            ("apiServer", "api-server"),
            ("dagProcessor", "dag-processor"),
            ("scheduler", "scheduler"),
        ):
            server = [str(platform.programs / "airflow"), command]
            environment = platform.server(part, "second-password")
            stack.enter_context(process(server, environment, platform.folder, platform.folder / command))
        until(lambda: platform.ask("/api/v2/monitor/health"), "the API server is not ready", seconds=120)
        assert platform.enter("first-password") is None
        token = platform.enter("second-password")
        assert platform.ask("/api/v2/dags") is None, "whoever has no token"

        runs = "/api/v2/dags/train/dagRuns"

        def ended() -> Any:
            found = (platform.ask(f"{runs}?run_type=scheduled", token) or {}).get("dag_runs")
            return found and found[0]["state"] in ("success", "failed") and found[0]

        # The first of its kind by itself: the schedule is on as soon as the pipeline is there.
        until(ended, (platform.folder / "scheduler").read_text(), seconds=180)
        done = ended()
        assert done["state"] == "success"
        assert platform.ask("/api/v2/importErrors", token)["total_entries"] == 0

        task = f"{runs}/{done['dag_run_id']}/taskInstances/promote"
        said = platform.ask(f"{task}/xcomEntries/return_value?deserialize=true", token)["value"]
        assert said["command"] == "promote"
        assert {"MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"} <= {*said["variables"]}
        assert not {*said["variables"]} & {"PGPASSWORD", "PGHOST", "AIRFLOW__CORE__FERNET_KEY"}
        assert "this is promote" in json.dumps(platform.ask(f"{task}/logs/1", token))

        until(platform.alerts.alerts, "nobody hears of a pod that died", seconds=120)
        (alert,) = platform.alerts.alerts()
        assert alert["labels"]["dag_id"] == "dies"
        assert "use_too_much: task_failure" in alert["annotations"]["description"]

    listing = (
        f"import boto3; print(boto3.client('s3').list_objects_v2(Bucket='{BUCKET}', Prefix='orchestration/logs/'))"
    )
    assert "task_id=promote" in run([str(platform.programs / "python"), "-c", listing], platform.aws.environment)
