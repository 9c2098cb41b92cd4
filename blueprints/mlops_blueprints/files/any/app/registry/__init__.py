"""Where models are kept: what the app needs of it, in its own words. Each tool has a module beside this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
from sklearn.pipeline import Pipeline

from app.drift import Distributions

CHAMPION = "champion"
"""The alias of the version that answers requests."""
CHALLENGER = "challenger"
"""The alias of the version that was trained last."""


class NoVersionError(LookupError):
    """An alias points to nothing."""


class NoReferenceError(LookupError):
    """A version does not say what it was trained on."""


@dataclass(frozen=True)
class Candidate:
    """A model fresh from training, and how it came about."""

    pipeline: Pipeline
    parameters: Mapping[str, float]
    metrics: Mapping[str, float]
    example: pd.DataFrame
    """A few rows of what it takes: whoever finds the model can see what to ask it."""
    reference: Distributions
    """What it can expect to be asked, and to answer."""


@dataclass(frozen=True)
class Version:
    """A registered model, ready to be asked."""

    number: str
    pipeline: Pipeline
    columns: Sequence[str]
    """What it takes, in order."""


class Registry(Protocol):
    """The versions of one model, and the aliases that point to them."""

    name: str
    """The model's name."""

    def record(self, candidate: Candidate) -> str:
        """Keeps a model with all that belongs to it, and gives its version's number."""
        ...

    def current(self, alias: str) -> str | None:
        """The number of the version that an alias points to; None if there is none."""
        ...

    def point(self, alias: str, number: str) -> None:
        """Lets an alias point to a version, and to no other."""
        ...

    def load(self, number: str) -> Version:
        """Fetches a version."""
        ...

    def reference(self, number: str) -> Distributions:
        """What a version can expect to be asked, and to answer.

        Raises:
            NoReferenceError: it does not say.
        """
        ...
