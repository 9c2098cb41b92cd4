"""Workspace on any Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from mlops_stacks import workspace
from mlops_stacks.cluster import Cluster
from mlops_stacks.kubernetes import labels
from mlops_stacks.network import Network
from mlops_stacks.workspace import Level, Way, WorkspaceSettings

PRIVATE_RANGES = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""What is not the internet: private and shared networks, and a machine's own addresses, where a pod could ask for the
credentials of its node (RFC 1918, 6598 and 3927)."""

NODE_DNS = "169.254.20.10/32"
"""Where a DNS cache on the node itself listens (Kubernetes, *NodeLocal DNSCache*)."""

IDENTITY_AGENT = "169.254.170.23/32"
"""Where the agent of EKS Pod Identity listens (EKS User Guide); elsewhere nothing answers there."""


class Workspace(workspace.Workspace):
    """Namespaces that are locked down, limited and closed to each other, on nodes and disks that are there already."""

    def __init__(
        self,
        name: str,
        settings: WorkspaceSettings,
        *,
        network: Network,
        cluster: Cluster,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._open(settings, network, cluster, settings.storage_class)

    def _open(self, settings: WorkspaceSettings, network: Network, cluster: Cluster, storage_class: Input[str]) -> None:
        """Publishes what a workspace promises, and makes the namespaces for people's own work."""
        self.publish(
            namespaces=list(settings.namespaces),
            storage_class=storage_class,
            network_cidr=network.cidr,
            api_cidr=cluster.api_cidr,
            quota={
                "requests.cpu": str(settings.cpu),
                "requests.memory": f"{settings.memory_gb}Gi",
                "pods": str(settings.pods),
            },
        )
        for namespace in settings.namespaces:
            self.namespace(namespace, ways=get_args(Way))
        self._admit(settings, cluster)

    def _admit(self, settings: WorkspaceSettings, cluster: Cluster) -> None:
        """Gives people what Kubernetes calls *edit* and *view*, by the names that the cluster knows its users by."""
        for namespace, people in settings.editors.items():
            rbac.RoleBinding(
                f"{namespace}-editors",
                metadata=meta.ObjectMetaArgs(name="editors", namespace=namespace, labels=labels(namespace)),
                role_ref=role("edit"),
                subjects=[user(name) for name in people],
                opts=self.child,
            )
        if settings.viewers:
            rbac.ClusterRoleBinding(
                f"{self.name}-viewers",
                metadata=meta.ObjectMetaArgs(name=f"{pulumi.get_project()}-viewers", labels=labels(self.name)),
                role_ref=role("view"),
                subjects=[user(name) for name in settings.viewers],
                opts=self.child,
            )

    def namespace(self, grantee: str, *, ways: Sequence[Way] = (), level: Level = "restricted") -> Output[str]:
        """Makes the namespace with its quota and limits, and a network policy for each thing its pods may do."""
        namespace = core.Namespace(
            grantee,
            metadata=meta.ObjectMetaArgs(name=grantee, labels=labels(grantee) | security(level)),
            opts=self.child,
        )

        def metadata(name: str) -> meta.ObjectMetaArgs:
            return meta.ObjectMetaArgs(name=name, namespace=namespace.metadata.name, labels=labels(grantee))

        core.ResourceQuota(
            grantee,
            metadata=metadata("quota"),
            spec=core.ResourceQuotaSpecArgs(hard=self.quota),
            opts=self.child,
        )
        # Under a quota, a pod that does not say what it needs is refused; this says it, for a small one. What memory it
        # asks for is also its limit, because memory that is not there kills somebody; CPU that is not there only slows.
        # So whoever asks for more memory says both.
        core.LimitRange(
            grantee,
            metadata=metadata("defaults"),
            spec=core.LimitRangeSpecArgs(
                limits=[
                    core.LimitRangeItemArgs(
                        type="Container",
                        default_request={"cpu": "100m", "memory": "512Mi"},
                        default={"memory": "512Mi"},
                    )
                ]
            ),
            opts=self.child,
        )
        # Kubernetes makes this account too; server-side apply does not mind who comes first. A pod that names no
        # account of its own gets no token for the API.
        core.ServiceAccount(
            grantee, metadata=metadata("default"), automount_service_account_token=False, opts=self.child
        )

        everything = meta.LabelSelectorArgs()
        policies = {
            "default-deny": networking.NetworkPolicySpecArgs(
                pod_selector=everything, policy_types=["Ingress", "Egress"]
            ),
            "same-namespace": networking.NetworkPolicySpecArgs(
                pod_selector=everything,
                policy_types=["Ingress", "Egress"],
                ingress=[
                    networking.NetworkPolicyIngressRuleArgs(
                        from_=[networking.NetworkPolicyPeerArgs(pod_selector=everything)]
                    )
                ],
                egress=[
                    networking.NetworkPolicyEgressRuleArgs(
                        to=[networking.NetworkPolicyPeerArgs(pod_selector=everything)]
                    )
                ],
            ),
            "dns": out(self._dns()),
            **{way: out(self._way(way)) for way in ways},
        }
        for kind, spec in policies.items():
            networking.NetworkPolicy(f"{grantee}-{kind}", metadata=metadata(kind), spec=spec, opts=self.child)

        return namespace.metadata.name

    def open_port(self, grantee: str, namespace: Input[str], port: int, *, cidr: Input[str] | None = None) -> None:
        """Makes a network policy of its own, which adds to those of the namespace."""
        name = f"{grantee}-port-{port}"
        # Not set by the constructor, which an imported workspace does without.
        opened = vars(self).setdefault("_opened", set())
        if name in opened:
            raise pulumi.RunError(
                f"workspace.open_port: '{grantee}' has opened port {port} already. One policy opens one range of "
                "addresses: name another grantee for the other"
            )
        opened.add(name)
        rule = networking.NetworkPolicyEgressRuleArgs(
            to=[internet() if cidr is None else block(Output.from_input(cidr).apply(limited))],
            ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=port)],
        )
        networking.NetworkPolicy(
            name,
            metadata=meta.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(grantee)),
            spec=out(rule),
            opts=self.child,
        )

    def _dns(self) -> networking.NetworkPolicyEgressRuleArgs:
        """DNS by address, because on EKS Auto Mode it is a service of the node, without a pod that one could select."""
        resolvers = [
            block(self.api_cidr),
            block(NODE_DNS),
            # Elsewhere it is pods, and some network plugins see them instead of the address that was asked.
            networking.NetworkPolicyPeerArgs(
                namespace_selector=meta.LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"})
            ),
        ]
        return networking.NetworkPolicyEgressRuleArgs(
            to=resolvers,
            ports=[
                networking.NetworkPolicyPortArgs(port=53, protocol="UDP"),
                networking.NetworkPolicyPortArgs(port=53, protocol="TCP"),
            ],
        )

    def _way(self, way: Way) -> networking.NetworkPolicyEgressRuleArgs:
        """Whom a way out leads to, and on which port."""
        ours = {"app.kubernetes.io/part-of": pulumi.get_project()}
        rules: dict[Way, networking.NetworkPolicyEgressRuleArgs] = {
            # The service's address, and the addresses in the network that stand behind it.
            "api": networking.NetworkPolicyEgressRuleArgs(
                to=[block(self.api_cidr), block(self.network_cidr)],
                ports=[networking.NetworkPolicyPortArgs(port=443)],
            ),
            "database": networking.NetworkPolicyEgressRuleArgs(
                to=[block(self.network_cidr)], ports=[networking.NetworkPolicyPortArgs(port=5432)]
            ),
            "internet": networking.NetworkPolicyEgressRuleArgs(
                to=[internet()], ports=[networking.NetworkPolicyPortArgs(port=443)]
            ),
            "identity": networking.NetworkPolicyEgressRuleArgs(
                to=[block(IDENTITY_AGENT)], ports=[networking.NetworkPolicyPortArgs(port=80)]
            ),
            "platform": networking.NetworkPolicyEgressRuleArgs(
                to=[networking.NetworkPolicyPeerArgs(namespace_selector=meta.LabelSelectorArgs(match_labels=ours))]
            ),
        }
        return rules[way]


def role(name: str) -> rbac.RoleRefArgs:
    """One of the roles that Kubernetes itself makes for people (Kubernetes, *User-facing roles*)."""
    return rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=name)


def user(name: str) -> rbac.SubjectArgs:
    """A person, or whatever else the cluster knows by a name."""
    return rbac.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="User", name=name)


def security(level: Level) -> dict[str, str]:
    """The labels by which a namespace refuses a pod that wants more than its level allows.

    Whoever makes one that is not *restricted* is warned, and it is on record, whatever the level. ``latest`` is the
    cluster's own version: when that is raised, so is the standard (Kubernetes, *Pod Security Standards*).
    """
    levels: Mapping[str, Level] = {"enforce": level, "warn": "restricted", "audit": "restricted"}
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode, asked in levels.items()
        for suffix, value in (("", asked), ("-version", "latest"))
    }


def block(cidr: Input[str], *but: str) -> networking.NetworkPolicyPeerArgs:
    """A range of addresses, without some."""
    return networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr=cidr, except_=list(but) or None))


def limited(cidr: str) -> str:
    """A range of addresses, once it is sure that it is not all of them.

    Raises:
        pulumi.RunError: it is all of them, which would hold the network and the cluster as well.
    """
    if cidr.endswith("/0"):
        raise pulumi.RunError(
            f"workspace.open_port: '{cidr}' is every address, the network's and the cluster's own among them. Name a "
            "range, or leave cidr out for the internet"
        )
    return cidr


def internet() -> networking.NetworkPolicyPeerArgs:
    """Everything but private ranges."""
    return block("0.0.0.0/0", *PRIVATE_RANGES)


def out(rule: networking.NetworkPolicyEgressRuleArgs) -> networking.NetworkPolicySpecArgs:
    """Lets every pod of a namespace out, as the rule says."""
    return networking.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(), policy_types=["Egress"], egress=[rule]
    )
