"""Queue: where requests for batch scoring wait."""

from __future__ import annotations

from abc import abstractmethod

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.component import Component, Settings


class QueueSettings(Settings):
    """How long requests wait at most."""

    retention_days: int = Field(default=4, ge=1, le=14)
    """Days until a request that nobody took is dropped."""


class Queue(Component):
    """A queue that keeps a request until a worker has done it."""

    token = "acme:platform:Queue"

    url: Output[str]
    """Where to send and receive."""
    address: Output[str]
    """What a right is granted on: an ARN on AWS."""

    @abstractmethod
    def grant_send(self, grantee: str, identity: Input[str]) -> None:
        """Lets an identity send requests."""
