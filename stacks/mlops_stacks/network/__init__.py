"""Network: the private address space that the platform lives in."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pulumi import Output
from pydantic import AfterValidator, Field

from mlops_stacks.component import Component, LogDays, Settings


def private_range(text: str) -> str:
    """Refuses what is no private /16.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    private = [IPv4Network(known) for known in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]  # RFC 1918
    try:
        network = IPv4Network(text)
        fits = network.prefixlen == 16 and any(map(network.subnet_of, private))
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{text} is no private range of 16 fixed bits, such as 10.0.0.0/16")
    if text == "172.20.0.0/16":
        raise ValueError(f"{text} is where the cluster's own services get their addresses: take another")
    return text


class NetworkSettings(Settings):
    """How wide the network is, and how it reaches the internet."""

    cidr: Annotated[str, AfterValidator(private_range)] = "10.0.0.0/16"
    """The address range, a /16. Choose one that no network you will ever peer with uses."""
    zones: int = Field(default=2, ge=2, le=3)
    """How many availability zones to spread over. One can be added later, and moves nothing; none can be taken away."""
    zone_ids: Sequence[str] = ()
    """The zones by id, where the region is not in our table; else leave it empty."""
    nat: Literal["one", "per-zone"] = "one"
    """One NAT gateway (cheap; a zone's failure cuts the way out) or one a zone."""
    log_days: LogDays = 365
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
