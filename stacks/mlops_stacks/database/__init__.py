"""Database: where the platform's services keep their records."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Addresses, Component, Settings, Size


@dataclass(frozen=True)
class Connection:
    """What a client needs to connect: a database of its own, and the one user that may use it."""

    host: Output[str]
    port: int
    database: str
    user: str
    password: Output[str]
    """Generated; a secret."""
    administrator: Output[str] | None
    """Where the administrator's credentials are kept, if database and user are still to be made by SQL; else None."""


class DatabaseSettings(Settings):
    """How big the database is, and how far back it can go."""

    size: Size = "small"
    """The machine: at least 2 GiB of memory, 8 GiB, or 32 GiB."""
    storage_gb: int = Field(default=20, ge=20, le=16384)
    """Disk to begin with, in GiB; it grows by itself to five times that."""
    standby: bool = False
    """Whether a second machine in another zone takes over when the first fails; doubles the price."""
    backup_days: int = Field(default=14, ge=1, le=35)
    """Days back to which the database can be restored: to the second, on Google Cloud to the day beyond seven."""
    recipients: Addresses = Field(default=(), max_length=10)
    """The e-mail addresses that hear when it runs full, or out of strength; on AWS alone. Each must confirm a first
    message."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the database."""
    final_snapshot: bool = True
    """Whether a database that is given up leaves a last snapshot, and its automatic backups, behind."""


class Database(Component):
    """A PostgreSQL server that the cloud runs, reachable from inside the network only."""

    token = "mlops:platform:Database"

    host: Output[str]
    """Its address inside the network."""
    administrator: Output[str]
    """Where the cloud keeps the administrator's credentials (a reference, no secret)."""
    firewall: Output[str]
    """What admits a client: a security group on AWS, the network on GCP."""
    key: Output[str]
    """The key that encrypts the administrator's credentials."""

    @abstractmethod
    def grant_connect(self, grantee: str, client: Cluster) -> Connection:
        """Admits a client: opens the port to it, and gives it a database and a user of its own.

        Args:
            grantee: who asks; it names the database and the user (``-`` becomes ``_``), and must not change.
            client: the cluster whose pods connect.
        """

    @abstractmethod
    def grant_administer(self, grantee: str, identity: Input[str]) -> None:
        """Lets an identity read the administrator's credentials.

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: the workload's identity, as ``Cluster.workload_identity`` returns it.
        """
