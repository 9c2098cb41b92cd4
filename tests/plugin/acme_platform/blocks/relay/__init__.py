"""Relay: where the platform's pods hand in their mail."""

from __future__ import annotations

from abc import abstractmethod

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.component import Component, Settings


class RelaySettings(Settings):
    """Which program relays, and where to."""

    image: str = Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$")
    """The image of the relay, named by digest."""
    server: str
    """The host name of the company's mail server."""
    server_cidr: str
    """The range of addresses in which it is."""


class Relay(Component):
    """Takes mail from pods, and hands it on to the company's mail server."""

    token = "acme:platform:Relay"

    host: Output[str]
    """Where pods send their mail: a host name inside the cluster, port 2525."""

    @abstractmethod
    def grant_send(self, grantee: str, namespace: Input[str]) -> None:
        """Lets the pods of a namespace of the platform hand in mail."""
