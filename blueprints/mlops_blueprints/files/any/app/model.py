"""The model: how it learns, how good it is, and when it is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from app.data import FEATURES, LABEL, Customer

Metrics = Mapping[str, float]

PARAMETERS: Mapping[str, float] = {"C": 1.0, "degree": 2}
"""``C``: the inverse of the regularisation. ``degree``: how many columns may work together."""


def features(table: pd.DataFrame) -> NDArray[np.float64]:
    """A table's features as bare numbers, in the order of ``FEATURES``.

    The model never sees a DataFrame: to make one for each request would cost more than the prediction.
    """
    return table[list(FEATURES)].to_numpy(dtype=np.float64)


def asked(customers: Sequence[Customer]) -> NDArray[np.float64]:
    """The same of the customers of a request: whoever changes the one changes the other."""
    return np.array([[getattr(customer, name) for name in FEATURES] for customer in customers])


def train(table: pd.DataFrame, parameters: Mapping[str, float] = PARAMETERS) -> Pipeline:
    """A logistic regression on the features and their products."""
    pipeline = make_pipeline(
        StandardScaler(),
        PolynomialFeatures(int(parameters["degree"]), include_bias=False),
        LogisticRegression(C=parameters["C"], max_iter=1000),
    )
    return pipeline.fit(features(table), table[LABEL].to_numpy())


def probabilities(pipeline: Pipeline, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How likely each row's customer is to leave, from 0 to 1."""
    return pipeline.predict_proba(rows)[:, 1]


def evaluate(pipeline: Pipeline, table: pd.DataFrame) -> Metrics:
    """How good a model is on a table that it has not learned from.

    ``skill`` decides: the share of the baseline's log loss that the model saves. The baseline knows the share of those
    who leave, and nothing of any one of them. Zero is no better than that, one is perfect, and below zero is worse.
    """
    left = table[LABEL].to_numpy()
    guessed = probabilities(pipeline, features(table))
    loss, baseline = float(log_loss(left, guessed)), float(log_loss(left, np.full(len(left), left.mean())))
    return {
        "skill": 1 - loss / baseline,
        "log_loss": loss,
        "baseline_log_loss": baseline,
        "roc_auc": float(roc_auc_score(left, guessed)),
        "brier": float(brier_score_loss(left, guessed)),
    }


def to_beat(champion: Metrics | None, predecessor: Metrics | None, margin: float) -> float:
    """The skill from which a challenger is promoted.

    It is a margin above the champion's, or above the baseline's. The first one of new code has no champion to beat, and
    may be a margin below what its predecessor was when that was trained: a change of the code need not make a model
    better, and must not make it worse.
    """
    if champion:
        return champion["skill"] + margin
    return max(predecessor.get("skill", 0.0) - margin if predecessor else 0.0, margin)
