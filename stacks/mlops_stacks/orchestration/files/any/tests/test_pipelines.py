"""Whoever should hear of a run that failed does, and whoever does not answer keeps nobody from it."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from dags import alerts

ROOT = Path(__file__).parents[1]
RUN = {"dag": SimpleNamespace(dag_id="train"), "run_id": "scheduled__2026-01-01", "reason": "task_failure"}


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The alerts that an Alertmanager of the test was sent."""
    found: list[dict[str, Any]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            right = self.path == "/api/v2/alerts" and self.headers["Content-Type"] == "application/json"
            found.extend(body if right else [])
            self.send_response(200 if right else 400)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("ALERTMANAGER_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("ALERT_LABELS", '{"namespace": "orchestration"}')
        yield found
        server.shutdown()
        thread.join()


def test_a_run_that_failed_is_told_and_taken_back(heard: list[dict[str, Any]]) -> None:
    alerts.failed({**RUN, "task_instance": SimpleNamespace(task_id="evaluate")})
    alerts.succeeded(RUN)

    told, taken_back = heard
    assert told["labels"] == taken_back["labels"], "another alert would not end the first"
    assert told["labels"] == {
        **{"alertname": "PipelineFailed", "severity": "ticket"},
        **{"namespace": "orchestration", "dag_id": "train"},
    }
    assert "evaluate: task_failure" in told["annotations"]["description"]
    assert datetime.fromisoformat(taken_back["endsAt"]) <= datetime.now(UTC) < datetime.fromisoformat(told["endsAt"])


def test_a_run_without_a_task_to_blame_is_told_too(heard: list[dict[str, Any]]) -> None:
    alerts.failed(RUN)

    assert [alert["labels"]["dag_id"] for alert in heard] == ["train"]


def test_every_replica_is_told_also_when_one_does_not_answer(
    heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resolve = socket.getaddrinfo

    def replicas(host: str, *more: Any, **options: Any) -> Any:
        if host == "10.0.0.1":
            raise OSError("No route to host")
        found = resolve("127.0.0.1" if host == "alertmanager" else host, *more, **options)
        gone = [(*found[0][:4], ("10.0.0.1", 0))] if host == "alertmanager" else []
        return [*gone, *found]

    monkeypatch.setattr(socket, "getaddrinfo", replicas)
    monkeypatch.setenv("ALERTMANAGER_URL", os.environ["ALERTMANAGER_URL"].replace("127.0.0.1", "alertmanager"))

    alerts.failed(RUN)

    assert len(heard) == 1
    assert [(record.levelno, record.args) for record in caplog.records] == [(logging.ERROR, ("10.0.0.1",))]


def test_a_host_without_an_address_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def nowhere(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setenv("ALERTMANAGER_URL", "http://alertmanager:9093")
    monkeypatch.setenv("ALERT_LABELS", "{}")

    alerts.failed(RUN)

    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_platform_without_monitoring_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERTMANAGER_URL", raising=False)
    monkeypatch.setattr(alerts, "HTTPConnection", None)

    alerts.failed(RUN)
    alerts.succeeded(RUN)


def test_the_alert_has_its_page() -> None:
    page = (ROOT / alerts.RUNBOOK).read_text(encoding="utf-8")

    assert "`PipelineFailed`" in page
    assert "## It is over when" in page
