"""What breaks the rules for objects inside the cluster."""

from __future__ import annotations

from typing import Any

from bad_examples import plan, resource
from policy import Resource

GOOD = {
    "name": "server",
    "image": "app@sha256:0",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}},
}


def deployment(pod: Any = None, **container: Any) -> Resource:
    """A Deployment with one container, which is good but for what is said."""
    template = {"spec": {**(pod or {}), "containers": [{**GOOD, **container}]}}
    return resource("kubernetes:apps/v1:Deployment", spec={"template": template})


def namespace(**labels: str) -> Resource:
    """A namespace."""
    return resource("kubernetes:core/v1:Namespace", metadata={"name": "bad", "labels": labels})


def network_policy(**spec: Any) -> Resource:
    """A network policy."""
    return resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", metadata={"namespace": "bad"}, spec=spec)


EXAMPLES = {
    "namespaces_are_restricted": [
        plan(namespace()),
        plan(namespace(**{"pod-security.kubernetes.io/enforce": "privileged"})),
    ],
    "namespaces_are_closed": [
        plan(namespace()),
        plan(namespace(), network_policy(podSelector={}, policyTypes=["Ingress"])),
    ],
    "nobody_comes_in_from_the_internet": [
        plan(network_policy(ingress=[{"ports": [{"port": 80}]}])),
        plan(network_policy(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])),
    ],
    "images_are_pinned": [plan(deployment(image="app:1.0"))],
    "containers_are_limited": [
        plan(deployment(securityContext={})),
        plan(deployment(resources={"requests": {"memory": "1Gi"}})),
    ],
    "nobody_runs_as_root": [
        plan(deployment()),
        plan(deployment({"securityContext": {"runAsNonRoot": True}})),
        plan(resource("kubernetes:batch/v1:CronJob", spec={"jobTemplate": {"spec": deployment().inputs["spec"]}})),
    ],
    "the_way_out_has_a_port": [plan(network_policy(egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]))],
}
