"""Secrets: what people bring, such as a webhook's address, for the platform's services to use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pulumi import Input, Output
from pydantic import Field, StringConstraints

from mlops_stacks.component import Component, Settings

EntryName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=19)]
"""A name that every store takes, and that can be a file's."""


class SecretsSettings(Settings):
    """Which entries there are, and how long a deleted one can be brought back."""

    names: Sequence[EntryName] = ("slack", "pagerduty")
    """The entries. Each is made empty, and a person puts the value in (``make secret``)."""
    recovery_days: int = Field(default=30, ge=7, le=30)
    """Days between the deletion of an entry and its end; until then it can be restored."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the entries: who brought a value may not have it any more."""


@dataclass(frozen=True)
class Source:
    """Where a pod gets entries from as files, in the words of the Secrets Store CSI driver.

    ``mlops_stacks.kubernetes.secret_files`` makes a volume of it.
    """

    driver: str
    """The name of the CSI driver."""
    provider: str
    """The driver's provider for this store."""
    parameters: Mapping[str, Input[str]]
    """What the provider fetches, each entry as a file of its name."""


class Secrets(Component):
    """Entries of the cloud's secret store, whose values neither the program nor its state ever holds."""

    token = "mlops:platform:Secrets"

    references: Output[Mapping[str, str]]
    """Each entry's identifier in the cloud by its name: an ARN on AWS."""
    key: Output[str]
    """The key that encrypts the entries."""

    @abstractmethod
    def grant_read(self, grantee: str, identity: Input[str], names: Sequence[str]) -> Source:
        """Lets an identity read some entries.

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: the workload's identity, as ``Cluster.workload_identity`` returns it.
            names: which entries.

        Returns:
            Where pods of that identity get these entries from. Whoever else reads them does not need it.

        Raises:
            pulumi.RunError: there is no such entry.
        """
