"""Where models are kept: what the app needs of it, in its own words. Each tool has a module beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
from sklearn.pipeline import Pipeline

from app.drift import Distributions
from app.model import Metrics

CANDIDATE = "candidate"
"""The alias of the version that was trained last: nobody has measured it yet as it came back from the registry."""
CHALLENGER = "challenger"
"""The alias of the last version that was measured, and found better than the baseline."""
CHAMPION = "champion"
"""The alias of the version that answers requests."""


class RegistryError(Exception):
    """Something is not as it should be with a model, and whoever runs the app can mend it: the message says how."""


class NoVersionError(RegistryError):
    """An alias points to nothing."""


class NoReferenceError(RegistryError):
    """A version does not say what it was trained on."""


class OtherCodeError(RegistryError):
    """A version belongs to other code, in which a row may mean something else."""


class ChangedError(RegistryError):
    """The file of a version is not the one that was registered."""


@dataclass(frozen=True)
class Candidate:
    """A model fresh from training, and how it came about."""

    pipeline: Pipeline
    parameters: Mapping[str, float]
    metrics: Metrics
    example: pd.DataFrame
    """A few rows of what it takes: whoever finds the model can see what to ask it."""
    reference: Distributions
    """What it can expect to be asked, and to answer."""


@dataclass(frozen=True)
class Version:
    """A registered model, ready to be asked."""

    number: str
    pipeline: Pipeline
    made: float
    """When it was registered, in seconds since 1970."""


class Registry(Protocol):
    """The versions of one model, and the aliases that point to them.

    Each version belongs to the code that made it, and so does each alias: what one code calls its champion is no
    other's business. So the image that answers today goes on with its own models while the next one gets its first,
    and an image that comes back finds what it left.
    """

    name: str
    """The model's name."""
    code: str
    """The code that asks (``app.code_id``)."""

    def record(self, candidate: Candidate) -> str:
        """Keeps a model with all that belongs to it, and gives its version's number."""
        ...

    def current(self, alias: str) -> str | None:
        """The number of the version that an alias of this code points to; None if there is none."""
        ...

    def point(self, alias: str, number: str) -> None:
        """Lets an alias of this code point to a version, and to no other."""
        ...

    def load(self, number: str) -> Version:
        """Fetches a version.

        Raises:
            OtherCodeError: another code made it.
            ChangedError: its file is not the one that was registered.
        """
        ...

    def trained(self) -> float | None:
        """When the last version of this code was registered, in seconds since 1970; None if there is none."""
        ...

    def predecessor(self) -> Metrics | None:
        """What was measured of the last champion of any code when that was trained; None if there was none."""
        ...

    def reference(self, number: str) -> Distributions:
        """What a version can expect to be asked, and to answer.

        Raises:
            NoReferenceError: it does not say.
        """
        ...


def number_of(registry: Registry, alias: str) -> str:
    """The number of the version that an alias points to.

    Raises:
        NoVersionError: it points to none; the message says which step sets it.
    """
    if (number := registry.current(alias)) is None:
        step = {CANDIDATE: "train", CHALLENGER: "evaluate", CHAMPION: "promote"}[alias]
        raise NoVersionError(
            f"no version of '{registry.name}' is the {alias} of this code, {registry.code}: '{step}' makes one, run "
            "with this very code or its image (train, evaluate, promote, in this order); 'restore <version>' makes one "
            "whatever the gate says"
        )
    return number
