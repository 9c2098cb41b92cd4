"""Serving: what answers requests with a model."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.component import Component, Settings, Size

DIGEST = r"^(\S+@sha256:[0-9a-f]{64})?$"
"""An image that cannot change any more, or none."""


class ServingSettings(Settings):
    """What a team may tune."""

    size: Size = "small"
    """CPU and memory of one replica."""
    image: str = Field(default="", pattern=DIGEST)
    """The image that serves, by digest (`make image`). Empty: all stands ready, and nothing serves."""
    model: str = Field(default="churn", pattern=r"^[\w.-]+$")
    """The model's name in the registry."""
    replicas: int = Field(default=1, ge=1, le=20)
    """How many answer at rest; from two on, one may fail without notice."""
    max_replicas: int = Field(default=10, ge=1, le=100)
    """How many answer at most, when there is much to do."""
    challenger: str = Field(default="", pattern=DIGEST)
    """The image of a second predictor beside the first, by digest, to be tried out. Empty: there is none."""
    challenger_alias: Literal["challenger", "champion"] = "challenger"
    """What the second one answers with: `challenger` tries out a model, `champion` an image."""


class Serving(Component):
    """A service that answers with the champion of the registry, and replaces its replicas without a gap."""

    token = "mlops:platform:Serving"

    url: Output[str]
    """Where it is, inside the cluster."""
    namespace: Output[str]
    """Where it runs."""
    service: Output[str]
    """The Kubernetes service behind ``url``; its port is called ``http``."""
    challenger: Output[str]
    """The Kubernetes service of the challenger, with a port of the same name; empty while there is none."""

    @abstractmethod
    def grant_connect(self, grantee: str, cidr: Input[str]) -> None:
        """Admits a range of addresses, such as a load balancer's; people's namespaces are admitted anyway.

        Args:
            grantee: who asks; it names the grant, and must not change.
            cidr: the range.
        """
