"""Cluster: the Kubernetes that trains and serves models."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated

from pulumi import Output
from pydantic import AfterValidator, Field

from mlops_stacks.component import Component, LogDays, Settings

VERSION = "1.36"
"""The Kubernetes minor version of a new cluster. The one place: schemas, tests and documents follow it.

EKS gives 1.36 standard support until 2027-08-02, 1.35 until 2027-03-27, 1.34 until 2026-12-02 (AWS's repository
``sample-apex-skills``, version table of 2026-08-05, checked 2026-11-24). After that it costs six times as much.
"""


PUBLIC_BITS = 16
"""The fewest fixed bits of a range of the internet; ``policy/aws.py`` has the same."""


def narrow_ranges(texts: Sequence[str]) -> Sequence[str]:
    """Refuses what is no range of addresses, or one so wide that it lets in strangers.

    Of the internet, a /16 is 65,536 addresses, more than an office or a VPN comes from. A private network may be a /8,
    the widest there is (RFC 1918).

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    for text in texts:
        if re.fullmatch(r"[0-9.]+", text):
            raise ValueError(f"{text} lacks its length: {text}/32 is that one address")
        if text == "0.0.0.0/0":
            raise ValueError("0.0.0.0/0 is open to the whole internet: name your own range, such as 203.0.113.7/32")
        try:
            network = IPv4Network(text)
        except ValueError:
            network = None
        if not network or "/" not in text or network.prefixlen < (8 if network.is_private else PUBLIC_BITS):
            raise ValueError(
                f"ranges such as 203.0.113.7/32, of at least {PUBLIC_BITS} fixed bits on the internet, and 8 in a "
                f"private network: '{text}' is none"
            )
    return texts


class ClusterSettings(Settings):
    """Which Kubernetes, and who may reach and administer it."""

    version: str = Field(default=VERSION, pattern=r"^1\.[0-9][0-9]$")
    """The minor version; raise it one at a time."""
    admin_cidrs: Annotated[Sequence[str], AfterValidator(narrow_ranges)] = ()
    """The address ranges, such as ``203.0.113.7/32``, from which people and CI reach the API over the internet.
    Empty: the API is reachable from inside the network only."""
    deployer: str = ""
    """The identity (a role's ARN, a service account) with which people run Pulumi; ``make bootstrap`` fills it in."""
    administrators: Sequence[str] = ()
    """Further identities with every right inside the cluster."""
    log_days: LogDays = 365
    """Days to keep the control plane's logs."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the cluster."""


class Cluster(Component):
    """A Kubernetes cluster that the cloud runs, nodes included."""

    token = "mlops:platform:Cluster"

    cluster_name: Output[str]
    """The cluster's name in the cloud."""
    kubeconfig: Output[str]
    """How to reach it: credentials are fetched by the cloud's own command line at each call. A secret all the same."""
    pod_source: Output[str]
    """Where the packets of its pods come from, as a firewall names it: a security group on AWS, a range on GCP."""
    node_identity: Output[str]
    """The identity of its nodes: a role's name on AWS, a service account on GCP."""
    api_cidr: Output[str]
    """The address range of the cluster's own services, the API and DNS among them."""
    boundary: Output[str]
    """What no identity of its pods may exceed, as ``Identity.boundary`` says it; empty where there is none."""

    @abstractmethod
    def workload_identity(self, grantee: str, *, namespace: str, service_account: str) -> Output[str]:
        """Gives the pods of a service account an identity in the cloud, to which rights can be granted.

        Args:
            grantee: who asks; it names the identity, and must not change.
            namespace: the namespace of the pods.
            service_account: the Kubernetes service account they run as.

        Returns:
            The identity: a role's name on AWS, a principal on GCP.
        """
