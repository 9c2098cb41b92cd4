"""Serving: what answers requests with a model."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings, Size


class ServingSettings(Settings):
    """What a team may tune."""

    size: Size = "small"
    """CPU and memory of one replica."""
    image: str = Field(default="", pattern=r"^(\S+@sha256:[0-9a-f]{64})?$")
    """The image that serves, by digest (`make image`). Empty: all stands ready, and nothing serves."""


class Serving(Component):
    """A service that answers with the champion of the registry, and replaces its replicas without a gap."""

    token = "mlops:platform:Serving"

    url: Output[str]
    """Where it is, inside the cluster."""
    namespace: Output[str]
    """Where it runs."""
