"""Relay inside the cluster."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input

from acme_platform.blocks import relay
from acme_platform.blocks.relay import RelaySettings
from mlops_stacks.kubernetes import admit, container_security, labels, pod_security, pods_of
from mlops_stacks.workspace import Workspace

PORT = 2525
"""Where mail is handed in: a port that needs no root."""

SUBMISSION = 587
"""Where a mail server takes mail from clients (RFC 6409)."""

USER = 10001
"""The user id that the image runs as."""


class Relay(relay.Relay):
    """A Deployment that reaches the mail server and nothing else."""

    def __init__(
        self,
        name: str,
        settings: RelaySettings,
        *,
        workspace: Workspace,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        namespace = workspace.namespace(name)
        workspace.open_port(name, namespace, SUBMISSION, cidr=settings.server_cidr)

        metadata = k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name))
        listens = k8s.core.v1.ProbeArgs(tcp_socket=k8s.core.v1.TCPSocketActionArgs(port="smtp"))
        container = k8s.core.v1.ContainerArgs(
            name="relay",
            image=settings.image,
            args=[f"--listen=:{PORT}", f"--server={settings.server}:{SUBMISSION}"],
            ports=[k8s.core.v1.ContainerPortArgs(name="smtp", container_port=PORT)],
            readiness_probe=listens,
            liveness_probe=listens,
            resources=k8s.core.v1.ResourceRequirementsArgs(
                requests={"cpu": "10m", "memory": "64Mi"}, limits={"cpu": "100m", "memory": "64Mi"}
            ),
            security_context=container_security(),
        )
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec=k8s.apps.v1.DeploymentSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels(name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels(name)),
                    spec=k8s.core.v1.PodSpecArgs(
                        automount_service_account_token=False,
                        security_context=pod_security(USER),
                        containers=[container],
                    ),
                ),
            ),
            opts=self.child,
        )
        service = k8s.core.v1.Service(
            name,
            metadata=metadata,
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=labels(name), ports=[k8s.core.v1.ServicePortArgs(name="smtp", port=PORT, target_port="smtp")]
            ),
            opts=self.child,
        )
        k8s.networking.v1.NetworkPolicy(
            name, metadata=metadata, spec=admit(PORT, pods_of(workspace.namespaces)), opts=self.child
        )
        self.publish(host=service.metadata.name.apply(lambda service: f"{service}.{name}.svc.cluster.local"))

    def grant_send(self, grantee: str, namespace: Input[str]) -> None:
        """Lets the namespace's pods through the network policies, to the relay's port and no other."""
        k8s.networking.v1.NetworkPolicy(
            f"{grantee}-send",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{grantee}-send",
                # Where the relay is, which by then has an address.
                namespace=self.host.apply(lambda _: self.name),
                labels=labels(self.name),
            ),
            spec=admit(PORT, pods_of([namespace])),
            opts=self.child,
        )
