"""Training on any Kubernetes cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions
from pulumi_kubernetes import apiextensions, helm
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.scheduling import v1 as scheduling

from mlops_stacks import training
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.kubernetes import labels
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.storage import Storage
from mlops_stacks.tracking import Tracking
from mlops_stacks.training import TrainingSettings
from mlops_stacks.workspace import Workspace

CHART = "oci://registry.k8s.io/kueue/charts/kueue"
VERSION = "0.19.2"
"""Kueue's release of 2026-08-20, and its chart's (repository kubernetes-sigs/kueue, checked 2026-11-24)."""

API = "kueue.x-k8s.io/v1beta2"
"""The version of Kueue's objects that this release stores; v1beta1 is still served, and deprecated."""

METRICS_PORT = 8443

QUEUE = "default"
"""Kueue puts a job that names no queue into its namespace's queue of this name (*Setup LocalQueue defaulting*)."""

POOL = "mlops/pool"
"""The label by which a node says which pool it is of."""

TAINT = "mlops/training"
"""What keeps everything else off the nodes. The queue makes a job tolerate it."""

GPU = "nvidia.com/gpu"
"""The resource that a GPU is, and the taint of the nodes that have one; a job that wants one tolerates it itself."""

SHARES: Mapping[Size, tuple[int, int]] = {"small": (8, 32), "medium": (8, 64), "large": (16, 128)}
"""The CPUs and the memory in GiB that a job may request along with each GPU: what AWS puts beside one in the machines
``g6.2xlarge``, ``g6e.2xlarge`` and ``g7e.4xlarge``."""


@dataclass(frozen=True)
class Pool:
    """Nodes of one kind, and how much of them all jobs may request together."""

    name: str
    """Its label, and the name of its flavour in the queue."""
    taints: Sequence[str]
    """What keeps pods off its nodes."""
    cpu: int
    memory_gb: int
    gpus: int


def pools(settings: TrainingSettings) -> tuple[Pool, Pool, Pool]:
    """CPU on spot, GPU on spot, GPU on demand: in the order in which the queue looks for a place."""
    cpu, memory_gb = SHARES[settings.gpu_size]

    def with_gpus(name: str, gpus: int) -> Pool:
        return Pool(name, (TAINT, GPU), cpu=gpus * cpu, memory_gb=gpus * memory_gb, gpus=gpus)

    return (
        Pool("cpu-spot", (TAINT,), cpu=settings.cpu, memory_gb=settings.memory_gb, gpus=0),
        with_gpus("gpu-spot", settings.gpus),
        with_gpus("gpu-on-demand", settings.gpus_on_demand),
    )


class Training(training.Training):
    """Kueue in front of nodes that are there already, labelled and tainted as the pools are."""

    def __init__(
        self,
        name: str,
        settings: TrainingSettings,
        *,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        tracking: Tracking,
        monitoring: Monitoring | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._open(
            settings, cluster=cluster, workspace=workspace, storage=storage, tracking=tracking, monitoring=monitoring
        )

    def _open(
        self,
        settings: TrainingSettings,
        *,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        tracking: Tracking,
        monitoring: Monitoring | None,
    ) -> None:
        """Makes the queue and, in each namespace, its door and what a job needs."""
        # The workspace's namespaces are known by name before they stand.
        self.child = ResourceOptions.merge(self.child, ResourceOptions(depends_on=[workspace]))
        kueue = self._kueue(settings, workspace, monitoring)
        queue = self._queue(settings, workspace, kueue)
        for namespace in settings.namespaces:
            self._admit(namespace, queue, cluster, workspace, storage, tracking)
        self.publish(queue=QUEUE, service_account=self.name, environment=self.name)

    def _kueue(
        self, settings: TrainingSettings, workspace: Workspace, monitoring: Monitoring | None
    ) -> helm.v3.Release:
        """The queue's controller, in a namespace of its own."""
        name = f"{self.name}-queue"
        namespace = workspace.namespace(name, ways=["api"])
        pods = {"app.kubernetes.io/name": "kueue"}
        door = networking.NetworkPolicy(
            name,
            metadata=meta.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name)),
            spec=networking.NetworkPolicySpecArgs(
                pod_selector=meta.LabelSelectorArgs(match_labels=pods),
                policy_types=["Ingress"],
                ingress=[
                    networking.NetworkPolicyIngressRuleArgs(
                        # The API server is no pod: it calls from its addresses in the network.
                        from_=[
                            networking.NetworkPolicyPeerArgs(
                                ip_block=networking.IPBlockArgs(cidr=workspace.network_cidr)
                            )
                        ],
                        # About each new job, and for Kueue's share of the API. If that is silent, Kubernetes no longer
                        # knows all of its API, and deletes no namespace any more.
                        ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=port) for port in (9443, 8082)],
                    )
                ],
            ),
            opts=self.child,
        )
        # Who asks for measurements shows a token, and Kueue asks the API whether that one may.
        measured = (
            {**monitoring.watch("kueue", namespace, METRICS_PORT), "prometheus.io/scheme": "https"}
            if monitoring
            else {}
        )
        return helm.v3.Release(
            name,
            # The name that Kueue's documents use for everything in it.
            name="kueue",
            chart=CHART,
            version=VERSION,
            namespace=namespace,
            # In seconds: a node may have to start first.
            timeout=600,
            values={
                "controllerManager": {
                    # Every new job asks its webhook, and is refused while that is away.
                    "replicas": 2,
                    "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
                    "topologySpreadConstraints": [
                        {
                            "topologyKey": "kubernetes.io/hostname",
                            "maxSkew": 1,
                            "whenUnsatisfiable": "ScheduleAnyway",
                            "labelSelector": {"matchLabels": pods},
                        }
                    ],
                    "manager": {
                        "podAnnotations": measured,
                        "resources": {
                            "requests": {"cpu": "100m", "memory": "512Mi"},
                            "limits": {"cpu": "2", "memory": "512Mi"},
                        },
                    },
                },
                "managerConfig": {"controllerManagerConfigYaml": json.dumps(configuration(settings.namespaces))},
            },
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[door])),
        )

    def _queue(
        self, settings: TrainingSettings, workspace: Workspace, kueue: helm.v3.Release
    ) -> apiextensions.CustomResource:
        """The queue itself: which nodes there are, how much of them may be used, and whose turn it is.

        Source of the fields: Kueue's CRDs of this release.
        """
        # The chart brings these kinds of object along, and their controller must be there to let go of them.
        made = ResourceOptions.merge(self.child, ResourceOptions(depends_on=[kueue]))
        flavors = [
            apiextensions.CustomResource(
                f"{self.name}-{pool.name}",
                api_version=API,
                kind="ResourceFlavor",
                metadata=meta.ObjectMetaArgs(name=pool.name, labels=labels(self.name)),
                spec={
                    "nodeLabels": {POOL: pool.name},
                    "nodeTaints": [{"key": key, "effect": "NoSchedule"} for key in pool.taints],
                    # Not the GPU's taint: a job that does not tolerate it has no use for a GPU, and is kept off.
                    "tolerations": [{"key": TAINT, "operator": "Exists", "effect": "NoSchedule"}],
                },
                opts=made,
            )
            for pool in pools(settings)
        ]
        # With a priority, a job goes first, and may stop one of the others. The scheduler itself stops none for it.
        scheduling.PriorityClass(
            f"{self.name}-urgent",
            metadata=meta.ObjectMetaArgs(name=f"{self.name}-urgent", labels=labels(self.name)),
            value=1000,
            preemption_policy="Never",
            description="Jobs that go first, such as the retraining of a model in production.",
            opts=self.child,
        )
        return apiextensions.CustomResource(
            self.name,
            api_version=API,
            kind="ClusterQueue",
            metadata=meta.ObjectMetaArgs(name=self.name, labels=labels(self.name)),
            spec={
                "namespaceSelector": selector(settings.namespaces),
                "resourceGroups": [
                    {
                        "coveredResources": ["cpu", "memory", GPU],
                        "flavors": workspace.quota.apply(lambda quota: quotas(pools(settings), quota)),
                    }
                ],
                # Who waits for room of their own priority waits: a job is stopped for an urgent one only.
                "preemption": {"withinClusterQueue": "LowerPriority"},
            },
            opts=ResourceOptions.merge(made, ResourceOptions(depends_on=flavors)),
        )

    def _admit(
        self,
        namespace: str,
        queue: apiextensions.CustomResource,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        tracking: Tracking,
    ) -> None:
        """Opens the queue to a namespace, and puts there what its jobs need: an identity, and an environment."""
        name = f"{self.name}-{namespace}"
        room = workspace.namespaces.apply(lambda rooms: among(rooms, namespace))

        def metadata(of: str) -> meta.ObjectMetaArgs:
            return meta.ObjectMetaArgs(name=of, namespace=room, labels=labels(self.name))

        apiextensions.CustomResource(
            name,
            api_version=API,
            kind="LocalQueue",
            metadata=metadata(QUEUE),
            spec={"clusterQueue": self.name},
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[queue])),
        )
        core.ServiceAccount(name, metadata=metadata(self.name), automount_service_account_token=False, opts=self.child)
        identity = cluster.workload_identity(name, namespace=namespace, service_account=self.name)
        storage.grant_read(name, identity, "data")
        storage.grant_write(name, identity, "artifacts")
        core.ConfigMap(
            name,
            metadata=metadata(self.name),
            data={
                "DATA_URL": storage.data_url,
                "ARTIFACTS_URL": storage.artifacts_url,
                # A checkpoint that is written over goes when the bucket forgets old versions.
                "CHECKPOINTS_URL": pulumi.Output.concat(storage.artifacts_url, "/checkpoints"),
            },
            opts=self.child,
        )
        core.Secret(name, metadata=metadata(self.name), string_data=tracking.environment(), opts=self.child)


def configuration(namespaces: Sequence[str]) -> dict[str, Any]:
    """Kueue's own configuration, where it differs from what Kueue takes by itself."""
    return {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        # How much of each flavour's quota is taken, too.
        "metrics": {"bindAddress": f":{METRICS_PORT}", "enableClusterQueueResources": True},
        # Jobs alone, not bare pods, Deployments or operators that are not here.
        "integrations": {"frameworks": ["batch/job"]},
        # A job without a queue waits, rather than run past the quotas. The queue called «default» sees to it that none
        # is without; should it ever be missing, that must not open the way.
        "manageJobsWithoutQueueName": True,
        # Only here; elsewhere Kueue is not even asked, so that what the platform runs itself never depends on it.
        "managedJobsNamespaceSelector": selector(namespaces),
        # A disk is what its machine has: nothing to share out, and a job that says what it needs must not wait for it.
        "resources": {"excludeResourcePrefixes": ["ephemeral-storage"]},
    }


def among(rooms: Sequence[str], namespace: str) -> str:
    """The namespace, once it is sure that the workspace has it.

    Raises:
        pulumi.RunError: it has not.
    """
    if namespace not in rooms:
        raise pulumi.RunError(
            f"training.namespaces names {namespace!r}, which is not one of workspace.namespaces: {', '.join(rooms)}"
        )
    return namespace


def selector(namespaces: Sequence[str]) -> dict[str, Any]:
    """Selects namespaces by the label that the API server itself puts on them."""
    return {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}]}


def quotas(pools: Sequence[Pool], namespace: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the queue may give away of each pool.

    Args:
        pools: the pools.
        namespace: what one namespace of the workspace may request, as Kubernetes writes a quota.

    Raises:
        pulumi.RunError: jobs that fill the queue would not fit into a namespace: Kueue would start them, and Kubernetes
            refuse their pods.
    """
    cpu, memory_gb = sum(pool.cpu for pool in pools), sum(pool.memory_gb for pool in pools)
    if cpu > int(namespace["requests.cpu"]) or memory_gb > int(namespace["requests.memory"].removesuffix("Gi")):
        raise pulumi.RunError(
            f"a full queue requests {cpu} CPUs and {memory_gb} GiB, the share of the GPUs included, and one namespace "
            f"may have {namespace['requests.cpu']} and {namespace['requests.memory']}: lower training.cpu, "
            "training.memory_gb or training.gpus, or raise workspace.cpu and workspace.memory_gb"
        )
    return [
        {
            "name": pool.name,
            "resources": [
                {"name": "cpu", "nominalQuota": str(pool.cpu)},
                {"name": "memory", "nominalQuota": f"{pool.memory_gb}Gi"},
                {"name": GPU, "nominalQuota": str(pool.gpus)},
            ],
        }
        for pool in pools
    ]
