"""Network: the private address space that the platform lives in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings


class NetworkSettings(Settings):
    """How wide the network is, and how it reaches the internet."""

    cidr: str = Field(default="10.0.0.0/16", pattern=r"^\d+\.\d+\.\d+\.\d+/16$")
    """The address range, a /16. Choose one that no network you will ever peer with uses."""
    zones: int = Field(default=2, ge=2, le=3)
    """How many availability zones to spread over. The subnets of a zone never change when one is added."""
    zone_ids: Sequence[str] = ()
    """The zones by id, where the region is not in our table; else leave it empty."""
    nat: Literal["one", "per-zone"] = "one"
    """One NAT gateway (cheap; a zone's failure cuts the way out) or one a zone."""
    log_days: int = 365
    """Days to keep flow logs."""


class Network(Component):
    """A network over several zones, with public and private subnets."""

    token = "mlops:platform:Network"

    network_id: Output[str]
    """The network itself."""
    cidr: Output[str]
    """Its address range."""
    private_subnet_ids: Output[Sequence[str]]
    """Where everything runs: a way out, none in."""
    public_subnet_ids: Output[Sequence[str]]
    """Where load balancers and NAT gateways stand."""
