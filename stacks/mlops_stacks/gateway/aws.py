"""Gateway on AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import acm, route53
from pulumi_kubernetes import apiextensions
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking

from mlops_stacks import gateway
from mlops_stacks.gateway import GatewaySettings
from mlops_stacks.kubernetes import labels
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


class Gateway(gateway.Gateway):
    """An internal Application Load Balancer, which EKS makes of an Ingress, with a certificate and a name of its own.

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
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        check(name, settings)
        url = self._open(settings, network, storage, serving) if settings.domain else Output.from_input("")
        self.publish(url=url)

    def _open(self, settings: GatewaySettings, network: Network, storage: Storage, serving: Serving) -> Output[str]:
        """Makes the door, and says where it is."""
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
                    f"{ANNOTATION}healthcheck-path": "/readyz",
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
                            paths=[
                                networking.HTTPIngressPathArgs(
                                    # Not what Prometheus and the probes ask.
                                    path="/predict",
                                    path_type="Exact",
                                    backend=networking.IngressBackendArgs(
                                        service=networking.IngressServiceBackendArgs(
                                            name=ACTION,
                                            port=networking.ServiceBackendPortArgs(name="use-annotation"),
                                        )
                                    ),
                                )
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
        return record.name.apply(lambda domain: f"https://{domain}/predict")

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
