"""Gateway: the door to the predictor for whoever is not in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pulumi import Output
from pydantic import AfterValidator, Field

from mlops_stacks.cluster import narrow_ranges
from mlops_stacks.component import Component, Settings


class GatewaySettings(Settings):
    """Where the door is, and for whom."""

    domain: str = Field(default="", pattern=r"^(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.){2,}[a-z]{2,})?$", max_length=64)
    """The name, such as ``predict.example.com``, below a hosted zone. Empty: there is no door."""
    hosted_zone: str = Field(default="", pattern=r"^(Z[A-Z0-9]{4,31})?$")
    """The zone that holds the name's records, by its id; it is public, for certificates are proven through it."""
    cidrs: Annotated[Sequence[str], AfterValidator(narrow_ranges)] = ()
    """The ranges from which the predictor is asked, besides the network itself: a VPN's, or a joined network's."""
    challenger_percent: int = Field(default=0, ge=0, le=100)
    """How many of a hundred requests the challenger of `serving` answers."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the load balancer."""


class Gateway(Component):
    """A load balancer that only the network sees: HTTPS under the company's name, and a share for the challenger."""

    token = "mlops:platform:Gateway"

    url: Output[str]
    """Where predictions are asked for; empty without a domain."""
