"""The app's predictor inside the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from mlops_stacks import serving
from mlops_stacks.component import Size
from mlops_stacks.kubernetes import admit, container_security, fingerprint, labels, pod_security, pods_of
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.serving import ServingSettings
from mlops_stacks.tracking import Tracking
from mlops_stacks.workspace import Workspace

USER = 10001
"""The user id that ``app/Dockerfile`` names."""

PORT = 8080

SCRATCH = "/tmp"  # noqa: S108
"""The one folder that can be written to: a model lies in it while it is read."""

SCRATCH_SIZE = "1Gi"

DRAIN_SECONDS = 20
"""How long a predictor goes on answering after it was told to end. A load balancer of AWS may take that long to hear of
it, and Kubernetes itself some seconds (EKS Best Practices Guide, *Load Balancing*)."""

GRACE_SECONDS = DRAIN_SECONDS + 15
"""Until it is killed: the drain, ten seconds for the last answers (``app/serve.py``), and some to end."""

READY_SECONDS = 30
"""How long a new predictor must have been ready before an old one goes: two health checks of a load balancer."""

BUSY_PERCENT = 60
"""How much of the CPU that it asks for a predictor uses on average before another one starts. What is above carries
the load while a node starts, about a minute."""

CALM_SECONDS = 300
"""How long it must have been quiet before one goes again."""


@dataclass(frozen=True)
class Machine:
    """What one predictor gets. It has one process; measured, 100 requests a second take 0.2 CPUs and 300 MB."""

    cpu: str
    """CPUs that are always there."""
    memory: str
    """The model in use, the next one while it is read, and what Python needs."""


MACHINES: Mapping[Size, Machine] = {
    "small": Machine(cpu="250m", memory="512Mi"),
    "medium": Machine(cpu="500m", memory="1Gi"),
    "large": Machine(cpu="1", memory="4Gi"),
}

CPU_LIMIT = "2"
"""One CPU for the requests, and one for the look at the registry: reading a new model must not hold up an answer."""


class Serving(serving.Serving):
    """The app's predictor: replicas that follow the load, spread over zones, and a challenger beside it if asked.

    It answers whoever may reach it, and asks for no name. It reads the model through the tracking server, which hands
    it a link to the file; so it has no identity in the cloud, and no right to any bucket. There it is the reader,
    who can move no alias, and put no model in another's place.
    """

    def __init__(
        self,
        name: str,
        settings: ServingSettings,
        *,
        workspace: Workspace,
        tracking: Tracking,
        monitoring: Monitoring | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        if settings.max_replicas < settings.replicas:
            raise pulumi.RunError(
                f"{name}.max_replicas: {settings.max_replicas} is less than {name}.replicas, {settings.replicas}"
            )
        challenger = f"{name}-challenger"
        # The internet: the link to a model's file leads to the bucket.
        namespace = workspace.namespace(name, ways=["internet", "platform"])
        tracking.grant_connect(name, namespace)

        account = k8s.core.v1.ServiceAccount(
            name, metadata=metadata(name, namespace), automount_service_account_token=False, opts=self.child
        )
        variables = tracking.environment(reading=True)
        secret = k8s.core.v1.Secret(name, metadata=metadata(name, namespace), string_data=variables, opts=self.child)
        pods = Pods(
            machine=MACHINES[settings.size],
            model=settings.model,
            account=account.metadata.name,
            secret=secret.metadata.name,
            variables=list(variables),
            # A pod does not notice that a Secret has changed; that this has changed makes new pods.
            fingerprint=pulumi.Output.json_dumps(variables).apply(fingerprint),
        )

        def measured(of: str) -> Mapping[str, pulumi.Input[str]]:
            return monitoring.watch(of, namespace, PORT) if monitoring else {}

        service = self._service(name, namespace)
        if settings.image:
            template = pods.template(name, settings.image, "champion", measured(name))
            self._predictor(name, namespace, template, at_least=settings.replicas, at_most=settings.max_replicas)
        challengers: pulumi.Input[str] = ""
        if settings.challenger:
            challengers = self._service(challenger, namespace).metadata.name
            template = pods.template(challenger, settings.challenger, settings.challenger_alias, measured(challenger))
            self._predictor(challenger, namespace, template, at_least=1, at_most=settings.max_replicas)

        # Nothing but predictors is in the namespace.
        k8s.networking.v1.NetworkPolicy(
            name,
            metadata=metadata(name, namespace),
            spec=admit(PORT, pods_of(workspace.namespaces)),
            opts=self.child,
        )
        self.publish(
            # Known once there is something to be reached.
            url=service.metadata.name.apply(lambda service: f"http://{service}.{name}.svc.cluster.local:{PORT}"),
            namespace=namespace,
            service=service.metadata.name,
            challenger=challengers,
        )

    def grant_connect(self, grantee: str, cidr: pulumi.Input[str]) -> None:
        """Lets the range through the network policies, to the predictors' port and no other."""
        k8s.networking.v1.NetworkPolicy(
            grantee,
            metadata=metadata(grantee, self.namespace),
            spec=admit(
                PORT, k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr))
            ),
            opts=self.child,
        )

    def _service(self, of: str, namespace: pulumi.Input[str]) -> k8s.core.v1.Service:
        """The name under which replicas are reached; there may be none yet."""
        return k8s.core.v1.Service(
            of,
            # Pulumi would wait for a pod behind it, and before the first release there is none.
            metadata=metadata(of, namespace, annotations={"pulumi.com/skipAwait": "true"}),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=labels(of),
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=self.child,
        )

    def _predictor(
        self,
        of: str,
        namespace: pulumi.Input[str],
        template: k8s.core.v1.PodTemplateSpecArgs,
        *,
        at_least: int,
        at_most: int,
    ) -> None:
        """Replicas of one predictor, how many there are, and how many may be taken away at once."""
        selector = k8s.meta.v1.LabelSelectorArgs(match_labels=labels(of))
        # checkov:skip=CKV_K8S_35: clients of MLflow read their password from the environment
        deployment = k8s.apps.v1.Deployment(
            of,
            metadata=metadata(of, namespace),
            # Without a number of replicas: that is the autoscaler's.
            spec=k8s.apps.v1.DeploymentSpecArgs(
                selector=selector,
                min_ready_seconds=READY_SECONDS,
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                template=template,
            ),
            opts=self.child,
        )
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            of,
            metadata=metadata(of, namespace),
            spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
                scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                    api_version="apps/v1", kind="Deployment", name=deployment.metadata.name
                ),
                min_replicas=at_least,
                max_replicas=at_most,
                metrics=[
                    k8s.autoscaling.v2.MetricSpecArgs(
                        type="Resource",
                        resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
                            name="cpu",
                            target=k8s.autoscaling.v2.MetricTargetArgs(
                                type="Utilization", average_utilization=BUSY_PERCENT
                            ),
                        ),
                    )
                ],
                behavior=k8s.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
                    # Upwards as fast as Kubernetes does it; downwards one a minute, and not in every lull.
                    scale_down=k8s.autoscaling.v2.HPAScalingRulesArgs(
                        stabilization_window_seconds=CALM_SECONDS,
                        policies=[k8s.autoscaling.v2.HPAScalingPolicyArgs(type="Pods", value=1, period_seconds=60)],
                    )
                ),
            ),
            opts=self.child,
        )
        k8s.policy.v1.PodDisruptionBudget(
            of,
            metadata=metadata(of, namespace),
            # One at a time, rather than a number that must stay: with a single replica that would block every drain.
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(selector=selector, max_unavailable=1),
            opts=self.child,
        )


@dataclass(frozen=True)
class Pods:
    """What the pods of champion and challenger have in common."""

    machine: Machine
    model: str
    """The model's name in the registry."""
    account: pulumi.Input[str]
    """The service account."""
    secret: pulumi.Input[str]
    """The name of the Secret."""
    variables: Sequence[str]
    """The environment variables whose values the Secret holds."""
    fingerprint: pulumi.Output[str]
    """Of the Secret."""

    def template(
        self, name: str, image: str, alias: str, measured: Mapping[str, pulumi.Input[str]]
    ) -> k8s.core.v1.PodTemplateSpecArgs:
        """A template of pods that answer with the model of an alias."""
        selector = k8s.meta.v1.LabelSelectorArgs(match_labels=labels(name))
        return k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=labels(name),
                annotations={"mlops/secret": self.fingerprint, **measured},
            ),
            spec=k8s.core.v1.PodSpecArgs(
                service_account_name=self.account,
                automount_service_account_token=False,
                # Else the services' addresses would come as SERVING_PORT and the like.
                enable_service_links=False,
                security_context=pod_security(USER),
                # The predictor itself drains when it is told to end, so there is no hook before that.
                termination_grace_period_seconds=GRACE_SECONDS,
                topology_spread_constraints=[
                    k8s.core.v1.TopologySpreadConstraintArgs(
                        topology_key=over, max_skew=1, when_unsatisfiable="ScheduleAnyway", label_selector=selector
                    )
                    for over in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                ],
                volumes=[
                    k8s.core.v1.VolumeArgs(
                        name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=SCRATCH_SIZE)
                    )
                ],
                containers=[self._container(image, alias)],
            ),
        )

    def _container(self, image: str, alias: str) -> k8s.core.v1.ContainerArgs:
        return k8s.core.v1.ContainerArgs(
            name="predictor",
            image=image,
            args=[
                f"--model={self.model}",
                "serve",
                "--host=0.0.0.0",
                f"--port={PORT}",
                f"--alias={alias}",
                f"--drain-seconds={DRAIN_SECONDS}",
            ],
            env=[
                k8s.core.v1.EnvVarArgs(
                    name=variable,
                    value_from=k8s.core.v1.EnvVarSourceArgs(
                        secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=self.secret, key=variable)
                    ),
                )
                for variable in self.variables
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=PORT)],
            # Two minutes for the first start, on a node with a cold disk. A predictor without a model is alive, and not
            # ready: to start it again would bring it none.
            startup_probe=asks("/healthz", period_seconds=5, failure_threshold=24),
            readiness_probe=asks("/readyz", period_seconds=5, failure_threshold=3),
            liveness_probe=asks("/healthz", period_seconds=10, failure_threshold=6),
            volume_mounts=[k8s.core.v1.VolumeMountArgs(name="scratch", mount_path=SCRATCH)],
            resources=k8s.core.v1.ResourceRequirementsArgs(
                requests={
                    "cpu": self.machine.cpu,
                    "memory": self.machine.memory,
                    "ephemeral-storage": SCRATCH_SIZE,
                },
                limits={"cpu": CPU_LIMIT, "memory": self.machine.memory, "ephemeral-storage": SCRATCH_SIZE},
            ),
            security_context=container_security(),
        )


def metadata(of: str, namespace: pulumi.Input[str], **more: Any) -> k8s.meta.v1.ObjectMetaArgs:
    """What an object is called, where it is, and the labels that say what it belongs to."""
    return k8s.meta.v1.ObjectMetaArgs(name=of, namespace=namespace, labels=labels(of), **more)


def asks(path: str, *, period_seconds: int, failure_threshold: int) -> k8s.core.v1.ProbeArgs:
    """Asks the predictor itself."""
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http"),
        timeout_seconds=5,
        period_seconds=period_seconds,
        failure_threshold=failure_threshold,
    )
