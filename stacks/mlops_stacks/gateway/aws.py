"""Gateway on AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import acm, route53
from pulumi_kubernetes import apiextensions
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking

from mlops_stacks import gateway
from mlops_stacks.gateway import GatewaySettings
from mlops_stacks.kubernetes import container_security, labels, pod_security
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.network import Network
from mlops_stacks.serving import Serving
from mlops_stacks.storage import Storage
from mlops_stacks.workspace.aws import tags

TLS = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3, and 1.2 with forward secrecy; key exchange that a quantum computer does not undo, where the client can. AWS
recommends it (ELB User Guide, *Security policies for your Application Load Balancer*, checked 2026-11-24)."""

ANNOTATION = "alb.ingress.kubernetes.io/"

ACTION = "predict"
"""The name of the rule that shares requests out."""

TTL = 60
"""Seconds for which a client may remember where the load balancer is."""

READY = "/readyz"
"""Where a predictor says whether it is welcome: the load balancer asks each one, and the prober through the door."""

PROBER = "prom/blackbox-exporter:v0.28.0@sha256:e753ff9f3fc458d02cca5eddab5a77e1c175eee484a8925ac7d524f04366c2fc"
"""Prometheus' own prober (checked 2026-11-24). README.md says how sure the digest is."""

PROBER_PORT = 9115

NOBODY = 65534
"""A user id without rights. The image names none, for pings want root; this asks over HTTPS."""


class Gateway(gateway.Gateway):
    """An internal Application Load Balancer, which EKS makes of an Ingress, with a certificate and a name of its own.

    With monitoring, a prober in the cluster asks through it as a client would.

    Without a domain nothing is made.
    """

    deploy_settings = ("domain", "hosted_zone")

    def __init__(
        self,
        name: str,
        settings: GatewaySettings,
        *,
        network: Network,
        storage: Storage,
        serving: Serving,
        monitoring: Monitoring | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        check(name, settings)
        url = Output.from_input("")
        if settings.domain:
            domain = self._open(settings, network, storage, serving)
            url = Output.concat("https://", domain, "/predict")
            if monitoring:
                self._watch(domain, network, serving.namespace, monitoring)
        self.publish(url=url)

    def _open(self, settings: GatewaySettings, network: Network, storage: Storage, serving: Serving) -> Output[str]:
        """Makes the door, and says under which name, once that leads there."""
        name = self.name
        # Where the load balancer stands, its packets come from.
        serving.grant_connect(name, network.cidr)
        door = self._class(
            network, serving, certificate=self._certificate(settings), sources=[network.cidr, *settings.cidrs]
        )
        ingress = networking.Ingress(
            name,
            metadata=meta.ObjectMetaArgs(
                name=name,
                # Beside the services that it leads to, as Kubernetes asks.
                namespace=serving.namespace,
                labels=labels(name),
                annotations={
                    # One port; nothing answers on 80, for nobody types this name into a browser.
                    f"{ANNOTATION}listen-ports": '[{"HTTPS": 443}]',
                    # Here and not in the class: only so does EKS refuse to delete one that is protected (AWS Load
                    # Balancer Controller, ``getDeletionProtectionViaAnnotation``).
                    f"{ANNOTATION}load-balancer-attributes": attributes(name, settings, storage),
                    f"{ANNOTATION}healthcheck-path": READY,
                    f"{ANNOTATION}healthcheck-interval-seconds": "10",
                    f"{ANNOTATION}healthy-threshold-count": "2",
                    # A request takes five seconds at most; unless told, a predictor that ends is waited for for 300.
                    f"{ANNOTATION}target-group-attributes": "deregistration_delay.timeout_seconds=15",
                    f"{ANNOTATION}actions.{ACTION}": Output.all(serving.service, serving.challenger).apply(
                        lambda services: share_out(name, *services, percent=settings.challenger_percent)
                    ),
                },
            ),
            spec=networking.IngressSpecArgs(
                ingress_class_name=door.metadata.name,
                rules=[
                    networking.IngressRuleArgs(
                        host=settings.domain,
                        http=networking.HTTPIngressRuleValueArgs(
                            # Not what Prometheus asks. Whether somebody is there is no secret from who may ask him.
                            paths=[
                                networking.HTTPIngressPathArgs(
                                    path=path,
                                    path_type="Exact",
                                    backend=networking.IngressBackendArgs(
                                        service=networking.IngressServiceBackendArgs(
                                            name=ACTION,
                                            port=networking.ServiceBackendPortArgs(name="use-annotation"),
                                        )
                                    ),
                                )
                                for path in ("/predict", READY)
                            ]
                        ),
                    )
                ],
            ),
            opts=self.child,
        )
        record = route53.Record(
            name,
            zone_id=settings.hosted_zone,
            name=settings.domain,
            type="CNAME",
            ttl=TTL,
            # Pulumi waits for it. An alias record would want the load balancer's own zone too, which nobody tells.
            records=[ingress.status.load_balancer.ingress[0].hostname],
            opts=self.child,
        )
        return record.name

    def _watch(self, domain: Output[str], network: Network, namespace: Output[str], monitoring: Monitoring) -> None:
        """Has a prober ask at the door, whenever Prometheus asks it, and say what came of it.

        It comes after the name: whoever asks for one that is not there yet makes the resolver of the whole network
        remember for a quarter of an hour that there is none (Route 53 Developer Guide, *SOA records*).
        """
        name = self.name
        asked = monitoring.watch(
            name,
            namespace,
            PROBER_PORT,
            path="/probe",
            # The module is one of those that the image has; it wants 200, and a certificate that holds.
            parameters={"module": "http_2xx", "target": Output.concat("https://", domain, READY)},
        )

        def metadata(of: str) -> meta.ObjectMetaArgs:
            return meta.ObjectMetaArgs(name=of, namespace=namespace, labels=labels(name))

        # To where the load balancer stands; the predictors beside it have no such way.
        networking.NetworkPolicy(
            f"{name}-prober",
            metadata=metadata(f"{name}-prober"),
            spec=networking.NetworkPolicySpecArgs(
                pod_selector=meta.LabelSelectorArgs(match_labels=labels(name)),
                policy_types=["Egress"],
                egress=[
                    networking.NetworkPolicyEgressRuleArgs(
                        to=[networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr=network.cidr))],
                        ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=443)],
                    )
                ],
            ),
            opts=self.child,
        )
        account = core.ServiceAccount(
            f"{name}-prober", metadata=metadata(name), automount_service_account_token=False, opts=self.child
        )
        apps.Deployment(
            f"{name}-prober",
            metadata=metadata(name),
            spec=apps.DeploymentSpecArgs(
                replicas=1,
                selector=meta.LabelSelectorArgs(match_labels=labels(name)),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels=labels(name), annotations=asked),
                    spec=prober(account.metadata.name),
                ),
            ),
            opts=self.child,
        )

    def _certificate(self, settings: GatewaySettings) -> Output[str]:
        """The ARN of a certificate for the domain, known once it is issued; it renews itself."""
        certificate = acm.Certificate(self.name, domain_name=settings.domain, validation_method="DNS", opts=self.child)
        proof = certificate.domain_validation_options[0]
        record = route53.Record(
            f"{self.name}-proof",
            zone_id=settings.hosted_zone,
            name=proof.resource_record_name,
            type="CNAME",
            ttl=TTL,
            records=[proof.resource_record_value],
            opts=self.child,
        )
        issued = acm.CertificateValidation(
            self.name, certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=self.child
        )
        return issued.certificate_arn

    def _class(
        self, network: Network, serving: Serving, *, certificate: Output[str], sources: Sequence[pulumi.Input[str]]
    ) -> networking.IngressClass:
        """What kind of load balancer EKS makes, and for whom.

        Source of the fields: EKS User Guide, *Create an IngressClass to configure an Application Load Balancer*,
        IngressClassParams reference, checked 2026-11-24.
        """
        name = self.name
        parameters = apiextensions.CustomResource(
            name,
            api_version="eks.amazonaws.com/v1",
            kind="IngressClassParams",
            metadata=meta.ObjectMetaArgs(name=name, labels=labels(name)),
            spec={
                "scheme": "internal",
                "subnets": {"ids": network.private_subnet_ids},
                # Who may reach it at all; unless told, everybody.
                "inboundCIDRs": sources,
                "certificateARNs": [certificate],
                "sslPolicy": TLS,
                "targetType": "ip",
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": serving.namespace}},
                "tags": [{"key": key, "value": value} for key, value in tags().items()],
            },
            opts=self.child,
        )
        return networking.IngressClass(
            name,
            metadata=meta.ObjectMetaArgs(name=name, labels=labels(name)),
            spec=networking.IngressClassSpecArgs(
                controller="eks.amazonaws.com/alb",
                parameters=networking.IngressClassParametersReferenceArgs(
                    api_group="eks.amazonaws.com", kind="IngressClassParams", name=name
                ),
            ),
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[parameters])),
        )


def prober(account: pulumi.Input[str]) -> core.PodSpecArgs:
    """A pod that asks whom it is told to ask."""
    alive = core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path="/-/healthy", port="http"), period_seconds=10, failure_threshold=3
    )
    container = core.ContainerArgs(
        name="prober",
        image=PROBER,
        ports=[core.ContainerPortArgs(name="http", container_port=PROBER_PORT)],
        readiness_probe=alive,
        liveness_probe=alive,
        resources=core.ResourceRequirementsArgs(
            requests={"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
            limits={"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
        ),
        security_context=container_security(),
    )
    return core.PodSpecArgs(
        service_account_name=account,
        automount_service_account_token=False,
        enable_service_links=False,
        security_context=pod_security(NOBODY),
        containers=[container],
    )


def check(name: str, settings: GatewaySettings) -> None:
    """Refuses settings of which one makes no sense without another.

    Raises:
        pulumi.RunError: which one.
    """
    if settings.domain and not settings.hosted_zone:
        raise pulumi.RunError(
            f"{name}.hosted_zone: name the zone that holds '{settings.domain}' by its id; "
            "aws route53 list-hosted-zones lists them"
        )
    if settings.challenger_percent and not settings.domain:
        raise pulumi.RunError(
            f"{name}.challenger_percent: requests are shared out by the load balancer, and without {name}.domain "
            "there is none"
        )


def attributes(name: str, settings: GatewaySettings, storage: Storage) -> Output[str]:
    """What the load balancer itself is told, as the annotation takes it."""
    return Output.concat(
        f"deletion_protection.enabled={str(settings.protected).lower()},",
        # A request whose headers two readers could read differently is how one is smuggled past the first.
        "routing.http.drop_invalid_header_fields.enabled=true,",
        f"access_logs.s3.enabled=true,access_logs.s3.prefix={name},access_logs.s3.bucket=",
        storage.logs_url.apply(lambda url: url.removeprefix("s3://")),
    )


def share_out(name: str, champion: str, challenger: str, *, percent: int) -> str:
    """The rule by which requests are shared out.

    Raises:
        pulumi.RunError: the challenger has a share, and there is none.
    """
    if percent and not challenger:
        raise pulumi.RunError(
            f"{name}.challenger_percent: {percent} of a hundred requests, and nobody to answer them: name an image in "
            "serving.challenger"
        )
    shares = {champion: 100 - percent} | ({challenger: percent} if percent else {})
    return json.dumps(
        {
            "type": "forward",
            "forwardConfig": {
                "targetGroups": [
                    {"serviceName": service, "servicePort": "http", "weight": weight}
                    for service, weight in shares.items()
                ]
            },
        }
    )
