"""Storage: where data sets, models and logs are kept."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.component import Component, Settings

Bucket = Literal["data", "artifacts"]
"""The buckets that a workload can be let into; the logs are the cloud's to write and an auditor's to read."""


class StorageSettings(Settings):
    """How long old things stay."""

    version_days: int = Field(default=90, ge=1)
    """Days to keep the versions that were overwritten or deleted: the time to notice a mistake."""
    log_days: int = Field(default=365, ge=90)
    """Days to keep access logs."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the buckets, and a bucket with objects in it stays."""


class Storage(Component):
    """Versioned, encrypted, private buckets for data, artifacts and logs."""

    token = "mlops:platform:Storage"

    data_url: Output[str]
    """The bucket of raw and prepared data, as a URL (``s3://…``, ``gs://…``)."""
    artifacts_url: Output[str]
    """The bucket of models, plots and whatever else a run leaves behind, as a URL."""
    logs_url: Output[str]
    """The bucket that the other buckets' access logs go to, as a URL."""
    key: Output[str]
    """The key that encrypts data and artifacts."""

    @abstractmethod
    def grant_read(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Lets an identity list a bucket and read its objects.

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: the workload's identity, as ``Cluster.workload_identity`` returns it.
            bucket: which bucket.
        """

    @abstractmethod
    def grant_write(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Lets an identity list a bucket, and read, write and delete its objects (old versions stay).

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: the workload's identity, as ``Cluster.workload_identity`` returns it.
            bucket: which bucket.
        """
