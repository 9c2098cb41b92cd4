"""The adapter against a server that answers as Prometheus does; a real one is asked by the tests of the generator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlparse

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.drift import ANSWER, Comparison, Report
from app.measurements.prometheus import Prometheus

COMPARISONS = [
    Comparison("tenure_months", 700, 0.25, trained=[0.1] * 10, measured=[0.1] * 10),
    Comparison(ANSWER, 3, None, trained=[0.1] * 10, measured=[0.0] * 10),
]
REPORT = Report("churn", "7", "2026-11-24T05:00:00+00:00", 24, 0.2, 500, COMPARISONS)


QUERIES: list[str] = []
PUSHED: dict[str, str] = {}


class Server(BaseHTTPRequestHandler):
    """Answers each query with the same buckets, and takes what is pushed."""

    def do_GET(self) -> None:
        (query,) = parse_qs(urlparse(self.path).query)["query"]
        QUERIES.append(query)
        labels = {"feature": "tenure_months"} if "feature" in query else {}
        # Unordered, as series come; the first bound has lost something by a restart.
        bounds = [("+Inf", "12"), ("0.2", "1.5"), ("1.0", "12"), ("0.1", "2")]
        series = [{"metric": {**labels, "le": bound}, "value": [0, count]} for bound, count in bounds]
        self.answer(json.dumps({"status": "success", "data": {"resultType": "vector", "result": series}}).encode())

    def do_PUT(self) -> None:
        PUSHED[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    QUERIES.clear()
    PUSHED.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_buckets_become_rows_in_each_tenth(url: str) -> None:
    found = Prometheus(url, "").traffic("churn", "7", 24)

    assert found == {"tenure_months": [2, 0, 10.5], ANSWER: [2, 0, 10.5]}


def test_questions_are_those_to_every_version_and_answers_those_of_one(url: str) -> None:
    Prometheus(url, "").traffic('"odd"', "7", 48)

    asked, answered = QUERIES
    assert asked == r'sum by (feature, le) (increase(predictor_feature_ratio_bucket{name="\"odd\""}[48h]))'
    assert answered == r'sum by (le) (increase(predictor_probability_ratio_bucket{name="\"odd\"",version="7"}[48h]))'


def test_scores_are_pushed_and_what_has_none_is_left_out(url: str) -> None:
    Prometheus("", url).publish(REPORT)

    ((path, body),) = PUSHED.items()
    samples = {
        (sample.name, sample.labels.get("column")): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert path == "/metrics/job/drift/name/churn"
    assert samples == {
        ("drift_psi", "tenure_months"): 0.25,
        ("drift_rows", "tenure_months"): 700,
        ("drift_rows", ANSWER): 3,
        ("drift_psi_threshold", None): 0.2,
        ("drift_report_timestamp_seconds", None): 1795496400,
    }
