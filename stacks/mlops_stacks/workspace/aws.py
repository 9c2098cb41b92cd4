"""Workspace on AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import eks
from pulumi_kubernetes import apiextensions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.storage import v1 as storage

from mlops_stacks import workspace
from mlops_stacks.cluster import Cluster
from mlops_stacks.cluster._people import admit, identities, let
from mlops_stacks.keys import Keys
from mlops_stacks.network import Network
from mlops_stacks.workspace import WorkspaceSettings, kubernetes


class Workspace(kubernetes.Workspace):
    """Namespaces on EKS, and what Auto Mode leaves open: nodes and disks with our key and tags, policies in force."""

    def __init__(
        self,
        name: str,
        settings: WorkspaceSettings,
        *,
        keys: Keys,
        network: Network,
        cluster: Cluster,
        opts: ResourceOptions | None = None,
    ) -> None:
        # Not the constructor of the class above: what it makes needs nodes, which come first here.
        workspace.Workspace.__init__(self, name, opts)

        # Until this stands, Auto Mode takes network policies and enforces none. The annotation takes the key over,
        # should AWS have set it by then.
        enforcement = core.ConfigMap(
            "network-policies",
            metadata=meta.ObjectMetaArgs(
                name="amazon-vpc-cni", namespace="kube-system", annotations={"pulumi.com/patchForce": "true"}
            ),
            data={"enable-network-policy-controller": "true"},
            opts=self.child,
        )
        disks = self._disks(settings.storage_class, keys)
        nodes = self._nodes(settings, keys, network, cluster)

        # What follows needs nodes, and is gone before they are: nodes that go first cannot be drained, because their
        # pods have nowhere to go to.
        self.child = ResourceOptions.merge(self.child, ResourceOptions(depends_on=[enforcement, nodes]))
        # What autoscaling measures CPU and memory with.
        self._addon("metrics-server", "metrics-server", cluster)
        # What mounts the entries of Secrets Manager as files. They follow a new value, which is off unless asked for;
        # three minutes, and a fourth until the kubelet asks, for about 7 cents a month, pod and entry.
        rotation = {"enableSecretRotation": True, "rotationPollInterval": "3m"}
        files = self._addon(
            "secrets-store",
            "aws-secrets-store-csi-driver-provider",
            cluster,
            configuration_values=json.dumps({"secrets-store-csi-driver": rotation}),
        )
        # It comes before every namespace, because it brings a kind of object along, and it goes after the last one:
        # without it, a pod that has such files cannot end.
        self.child = ResourceOptions.merge(self.child, ResourceOptions(depends_on=[files]))
        self._open(settings, network, cluster, disks.metadata.name)

    def _admit(self, settings: WorkspaceSettings, cluster: Cluster) -> None:
        """Gives people what EKS calls *edit* and *view*: their names inside the cluster are those of their sessions.

        Source: EKS User Guide, *Review access policy permissions*, checked 2026-11-29.
        """
        arns = [*settings.viewers, *(arn for people in settings.editors.values() for arn in people)]
        for called, arn in identities("workspace.editors and workspace.viewers", arns).items():
            name = f"{self.name}-{called}"
            entry = admit(name, cluster.cluster_name, arn, opts=self.child)
            if arn in settings.viewers:
                let(f"{name}-view", entry, "AmazonEKSViewPolicy", opts=self.child)
            if rooms := [room for room, people in settings.editors.items() if arn in people]:
                let(f"{name}-edit", entry, "AmazonEKSEditPolicy", namespaces=rooms, opts=self.child)

    def _addon(
        self, name: str, addon_name: str, cluster: Cluster, configuration_values: str | None = None
    ) -> eks.Addon:
        """An add-on of EKS, in the version that EKS has tested with this Kubernetes, and keeps until asked."""
        return eks.Addon(
            name,
            addon_name=addon_name,
            cluster_name=cluster.cluster_name,
            configuration_values=configuration_values,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self.child,
        )

    def _disks(self, name: str, keys: Keys) -> storage.StorageClass:
        """The storage class: Auto Mode has a driver, but no class."""
        return storage.StorageClass(
            name,
            metadata=meta.ObjectMetaArgs(
                name=name, annotations={"storageclass.kubernetes.io/is-default-class": "true"}
            ),
            provisioner="ebs.csi.eks.amazonaws.com",
            parameters={
                "type": "gp3",
                "encrypted": "true",
                "kmsKeyId": keys.data,
                **{f"tagSpecification_{n}": f"{key}={value}" for n, (key, value) in enumerate(tags().items(), 1)},
            },
            # A disk is made where its pod is placed: it cannot follow a pod to another zone.
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            # A volume goes with its claim. What must last is in buckets and in the database; a disk that is left over
            # only costs money.
            reclaim_policy="Delete",
            opts=self.child,
        )

    def _nodes(
        self, settings: WorkspaceSettings, keys: Keys, network: Network, cluster: Cluster
    ) -> apiextensions.CustomResource:
        """Nodes for everything that needs no GPU: started when a pod finds no place, stopped when one stands empty.

        Source of the fields: EKS User Guide, *Create a node class* and *Create a node pool*, checked 2026-11-24.
        """
        private = node_class(
            "nodes",
            "private",
            # Images of machine learning are big: with CUDA one takes 10 to 20 GiB, and the default is 80.
            {"size": "160Gi"},
            keys=keys,
            network=network,
            cluster=cluster,
            opts=self.child,
        )
        return apiextensions.CustomResource(
            "nodes-general",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata=meta.ObjectMetaArgs(name="general"),
            spec={
                "template": {
                    "spec": {
                        "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "private"},
                        "requirements": [
                            require("karpenter.sh/capacity-type", "In", "on-demand"),
                            # Not arm64, though a fifth cheaper: most images that people build run on amd64 alone.
                            require("kubernetes.io/arch", "In", "amd64"),
                            # General, compute and memory; no GPU. Older generations cost more for less.
                            require("eks.amazonaws.com/instance-category", "In", "c", "m", "r"),
                            require("eks.amazonaws.com/instance-generation", "Gt", "5"),
                            # The failure of one node must not be the failure of half the platform.
                            require("eks.amazonaws.com/instance-cpu", "Lt", "33"),
                        ],
                        # Two weeks, then a fresh node with the latest patches; Auto Mode allows three at most.
                        "expireAfter": "336h",
                        # From then on, what must not be moved has a day to end: a pod with the annotation
                        # karpenter.sh/do-not-disrupt, or one that a disruption budget holds. All else moves at once.
                        "terminationGracePeriod": "24h",
                    }
                },
                "disruption": {
                    "consolidationPolicy": "WhenEmptyOrUnderutilized",
                    "consolidateAfter": "5m",
                    "budgets": [{"nodes": "1"}],
                },
                # Room for four full namespaces. Then pods wait: a mistake must not buy a hundred machines.
                "limits": {"cpu": str(4 * settings.cpu), "memory": f"{4 * settings.memory_gb}Gi"},
            },
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[private])),
        )


def node_class(
    child: str,
    name: str,
    disk: Mapping[str, object],
    *,
    keys: Keys,
    network: Network,
    cluster: Cluster,
    opts: ResourceOptions,
) -> apiextensions.CustomResource:
    """What the nodes of a pool have in common: private subnets, the platform's tags, a disk under the key ``data``.

    Args:
        child: the resource's name in the program.
        name: the class's name in the cluster, which node pools refer to.
        disk: size and speed of the disk that holds images, logs and the pods' own files.
        keys: whose key encrypts the disk.
        network: where the nodes stand.
        cluster: which cluster they belong to.
        opts: the options of the resource.
    """
    return apiextensions.CustomResource(
        child,
        api_version="eks.amazonaws.com/v1",
        kind="NodeClass",
        metadata=meta.ObjectMetaArgs(name=name),
        spec={
            "role": cluster.node_identity,
            "subnetSelectorTerms": network.private_subnet_ids.apply(lambda ids: [{"id": id} for id in ids]),
            "securityGroupSelectorTerms": [{"id": cluster.pod_source}],
            # Each namespace says what it denies. DefaultDeny would cut off the add-ons in kube-system as well.
            "networkPolicy": "DefaultAllow",
            "networkPolicyEventLogs": "Enabled",
            "ephemeralStorage": {**disk, "kmsKeyID": keys.data},
            "tags": tags(),
        },
        opts=opts,
    )


def tags() -> Mapping[str, str]:
    """The tags that the provider puts on everything it makes, for what EKS makes in its stead."""
    return (pulumi.Config("aws").get_object("defaultTags") or {}).get("tags", {})


def require(key: str, operator: str, *values: str) -> dict[str, object]:
    """What an instance must be like."""
    return {"key": key, "operator": operator, "values": list(values)}
