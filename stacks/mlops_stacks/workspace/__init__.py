"""Workspace: the rooms inside a cluster, each with a door, a lock and a limit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pulumi import Input, Output
from pydantic import Field, StringConstraints, model_validator

from mlops_stacks.component import Component, Settings

Way = Literal["api", "database", "internet", "identity", "platform"]
"""A way out of a namespace: the cluster's API, the database, HTTPS to the internet (the cloud's APIs are reached so),
the agent that hands out cloud credentials, and the platform's other namespaces, each of which says whom it lets in.
DNS is always open, and so is the namespace to itself."""

Level = Literal["restricted", "privileged"]
"""What Pod Security lets the pods of a namespace do: nothing beyond themselves, or everything to their node."""

NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
"""A name as Kubernetes takes it (RFC 1123 label)."""


class WorkspaceSettings(Settings):
    """Which rooms people work in, and how much a room may use."""

    namespaces: Sequence[NamespaceName] = ("models",)
    """The namespaces for people's own work; the platform's services have theirs besides."""
    cpu: int = Field(default=32, ge=1)
    """The CPUs that the pods of one namespace may request together."""
    memory_gb: int = Field(default=128, ge=1)
    """The memory, in GiB, that the pods of one namespace may request together."""
    pods: int = Field(default=100, ge=1)
    """How many pods one namespace may have."""
    editors: Mapping[NamespaceName, Sequence[str]] = {}
    """Who works in which of these namespaces: its name, and the identities (ARNs of roles on AWS) that may change what
    is in it, its Secrets among it, and nothing elsewhere."""
    viewers: Sequence[str] = ()
    """The identities that may look at every namespace, the platform's own as well, but at no Secret."""
    storage_class: str = "encrypted"
    """The name of the default storage class. On AWS we make it; elsewhere it must be there, and encrypt."""

    @model_validator(mode="after")
    def _edited(self) -> Self:
        """Refuses to give away a namespace that is not for people's own work, for its Secrets go with it."""
        if others := sorted({*self.editors} - {*self.namespaces}):
            raise ValueError(
                f"editors names {', '.join(others)}, and people work in the namespaces of workspace.namespaces alone: "
                f"{', '.join(self.namespaces)}"
            )
        return self


class Workspace(Component):
    """Namespaces that are locked down, limited and closed to each other, with nodes and disks to use."""

    token = "mlops:platform:Workspace"

    namespaces: Output[Sequence[str]]
    """The namespaces for people's own work."""
    storage_class: Output[str]
    """The encrypted storage class, which is the default."""
    network_cidr: Output[str]
    """The network's address range, inside which the database is."""
    api_cidr: Output[str]
    """The address range of the cluster's own services."""
    quota: Output[Mapping[str, str]]
    """What the pods of one namespace may use together, as Kubernetes writes a quota."""

    @abstractmethod
    def namespace(self, grantee: str, *, ways: Sequence[Way] = (), level: Level = "restricted") -> Output[str]:
        """Makes a namespace: a level of Pod Security, a quota, default limits, and no traffic but what is named.

        Args:
            grantee: who asks; it is the namespace's name, and must not change.
            ways: the ways out that its pods need.
            level: what its pods may do. Only what must reach for its node is *privileged*, and ``policy/kubernetes.py``
                names it with its reason.

        Returns:
            The namespace's name, known once it stands.
        """

    @abstractmethod
    def open_port(self, grantee: str, namespace: Input[str], port: int, *, cidr: Input[str] | None = None) -> None:
        """Lets the pods of a namespace out to one TCP port that none of its ways leads to.

        Args:
            grantee: who asks; with the port it is the policy's name, and must not change. A second range on the same
                port is asked for under another name.
            namespace: the pods' namespace, as ``namespace`` returned it.
            port: the port.
            cidr: the range of addresses it is open on, such as ``network_cidr``; unless given, the internet: everything
                but private ranges.

        Raises:
            pulumi.RunError: the grantee has opened this port before, or the range is every address there is.
        """
