"""Whether the model is still asked, and still answers, what it was trained on.

No request is kept for that. Training counts in which tenth of its range each value lies, the predictor counts it too
(``metrics``), and the two are compared by their population stability index (PSI).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from app import model
from app.data import FEATURES

TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
"""The upper bounds of the tenths of a range, from 0 to 1; a bound belongs to the tenth below it."""

ANSWER = "probability"
"""The column of what was answered, beside those of what was asked."""

Distributions = Mapping[str, Sequence[float]]
"""A column to the rows in each of its tenths. Where they were measured, they are not whole numbers."""

STABLE, MOVED = 0.1, 0.2
"""Below the first a population counts as the same, and from the second on as another.

A convention of credit scoring (E. M. Lewis, *An Introduction to Credit Scoring*, 1994, and N. Siddiqi, *Credit Risk
Scorecards*, 2006, have 0.1 and 0.25; 0.2 is as common, and warns earlier). No theory stands behind it.
"""

ENOUGH = 500
"""The rows that it takes, on both sides, to say anything.

For one and the same population, PSI / (1/n + 1/m) is distributed as chi-squared with 9 degrees of freedom, if there
are ten bins (B. Yurdakul, *Statistical Properties of Population Stability Index*, 2018). So with 500 rows on either
side chance alone reaches 0.1 in three comparisons of a thousand, and 0.2 in one of ten million.
"""

LEAST = 0.0001
"""The share that an empty tenth counts as, for a logarithm needs one: less than one row of the default table."""


@dataclass(frozen=True)
class Comparison:
    """One column, as the model learned it and as it is now."""

    column: str
    rows: int
    """How many were measured."""
    score: float | None
    """The population stability index; None if there were too few rows to say."""
    trained: Sequence[float]
    """The share of each tenth of the range, from 0 to 1, when the model was trained."""
    measured: Sequence[float]
    """The share now; all zero if there was no row."""


@dataclass(frozen=True)
class Report:
    """What one look at a model has shown."""

    name: str
    """The model's."""
    version: str
    made: str
    """The time, in UTC (ISO 8601)."""
    hours: int
    """How far it looks back."""
    threshold: float
    """The score from which on a column has drifted."""
    enough: int
    """The rows from which on there is a score."""
    comparisons: Sequence[Comparison]

    @property
    def drifted(self) -> Sequence[str]:
        """The columns at or above the threshold."""
        return [each.column for each in self.comparisons if each.score is not None and each.score >= self.threshold]


def reference(pipeline: Pipeline, table: pd.DataFrame) -> Distributions:
    """What a model can expect, from rows that it has not learned from: to those it answers as it would to strangers."""
    rows = model.features(table)
    ratios = {name: allowed.ratios(values) for (name, allowed), values in zip(FEATURES.items(), rows.T, strict=True)}
    return {column: tenths(each) for column, each in {**ratios, ANSWER: model.probabilities(pipeline, rows)}.items()}


def tenths(ratios: NDArray[np.float64]) -> Sequence[int]:
    """How many values, from 0 to 1, lie in each tenth."""
    return np.bincount(np.searchsorted(TENTHS, ratios), minlength=len(TENTHS)).tolist()


def compare(trained: Distributions, measured: Distributions, enough: int) -> Sequence[Comparison]:
    """Each column that the model was trained on with what was measured of it."""
    nothing = [0.0] * len(TENTHS)
    return [_compare(column, counts, measured.get(column, nothing), enough) for column, counts in trained.items()]


def _compare(column: str, trained: Sequence[float], measured: Sequence[float], enough: int) -> Comparison:
    says = min(sum(trained), sum(measured)) >= enough
    return Comparison(
        column=column,
        rows=round(sum(measured)),
        score=stability(trained, measured) if says else None,
        trained=_shares(trained).tolist(),
        measured=_shares(measured).tolist(),
    )


def stability(trained: Sequence[float], measured: Sequence[float]) -> float:
    """The population stability index: 0 for the same shares, and more the further they are apart.

    It is the sum, over the tenths, of (measured - trained) x ln(measured / trained).
    """
    before, now = (np.maximum(_shares(counts), LEAST) for counts in (trained, measured))
    return float(np.sum((now - before) * np.log(now / before)))


def _shares(counts: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(counts, dtype=np.float64) / max(sum(counts), 1)
