"""Alertmanager's configuration, by amtool; and what people read, from a real Alertmanager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from alertmanager import alertmanager, write
from services import until
from tools import told, tool, values

from mlops_scaffold.preview.plan import Plan
from mlops_stacks.monitoring import MonitoringSettings
from mlops_stacks.monitoring.kubernetes import routing

NOBODY = MonitoringSettings()
EVERYBODY = MonitoringSettings(slack="slack", pagerduty="pagerduty", heartbeat="heartbeat")

ALERT = {
    "labels": {
        **{"alertname": "PredictorSlow", "severity": "ticket", "namespace": "serving"},
        **{"project": "acme", "environment": "prod"},
    },
    "annotations": {
        "summary": "The predictor is slow",
        "description": "More than one answer in a hundred takes longer.",
        "runbook": "docs/runbooks/predictor-slow.md",
    },
}


def test_it_is_what_the_chart_gets(production: Plan) -> None:
    given = values(production, "monitoring")["alertmanager"]

    assert given["config"] == routing(MonitoringSettings(size="medium", replicas=2, log_days=90))
    assert "volumes" not in given["alertmanagerSpec"], "nobody waits for a value that nobody has brought"


@pytest.mark.parametrize("settings", [NOBODY, EVERYBODY], ids=["nobody", "everybody"])
def test_amtool_takes_it(settings: MonitoringSettings, tmp_path: Path) -> None:
    assert "SUCCESS" in told(tool("amtool"), "check-config", write(settings, tmp_path))


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=PredictorUnavailable", "severity=page"], "page"),
        (["alertname=PredictorSlow", "severity=ticket"], "ticket"),
        (["alertname=PrometheusBadConfig", "severity=critical"], "page"),
        (["alertname=TargetDown", "severity=warning"], "ticket"),
        (["alertname=Watchdog", "severity=none"], "heartbeat"),
        (["alertname=CPUThrottlingHigh", "severity=info"], "nobody"),
        (["alertname=WhoeverForgotIt"], "nobody"),
    ],
)
def test_routes(labels: list[str], receiver: str, tmp_path: Path) -> None:
    file = write(EVERYBODY, tmp_path)
    said = told(tool("amtool"), "config", "routes", "test", f"--config.file={file}", *labels)

    assert said.strip() == receiver


@pytest.mark.parametrize("entry", ["Slack", "a/b", "-a", "a" * 20])
def test_an_entry_has_a_name_that_a_store_takes(entry: str) -> None:
    with pytest.raises(ValueError, match="slack"):
        MonitoringSettings(slack=entry)


@contextmanager
def world() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """What is outside of the cluster, and what it is sent: path and body."""
    heard: list[tuple[str, Any]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(202 if self.path == "/pagerduty" else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=server.serve_forever, daemon=True).start()
    with server:
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


def test_people_are_told_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    with world() as (address, heard):
        file = write(EVERYBODY, tmp_path, address)
        file.write_text(file.read_text().replace("group_wait: 30s", "group_wait: 0s"))
        with alertmanager(tmp_path, file) as running:
            page = {**ALERT, "labels": {**ALERT["labels"], "alertname": "PredictorUnavailable", "severity": "page"}}
            running.tell(ALERT, page, {"labels": {"alertname": "Watchdog", "severity": "none"}})
            until(lambda: len(heard) == 4, f"not everybody was told: {heard}", seconds=20)

    messages = [message for path, body in heard if path == "/slack" for message in body["attachments"]]
    assert {path for path, _ in heard} == {"/slack", "/pagerduty", "/heartbeat"}
    assert {(message["title"], message["color"]) for message in messages} == {
        ("PredictorSlow (acme prod)", "warning"),
        ("PredictorUnavailable (acme prod)", "danger"),
    }
    for message in messages:
        assert "The predictor is slow\nMore than one answer in a hundred takes longer." in message["text"]
        assert "docs/runbooks/predictor-slow.md" in message["text"]
    (woken,) = (body for path, body in heard if path == "/pagerduty")
    assert woken["payload"]["summary"] == "PredictorUnavailable (acme prod)"
    assert "docs/runbooks/predictor-slow.md" in woken["payload"]["custom_details"]["alerts"]
