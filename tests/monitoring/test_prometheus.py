"""A real Prometheus, with the chart's scrape configuration and every block's rules, that asks the real predictor.

In the place of the cluster stand labels, as discovery would put them on the predictor's pod. Every query of every
dashboard is answered.
"""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from services import free_port, image, process, status, until
from tools import DASHBOARDS, RULES, tool, values

import mlops_blueprints
from mlops_scaffold.preview.plan import Plan

pytestmark = pytest.mark.xdist_group("prometheus")

ANY = Path(mlops_blueprints.__file__).parent / "files" / "any"
ROW = {"tenure_months": 24, "monthly_charge": 60, "support_tickets": 0, "late_payments": 0, "weekly_logins": 9}


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str

    def ask(self, what: str, **parameters: str) -> Any:
        """The data of an answer; an error, or a warning, fails the test."""
        body = urllib.parse.urlencode(parameters).encode() or None
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}", body, timeout=10) as answer:
            said = json.load(answer)
        assert (said["status"], said.get("warnings")) == ("success", None), said
        return said["data"]

    def query(self, expression: str) -> list[Any]:
        """What a query yields."""
        return self.ask("query", query=expression)["result"]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a predictor with a model, which has been asked a few times."""
    folder, port = tmp_path_factory.mktemp("predictor"), free_port()
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ANY}:{ANY / 'tests' / 'app'}"}
    command = [str(image(ANY / "app") / "python"), str(Path(__file__).with_name("predictor.py")), str(port)]
    with process(command, environment, folder, folder / "log"):
        url = f"http://127.0.0.1:{port}"
        until(lambda: status(f"{url}/readyz") == 200, (folder / "log").read_text())
        yield port


def pod(namespace: str, name: str, port: int, annotations: Mapping[str, str]) -> dict[str, Any]:
    """A pod, as discovery in a cluster would find it."""
    meta = {
        "pod_ip": "127.0.0.1",
        "pod_phase": "Running",
        "pod_name": f"{name}-0",
        "pod_node_name": "node",
        "pod_label_app_kubernetes_io_name": name,
        "namespace": namespace,
        **{f"pod_annotation_prometheus_io_{key.partition('/')[2]}": value for key, value in annotations.items()},
        "pod_annotation_prometheus_io_port": str(port),
    }
    labels = {f"__meta_kubernetes_{key}": value for key, value in meta.items()}
    return {"targets": [f"127.0.0.1:{port}"], "labels": labels}


@pytest.fixture(scope="module")
def prober(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a prober, with the modules that it brings along."""
    folder, port = tmp_path_factory.mktemp("prober"), free_port()
    options = ["--config.file=/etc/prometheus/blackbox.yml", f"--web.listen-address=127.0.0.1:{port}"]
    with process([tool("prometheus-blackbox-exporter"), *options], os.environ, folder, folder / "log"):
        until(lambda: status(f"http://127.0.0.1:{port}/-/healthy") == 200, (folder / "log").read_text())
        yield port


def asked(production: Plan) -> dict[str, str]:
    """What ``watch`` returned for the gateway's prober."""
    (annotations,) = (
        made["deepInputs"]["spec"]["template"]["metadata"]["annotations"]
        for program in production.programs
        for made in program.made
        if made["urn"].endswith("Deployment::gateway-prober")
    )
    return annotations


@pytest.fixture(scope="module")
def prometheus(
    production: Plan, predictor: int, prober: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has asked the predictor more than once."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    # What ``watch`` returned for the queue, whose pods speak HTTPS; those of all others do not.
    secure = values(production, "training-queue")["controllerManager"]["manager"]["podAnnotations"]
    plain = {key: value for key, value in secure.items() if key != "prometheus.io/scheme"}
    pods = [
        pod("serving", "serving", predictor, plain),
        *(
            pod("gateway", name, prober, {**asked(production), "prometheus.io/param_target": f"http://{target}/readyz"})
            for name, target in (("gateway", f"127.0.0.1:{predictor}"), ("shut", f"127.0.0.1:{free_port()}"))
        ),
        pod("serving", "silent", predictor, {**plain, "prometheus.io/scrape": "false"}),
        pod("training-queue", "kueue", free_port(), secure),
        pod("models", "thief", free_port(), secure),
    ]
    (folder / "token").write_text("a token")
    jobs = values(production, "monitoring")["prometheus"]["prometheusSpec"]["additionalScrapeConfigs"]
    for job in jobs:
        job.pop("kubernetes_sd_configs")
        job["static_configs"] = pods
        if "authorization" in job:
            job["authorization"] = {"credentials_file": str(folder / "token")}
    intervals = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration = {"global": intervals, "scrape_configs": jobs, "rule_files": [*map(str, RULES)]}
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))

    options = [f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data"]
    command = [tool("prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"]
    with process(command, os.environ, folder, folder / "log") as started:
        server = Prometheus(f"http://127.0.0.1:{port}")
        until(lambda: started.poll() is not None or status(f"{server.url}/-/ready") == 200, "it is not ready")
        assert started.poll() is None, (folder / "log").read_text()

        def asked_often() -> bool:
            body = json.dumps({"rows": [ROW]}).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{predictor}/predict", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=10):
                return bool(server.query('rate(predictor_request_seconds_count{path="/predict"}[5m]) > 0'))

        until(asked_often, "it does not measure the predictor")
        yield server


def test_a_pod_that_says_so_is_measured_under_the_names_of_the_cluster(prometheus: Prometheus) -> None:
    (up,) = prometheus.query('up{job="serving"}')

    assert {key: up["metric"][key] for key in ("namespace", "pod", "node")} == {
        **{"namespace": "serving", "pod": "serving-0", "node": "node"}
    }
    assert up["value"][1] == "1"
    assert prometheus.query('up{job="silent"}') == []


def test_a_prober_asks_whom_it_is_told_to_ask(production: Plan, prometheus: Prometheus) -> None:
    def answered(job: str) -> list[str]:
        return [each["value"][1] for each in prometheus.query(f'probe_success{{job="{job}", namespace="gateway"}}')]

    assert asked(production)["prometheus.io/param_target"] == "https://predict.example.com/readyz"
    until(lambda: answered("gateway") and answered("shut"), "the prober is not asked")
    assert (answered("gateway"), answered("shut")) == (["1"], ["0"])


def test_only_the_platforms_own_pods_are_shown_the_token(prometheus: Prometheus) -> None:
    targets = prometheus.ask("targets?state=active")["activeTargets"]

    assert {(target["labels"]["job"], target["scrapeUrl"].partition(":")[0]) for target in targets} == {
        ("serving", "http"),
        ("gateway", "http"),
        ("shut", "http"),
        ("kueue", "https"),
    }


def test_every_rule_is_evaluated(prometheus: Prometheus) -> None:
    def rules() -> list[Any]:
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    until(lambda: all(rule["health"] != "unknown" for rule in rules()), "the rules are not evaluated")
    assert [rule for rule in rules() if rule["health"] != "ok"] == []


def panels(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text())["panels"]


def queries(file: Path) -> Iterator[tuple[str, str]]:
    """Each panel's title, and what it asks while every variable says «all»."""
    variables = json.loads(file.read_text())["templating"]["list"]
    for panel in panels(file):
        for target in panel.get("targets", []):
            query = target["expr"]
            for variable in variables:
                query = query.replace(f"${variable['name']}", variable.get("allValue", ""))
            yield panel["title"], query


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_query_of_a_dashboard_is_answered(file: Path, prometheus: Prometheus) -> None:
    silent = [
        f"{title}: {query}" for title, query in queries(file) if "predictor_" in query and not prometheus.query(query)
    ]

    # These cannot: no model has been replaced, and nothing has failed, while we looked.
    assert [query for query in silent if "fail" not in query and "5.." not in query] == []


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_is_one(file: Path) -> None:
    dashboard = json.loads(file.read_text())

    assert dashboard["uid"] == file.stem
    assert dashboard["title"]
    assert "id" not in dashboard, "Grafana gives it out; one that is brought along is refused"
    assert dashboard["schemaVersion"] >= 39
    source, *others = dashboard["templating"]["list"]
    assert source["type"] == "datasource"
    assert all(variable["allValue"] == ".*" for variable in others)
    numbers = [panel["id"] for panel in panels(file)]
    assert len(set(numbers)) == len(numbers)
    squares = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels(file))
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(squares)) == len(squares), "panels lie over each other"
    assert max(x for x, _ in squares) < 24
    for panel in panels(file):
        assert panel["title"]
        assert panel.get("description") or panel["type"] == "text"
        for target in panel.get("targets", []):
            assert target["expr"]
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${source}"}


def test_a_configmap_has_room_for_a_dashboard() -> None:
    assert all(file.stat().st_size < 900_000 for file in DASHBOARDS), "a ConfigMap holds 1 MiB"


def test_names_are_taken_once() -> None:
    names = [file.name for file in (*RULES, *DASHBOARDS)]

    assert len(set(names)) == len(names)
