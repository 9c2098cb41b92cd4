"""The app for real: set up, checked and tested as its owner does it, and its loop against a real MLflow server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pods import BUCKET, READING, WRITING, Pods
from prometheus import Prometheus, prometheus, pushgateway
from services import LOCALHOST, free_port, process, run, status, until

from mlops_scaffold.preview.plan import Plan
from mlops_stacks.tracking.kubernetes import READER, WRITER

pytestmark = pytest.mark.xdist_group("mlflow")

MLFLOW = Path(__file__).parents[1] / "mlflow"
PASSWORD = "first-password"
CALM = {"tenure_months": 24, "monthly_charge": 60, "support_tickets": 0, "late_payments": 0, "weekly_logins": 9}
CROSS = {**CALM, "support_tickets": 5, "late_payments": 4}
CUSTOMERS = """
import json, sys
from app import data
customers = data.make(1500, seed=11)[list(data.FEATURES)]
customers["support_tickets"] = (customers["support_tickets"] + float(sys.argv[1])).clip(upper=20)
print(json.dumps(customers.to_dict("records")))
"""
SAMPLES = """
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
samples = [sample for family in parse(sys.stdin.read()) for sample in family.samples]
print(json.dumps({" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}))
"""


@dataclass(frozen=True)
class Predictor:
    """A running predictor."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> int | None:
        """The status of a page; None if nobody answers."""
        return status(self.url + path)

    def ask(self, *rows: Mapping[str, float]) -> Any:
        """What it predicts."""
        body = json.dumps({"rows": rows}).encode()
        request = urllib.request.Request(f"{self.url}/predict", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def logged(self) -> list[str]:
        """The messages of its log, every line of which is JSON."""
        return [json.loads(line)["message"] for line in self.log.read_text().splitlines()]


@dataclass(frozen=True)
class App:
    """The app of a repository, after ``make app-setup``."""

    folder: Path

    @property
    def python(self) -> str:
        """Its own Python."""
        return str(self.folder / ".venv-app" / "bin" / "python")

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        """Runs a target of the repository."""
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        environment = {**os.environ, "PATH": path}
        return subprocess.run(
            ["make", target], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def environment(self, access: Mapping[str, str]) -> Mapping[str, str]:
        """That of a process which finds the server, and does not wait long for it."""
        return {**access, "PYTHONPATH": str(self.folder), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}

    def do(self, access: Mapping[str, str], *arguments: str) -> Any:
        """What a command prints."""
        return json.loads(run([self.python, "-m", "app", *arguments], self.environment(access)))

    def customers(self, tickets: int) -> list[Mapping[str, float]]:
        """1500 customers of the population that the model is trained on, each with so many tickets more."""
        environment = {"PYTHONPATH": str(self.folder)}
        return json.loads(run([self.python, "-c", CUSTOMERS, str(tickets)], environment))

    @contextmanager
    def serve(self, access: Mapping[str, str], folder: Path) -> Iterator[Predictor]:
        """Runs the predictor."""
        port = free_port()
        options = ["--port", str(port), "--reload-seconds", "1", "--drain-seconds", "2"]
        command = [self.python, "-m", "app", "serve", *options]
        with process(command, self.environment(access), folder, folder / "log") as started:
            predictor = Predictor(f"http://127.0.0.1:{port}", started, folder / "log")
            until(lambda: started.poll() is not None or predictor.get("/healthz") == 200, "the predictor does not live")
            assert started.poll() is None, predictor.log.read_text()
            yield predictor

    def samples(self, predictor: Predictor) -> Mapping[str, float]:
        """What Prometheus' own parser reads: name and values of the labels, to value."""
        with urllib.request.urlopen(f"{predictor.url}/metrics", timeout=10) as answer:
            page = answer.read()
        return json.loads(subprocess.check_output([self.python, "-c", SAMPLES], input=page))


@pytest.fixture(scope="module")
def app(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app, with what it needs installed."""
    made = App(shutil.copytree(repository, tmp_path_factory.mktemp("app") / "acme"))
    done = made.make("app-setup")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize("target", ["app-check", "app-test"])
def test_it_passes_its_own_checks_on_the_first_day(target: str, app: App) -> None:
    done = app.make(target)

    assert done.returncode == 0, done.stdout + done.stderr


def test_its_client_is_the_servers_version(app: App) -> None:
    locks = [app.folder / "app" / "requirements.txt", MLFLOW / "requirements.txt"]

    versions = {version for lock in locks for version in re.findall(r"^mlflow-skinny==(\S+)", lock.read_text(), re.M)}

    assert len(versions) == 1


def test_its_locks_name_no_index(app: App) -> None:
    for lock in (app.folder / "app" / "requirements.txt", app.folder / "tests" / "app" / "requirements.txt"):
        assert "://" not in lock.read_text()


def test_a_model_is_trained_promoted_served_and_replaced_and_outlives_its_registry(
    app: App, pods: Pods, tmp_path: Path
) -> None:
    pods.set_up(PASSWORD)
    with ExitStack() as server:
        address = server.enter_context(pods.server(PASSWORD))
        access = pods.access(address, WRITING, WRITER)
        with app.serve(pods.access(address, READING, READER), tmp_path) as predictor:
            assert predictor.get("/readyz") == 503, "there is no model yet"

            assert app.do(access, "train") == {"version": "1"}
            assert app.do(access, "promote")["promoted"]
            until(lambda: predictor.get("/readyz") == 200, "the first champion is not loaded")

            answer = predictor.ask(CALM, CROSS)
            assert (answer["model"], answer["version"]) == ("churn", "1")
            assert answer["probabilities"][0] < 0.2
            assert answer["probabilities"][1] > 0.9
            samples = app.samples(predictor)
            assert samples["predictor_predictions_total 1"] == 2
            assert samples["predictor_request_seconds_count /predict 200"] == 1
            assert samples["predictor_feature_ratio_count support_tickets churn"] == 2

            assert app.do(access, "train", "--seed", "2") == {"version": "2"}
            verdict = app.do(access, "promote", "--margin", "-1")
            assert (verdict["challenger"], verdict["champion"]) == ("2", "1")
            until(lambda: predictor.ask(CALM)["version"] == "2", "the second champion is not loaded")
            assert "predictor_model_info churn 2" in app.samples(predictor)

            server.close()
            until(lambda: app.samples(predictor)["predictor_reload_failures_total"] > 0, "nobody misses the registry")
            assert predictor.get("/readyz") == 200

            predictor.process.send_signal(signal.SIGTERM)
            until(lambda: predictor.get("/readyz") == 503, "it does not say that it is about to end")
            assert predictor.ask(CALM)["version"] == "2"
            assert predictor.process.wait(10) == -signal.SIGTERM
            assert predictor.get("/healthz") is None

    said = predictor.logged()
    assert said.count("loaded") == 2
    assert said.index("stopping") < said.index("Application shutdown complete.")


def planned(plan: Plan, kind: str, name: str) -> Sequence[str]:
    """The arguments of a container that the drift component plans."""
    (inputs,) = [
        resource["deepInputs"]
        for made in plan.programs
        for resource in made.made
        if resource["urn"].endswith(f":{kind}::{name}")
    ]
    spec = inputs["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else inputs["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    return container["args"]


def test_what_a_model_is_asked_is_compared_with_what_it_was_trained_on(
    app: App, pods: Pods, production: Plan, tmp_path: Path
) -> None:
    """The planned arguments of the job and of the Pushgateway, with addresses of this machine."""
    pods.set_up(PASSWORD)
    port, rules = free_port(), app.folder / "monitoring" / "rules" / "drift.yaml"
    gateway = [
        argument.replace(":9091", f"{LOCALHOST}:{port}").replace("/scores/", f"{tmp_path}/")
        for argument in planned(production, "Deployment", "drift-scores")
    ]
    with ExitStack() as stack:
        access = pods.access(stack.enter_context(pods.server(PASSWORD)), WRITING, WRITER)
        app.do(access, "train")
        app.do(access, "promote", "--margin", "-1")
        predictor = stack.enter_context(app.serve(access, tmp_path))
        pushed = stack.enter_context(pushgateway(tmp_path, gateway, port))
        addresses = [url.removeprefix("http://") for url in (predictor.url, pushed)]
        watching = stack.enter_context(prometheus(tmp_path, rules, *addresses))
        until(lambda: predictor.get("/readyz") == 200, "the champion is not loaded")
        until(lambda: asked(watching) == 0 and watching.ask("drift_psi") == [], "Prometheus sees no predictor")

        def drift() -> Any:
            here = {"--prometheus": watching.url, "--pushgateway": pushed}
            command = [
                f"{name}={here.get(name, value)}" if value else name
                for name, _, value in (argument.partition("=") for argument in planned(production, "CronJob", "drift"))
            ]
            return app.do(access, *command)

        assert [each["score"] for each in drift()["comparisons"]] == 6 * [None], "nobody has asked anything yet"

        send(app.customers(tickets=0), predictor, watching)
        report = drift()
        scores = {each["column"]: each["score"] for each in report["comparisons"]}
        assert max(scores.values()) < 0.1, scores
        # Prometheus reckons with what came between its looks, and has had few of them.
        assert all(1400 < each["rows"] < 2000 for each in report["comparisons"])
        until(lambda: len(watching.ask("drift_psi")) == 6, "the scores do not reach Prometheus")
        assert watching.ask('ALERTS{alertname="DataDrifted"}') == []

        for _ in range(2):
            send(app.customers(tickets=6), predictor, watching)
        report = drift()
        scores = {each["column"]: each["score"] for each in report["comparisons"]}
        assert scores["support_tickets"] > 1
        assert scores["probability"] > 0.2
        assert max(scores[column] for column in ("tenure_months", "monthly_charge", "weekly_logins")) < 0.1
        until(lambda: watching.ask('ALERTS{alertname="DataDrifted", alertstate="firing"}'), "nobody is told")
        ((labels, value),) = watching.ask('drift_psi{column="support_tickets"}')
        assert (labels["name"], labels["version"], value) == ("churn", report["version"], scores["support_tickets"])

        kept = stored(pods)
        assert len([key for key in kept if key.endswith("/artifacts/report.json")]) == 3
        assert len([key for key in kept if key.endswith("/artifacts/report.html")]) == 3
        for expression in expressions(app.folder / "monitoring" / "dashboards" / "drift.json"):
            assert watching.ask(expression), expression


def asked(watching: Prometheus) -> float | None:
    """How many rows the predictor was asked, as far as Prometheus knows."""
    return next((value for _, value in watching.ask("max(predictor_feature_ratio_count)")), None)


def send(customers: Sequence[Mapping[str, float]], predictor: Predictor, watching: Prometheus) -> None:
    """Asks about customers, and waits until Prometheus has seen it."""
    wanted = (asked(watching) or 0) + len(customers)
    for first in range(0, len(customers), 100):
        predictor.ask(*customers[first : first + 100])
    until(lambda: asked(watching) == wanted, "Prometheus does not see what was asked")


def stored(pods: Pods) -> Sequence[str]:
    """The keys of the bucket."""
    script = (
        f"import boto3; pages = boto3.client('s3').get_paginator('list_objects_v2').paginate(Bucket='{BUCKET}'); "
        "print(*[item['Key'] for page in pages for item in page.get('Contents', [])], sep='\\n')"
    )
    return run([str(pods.programs / "python"), "-c", script], pods.aws.environment).splitlines()


def expressions(dashboard: Path) -> Sequence[str]:
    """The queries of a dashboard, for every model."""
    panels = json.loads(dashboard.read_text())["panels"]
    return [target["expr"].replace("$name", ".*") for panel in panels for target in panel["targets"]]
