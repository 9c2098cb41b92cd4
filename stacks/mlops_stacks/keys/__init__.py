"""Keys: what encrypts everything the platform keeps."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings


class KeysSettings(Settings):
    """How long a deleted key can be brought back, and whether it may be deleted at all."""

    recovery_days: int = Field(default=30, ge=7, le=30)
    """Days between the deletion of a key and its end; until then it can be restored."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the keys: what they encrypt is lost with them."""


class Keys(Component):
    """Encryption keys that the company owns, rotates and can revoke."""

    token = "mlops:platform:Keys"

    data: Output[str]
    """The key of buckets, images, databases and volumes."""
    secrets: Output[str]
    """The key of passwords: the cluster's secrets and the cloud's secret store."""
    logs: Output[str]
    """The key of logs and of the cloud's alerts, which the services that write them may use."""
