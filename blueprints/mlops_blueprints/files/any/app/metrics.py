"""What the predictor tells Prometheus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from app.data import FEATURES

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Bounds of the latency histogram; 0.02 is the objective."""
TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
"""Bounds of what lies between 0 and 1."""

disable_created_metrics()  # One more series for each counter and histogram, which nobody asks for.


class Metrics:
    """The metrics of one predictor."""

    def __init__(self) -> None:
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
            "predictor_model_info", "The model that answers requests.", ["name", "version"], registry=self.registry
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
            "predictor_feature_ratio",
            "Where in its column's range a value lies: 0 is the lowest allowed, 1 the highest.",
            ["feature"],
            buckets=TENTHS,
            registry=self.registry,
        )
        self.probabilities = Histogram(
            "predictor_probability_ratio", "What the model answered.", buckets=TENTHS, registry=self.registry
        )

    def loads(self, name: str, version: str) -> None:
        """Tells which version answers from now on."""
        self.model.clear()
        self.model.labels(name, version).set(1)
        self.loaded.set_to_current_time()

    def observe(self, rows: NDArray[np.float64], probabilities: NDArray[np.float64], version: str) -> None:
        """Counts what was asked and answered, so that a shift of either shows."""
        self.predictions.labels(version).inc(len(rows))
        for (name, allowed), values in zip(FEATURES.items(), rows.T, strict=True):
            feature = self.features.labels(name)
            for ratio in ((values - allowed.low) / (allowed.high - allowed.low)).tolist():
                feature.observe(ratio)
        for probability in probabilities.tolist():
            self.probabilities.observe(probability)
