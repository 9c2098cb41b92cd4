"""Training on AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi import ResourceOptions
from pulumi_kubernetes import apiextensions
from pulumi_kubernetes.meta import v1 as meta

from mlops_stacks import training
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.keys import Keys
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.network import Network
from mlops_stacks.storage import Storage
from mlops_stacks.tracking import Tracking
from mlops_stacks.training import TrainingSettings, kubernetes
from mlops_stacks.training.kubernetes import GPU, POOL, Pool, pools
from mlops_stacks.workspace import Workspace
from mlops_stacks.workspace.aws import node_class, require

CPUS = [
    require("kubernetes.io/arch", "In", "amd64"),
    require("eks.amazonaws.com/instance-category", "In", "c", "m", "r"),
    require("eks.amazonaws.com/instance-generation", "Gt", "5"),
    # 64 at most. The more kinds of machine will do, the sooner one is found on spot, and the longer it stays.
    require("eks.amazonaws.com/instance-cpu", "Lt", "65"),
]
"""The machines without a GPU: general, compute and memory, of recent generations."""

GPUS: Mapping[Size, Sequence[str]] = {
    "small": ("a10g", "l4"),
    "medium": ("l40s",),
    "large": ("rtx-pro-server-6000", "h100"),
}
"""The GPUs of a size, as AWS names them: 24 GB in ``g5`` and ``g6``, 48 in ``g6e``, 96 in ``g7e`` and 80 in ``p5``
(instance types in Karpenter's documentation, checked 2026-11-24)."""


class Training(kubernetes.Training):
    """Kueue on EKS, in front of node pools that start at zero: CPU and GPU on spot, and GPU on demand."""

    def __init__(
        self,
        name: str,
        settings: TrainingSettings,
        *,
        keys: Keys,
        network: Network,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        tracking: Tracking,
        monitoring: Monitoring | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        # Not the constructor of the class above: the queue goes before the nodes do.
        training.Training.__init__(self, name, opts)

        nodes = node_class(
            name,
            name,
            # In MiB a second: four times the default, for a data set is read once and at once.
            {"size": f"{settings.disk_gb}Gi", "throughput": 500},
            keys=keys,
            network=network,
            cluster=cluster,
            opts=self.child,
        )
        cpu, gpu, gpu_on_demand = pools(settings)
        with_gpu = [
            require("kubernetes.io/arch", "In", "amd64"),
            require("eks.amazonaws.com/instance-gpu-name", "In", *GPUS[settings.gpu_size]),
        ]
        made = [
            # Twice the quota, for machines hold something back: a job of four CPUs does not fit into one with four.
            self._pool(cpu, "spot", CPUS, {"cpu": str(2 * cpu.cpu), "memory": f"{2 * cpu.memory_gb}Gi"}, nodes),
            self._pool(gpu, "spot", with_gpu, {GPU: str(gpu.gpus)}, nodes),
            self._pool(gpu_on_demand, "on-demand", with_gpu, {GPU: str(gpu_on_demand.gpus)}, nodes),
        ]
        self.child = ResourceOptions.merge(self.child, ResourceOptions(depends_on=made))
        self._open(
            settings, cluster=cluster, workspace=workspace, storage=storage, tracking=tracking, monitoring=monitoring
        )

    def _pool(
        self,
        pool: Pool,
        capacity: str,
        machines: Sequence[Mapping[str, object]],
        limits: Mapping[str, str],
        nodes: apiextensions.CustomResource,
    ) -> apiextensions.CustomResource:
        """Nodes that start when the queue has let a job in, and stop when they stand empty.

        Source of the fields: EKS User Guide, *Create a node pool*, and the CRD of Karpenter 1.14, checked 2026-11-24.
        """
        name = f"{self.name}-{pool.name}"
        return apiextensions.CustomResource(
            name,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata=meta.ObjectMetaArgs(name=name),
            spec={
                "template": {
                    "metadata": {"labels": {POOL: pool.name}},
                    "spec": {
                        "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": self.name},
                        "requirements": [require("karpenter.sh/capacity-type", "In", capacity), *machines],
                        "taints": [{"key": key, "effect": "NoSchedule"} for key in pool.taints],
                        # Two weeks. A job that is still running is told to stop, and goes on on another node.
                        "expireAfter": "336h",
                        # The longest that such a job, or one on a broken node, may take to stop.
                        "terminationGracePeriod": "1h",
                    },
                },
                "disruption": {
                    # Moving a job costs the work since its last checkpoint. So an idle node goes, and one that works
                    # is left alone: neither cheaper machines nor the weekly image are worth it.
                    "consolidationPolicy": "WhenEmpty",
                    "consolidateAfter": "5m",
                    "budgets": [{"nodes": "100%", "reasons": ["Empty"]}, {"nodes": "0", "reasons": ["Drifted"]}],
                },
                "limits": limits,
            },
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[nodes])),
        )
