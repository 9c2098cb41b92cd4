"""Drift: data drift, whether a model is still asked what it was trained on."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings
from mlops_stacks.serving import DIGEST


class DriftSettings(Settings):
    """What a team may tune."""

    image: str = Field(default="", pattern=DIGEST)
    """The app's image, by digest, as in `serving.image`. Empty: there is a namespace, and nothing in it that runs."""
    model: str = Field(default="churn", pattern=r"^[\w.-]+$")
    """The model's name in the registry, as in `serving.model`."""
    schedule: str = Field(default="0 5 * * *", pattern=r"^[\d*/,-]+( [\dA-Za-z*/,-]+){4}$")
    """When it compares, in UTC: a cron expression of five fields."""
    hours: int = Field(default=24, ge=1, le=168)
    """How many hours it looks back."""
    threshold: float = Field(default=0.2, ge=0.05, le=5)
    """The population stability index from which on somebody is told; below 0.1 a population counts as the same."""
    enough: int = Field(default=500, ge=100)
    """The rows, asked within those hours, from which on there is a score; below, nobody is told anything."""


class Drift(Component):
    """A scheduled comparison of what the model is asked and answers with what it was trained on."""

    token = "mlops:platform:Drift"

    namespace: Output[str]
    """Where it runs."""
