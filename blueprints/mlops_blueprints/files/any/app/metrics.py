"""What the predictor tells Prometheus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from app.data import FEATURES
from app.drift import TENTHS
from app.registry import Version

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Bounds of the latency histogram; 0.02 is the objective."""

FEATURE_RATIO, PROBABILITY_RATIO = "predictor_feature_ratio", "predictor_probability_ratio"
"""The histograms that tell of drift. What is asked does not depend on the version that answers; the answers do."""

disable_created_metrics()  # One more series for each counter and histogram, which nobody asks for.


class Metrics:
    """The metrics of one predictor, of the model called ``name``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.latency = Histogram(
            "predictor_request_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ["path", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.predictions = Counter(
            "predictor_predictions", "Rows answered, by model version.", ["version"], registry=self.registry
        )
        self.model = Gauge(
            "predictor_model_info",
            "The model that answers requests, and the code that it belongs to.",
            ["name", "version", "code"],
            registry=self.registry,
        )
        self.made = Gauge(
            "predictor_model_made_timestamp_seconds",
            "When that model was registered.",
            ["name", "version"],
            registry=self.registry,
        )
        self.trained = Gauge(
            "predictor_last_training_timestamp_seconds",
            "When the last model of this code was registered, good or not.",
            ["name"],
            registry=self.registry,
        )
        self.loaded = Gauge(
            "predictor_model_loaded_timestamp_seconds",
            "When that model was loaded; 0 before the first.",
            registry=self.registry,
        )
        self.failures = Counter(
            "predictor_reload_failures", "Looks at the registry that failed.", registry=self.registry
        )
        self.features = Histogram(
            FEATURE_RATIO,
            "Where in its column's range a value lies: 0 is the lowest allowed, 1 the highest.",
            ["name", "feature"],
            buckets=TENTHS,
            registry=self.registry,
        )
        self.probabilities = Histogram(
            PROBABILITY_RATIO,
            "What a version of the model answered.",
            ["name", "version"],
            buckets=TENTHS,
            registry=self.registry,
        )
        # A counter that is first seen at 0 loses nothing: Prometheus cannot know what came before it first looked.
        for feature in FEATURES:
            self.features.labels(name, feature)

    def loads(self, version: Version, code: str) -> None:
        """Tells which version answers from now on."""
        self.model.clear()
        self.model.labels(self.name, version.number, code).set(1)
        self.made.clear()
        self.made.labels(self.name, version.number).set(version.made)
        self.loaded.set_to_current_time()
        self.probabilities.labels(self.name, version.number)

    def trains(self, when: float | None) -> None:
        """Tells when a model was trained last, if one was."""
        if when is not None:
            self.trained.labels(self.name).set(when)

    def observe(self, rows: NDArray[np.float64], probabilities: NDArray[np.float64], version: str) -> None:
        """Counts what was asked and answered, so that a shift of either shows."""
        self.predictions.labels(version).inc(len(rows))
        for (name, allowed), values in zip(FEATURES.items(), rows.T, strict=True):
            feature = self.features.labels(self.name, name)
            for ratio in allowed.ratios(values).tolist():
                feature.observe(ratio)
        answers = self.probabilities.labels(self.name, version)
        for probability in probabilities.tolist():
            answers.observe(probability)
