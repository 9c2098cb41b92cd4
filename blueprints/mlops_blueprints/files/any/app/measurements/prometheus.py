"""Measurements in Prometheus, which counts what the predictors say; scores reach it through a Pushgateway."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
from prometheus_client import CollectorRegistry, Gauge, push_to_gateway

from app.drift import ANSWER, Distributions, Report
from app.metrics import FEATURE_RATIO, PROBABILITY_RATIO

SECONDS = 30
"""How long an answer may take."""


class Prometheus:
    """A Prometheus server that is asked, and the Pushgateway that it reads."""

    def __init__(self, url: str, gateway: str) -> None:
        self.url = url
        self.gateway = gateway

    def traffic(self, name: str, version: str, hours: int) -> Distributions:
        """Adds up how much each bucket of the predictors' histograms has grown.

        Questions are those to every version, for whoever asks does not know which one will answer.
        """
        # A quoted string of PromQL is one of JSON.
        model, answered = f"name={json.dumps(name)}", f"version={json.dumps(version)}"
        asked = self._ask(f"sum by (feature, le) (increase({FEATURE_RATIO}_bucket{{{model}}}[{hours}h]))")
        answers = self._ask(f"sum by (le) (increase({PROBABILITY_RATIO}_bucket{{{model},{answered}}}[{hours}h]))")
        return dict(_columns(asked + answers))

    def publish(self, report: Report) -> None:
        """Pushes one group of metrics a model, which replaces the last one whole: without a score, there is none."""
        registry = CollectorRegistry()

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(name, meaning, labels, registry=registry)

        score = gauge("drift_psi", "Population stability index of a column.", "version", "column")
        rows = gauge("drift_rows", "Rows that a score is about.", "version", "column")
        for each in report.comparisons:
            rows.labels(report.version, each.column).set(each.rows)
            if each.score is not None:
                score.labels(report.version, each.column).set(each.score)
        gauge("drift_psi_threshold", "The score from which on a column has drifted.").set(report.threshold)
        made = datetime.fromisoformat(report.made).timestamp()
        gauge("drift_report_timestamp_seconds", "When the last report was made.").set(made)
        push_to_gateway(self.gateway, "drift", registry, {"name": report.name}, timeout=SECONDS)

    def _ask(self, query: str) -> list[Any]:
        """What a query yields now: labels and value of each series."""
        address = f"{self.url}/api/v1/query?{urlencode({'query': query})}"
        with urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 - the owner's own server
            return json.load(answer)["data"]["result"]


def _columns(series: list[Any]) -> Iterator[tuple[str, Sequence[float]]]:
    """Each column with the rows in each bucket; Prometheus says how many lie at or below a bound."""

    def column(one: Any) -> str:
        return one["metric"].get("feature", ANSWER)

    for name, buckets in groupby(sorted(series, key=column), key=column):
        below = sorted((float(one["metric"]["le"]), float(one["value"][1])) for one in buckets)
        # The last bound is infinity, and nothing lies above 1. A restart in between can make a bound seem to have lost
        # a fraction of a row.
        yield name, np.maximum(np.diff([count for _, count in below[:-1]], prepend=0), 0).tolist()
