"""What every block inside a cluster shares: the way in, and how its pods are secured."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from mlops_stacks.cluster import Cluster


def inside(cluster: Cluster) -> pulumi.ResourceOptions:
    """The options of a component that runs inside a cluster: the provider of that cluster, and no other.

    The identifier is a fixed name: without it, a changed kubeconfig would replace every object in the cluster
    (pulumi-kubernetes, ``cluster_identifier``).
    """
    provider = k8s.Provider(
        cluster.name,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=f"{pulumi.get_project()}-{pulumi.get_stack()}-{cluster.name}",
        enable_server_side_apply=True,
    )
    return pulumi.ResourceOptions(providers=[provider])


def labels(name: str) -> dict[str, str]:
    """The recommended labels of an object, which its selectors use too."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": pulumi.get_project(),
        "app.kubernetes.io/managed-by": "pulumi",
    }


def pod_security(user: int) -> k8s.core.v1.PodSecurityContextArgs:
    """A pod's half of Pod Security *restricted*; ``user`` is the numeric id its image runs as."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security() -> k8s.core.v1.SecurityContextArgs:
    """A container's half of Pod Security *restricted*, with a read-only root file system."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
    )
