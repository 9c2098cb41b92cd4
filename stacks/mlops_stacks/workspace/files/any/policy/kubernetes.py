"""The rules for objects inside the cluster. After each, the standard or benchmark that asks for the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy import Plan, Resource

WORKLOADS = (
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:batch/v1:CronJob",
    "kubernetes:batch/v1:Job",
)


PRIVILEGED = {
    "monitoring-logs": "What pods print is on their node's disk, and belongs to root there (monitoring/README.md).",
}
"""The namespaces whose pods may reach for their node, and why each must."""


def namespaces_are_restricted(plan: Plan) -> Iterator[str]:
    """Every namespace enforces Pod Security *restricted* (CIS Kubernetes 5.2), but for those in ``PRIVILEGED``."""
    for namespace in plan.of("kubernetes:core/v1:Namespace"):
        level = namespace.inputs["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
        if level != "restricted" and namespace.name not in PRIVILEGED:
            yield f"the namespace {namespace.name} does not enforce Pod Security restricted"


def namespaces_are_closed(plan: Plan) -> Iterator[str]:
    """Every namespace has a policy that denies all traffic that no other one allows (CIS Kubernetes 5.3.2)."""
    denied = {
        policy.inputs["metadata"]["namespace"]
        for policy in plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if policy.inputs["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    }
    for namespace in plan.of("kubernetes:core/v1:Namespace"):
        if namespace.inputs["metadata"]["name"] not in denied:
            yield f"the namespace {namespace.name} denies nothing by default"


def nobody_comes_in_from_the_internet(plan: Plan) -> Iterator[str]:
    """No network policy lets everybody in (CIS Kubernetes 5.3.2)."""
    for policy in plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy"):
        for rule in policy.inputs["spec"].get("ingress", []):
            peers = rule.get("from", [{"ipBlock": {"cidr": "0.0.0.0/0"}}])
            if any(peer.get("ipBlock", {}).get("cidr") in ("0.0.0.0/0", "::/0") for peer in peers):
                yield f"the network policy {policy.name} lets everybody in"


def images_are_pinned(plan: Plan) -> Iterator[str]:
    """Every image that a program names has a digest, for a tag can be moved (CKV_K8S_43); charts name their own."""
    for workload, container in _containers(plan):
        if "@sha256:" not in container["image"]:
            yield f"{workload.name}: the image {container['image']} has no digest"


def containers_are_limited(plan: Plan) -> Iterator[str]:
    """Every container gives up its privileges, and says what memory it needs.

    That is CKV_K8S_20 and CKV_K8S_37, CKV_K8S_12 and CKV_K8S_13.
    """
    for workload, container in _containers(plan):
        security = container.get("securityContext", {})
        dropped = security.get("capabilities", {}).get("drop", [])
        if security.get("allowPrivilegeEscalation", True) or "ALL" not in dropped:
            yield f"{workload.name}: the container {container['name']} keeps privileges"
        resources = container.get("resources", {})
        if not all("memory" in resources.get(kind, {}) for kind in ("requests", "limits")):
            yield f"{workload.name}: the container {container['name']} does not say what memory it needs"


def nobody_runs_as_root(plan: Plan) -> Iterator[str]:
    """Every pod runs as somebody else than root, and has its system calls filtered (CKV_K8S_23, CKV_K8S_31)."""
    for workload in plan.of(*WORKLOADS):
        security = _pod(workload).get("securityContext", {})
        if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{workload.name} may run as root, or make any system call"


def the_way_out_has_a_port(plan: Plan) -> Iterator[str]:
    """No network policy opens every port to an address outside (CIS Kubernetes 5.3.2)."""
    for policy in plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy"):
        for rule in policy.inputs["spec"].get("egress", []):
            peers = rule.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}])
            if not rule.get("ports") and any("ipBlock" in peer for peer in peers):
                yield f"the network policy {policy.name} opens every port"


def _containers(plan: Plan) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Every container of every workload."""
    for workload in plan.of(*WORKLOADS):
        pod = _pod(workload)
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            yield workload, container


def _pod(workload: Resource) -> dict[str, Any]:
    """What a workload says of its pods; a CronJob says it of the Jobs that it makes."""
    spec = workload.inputs["spec"]
    return spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
