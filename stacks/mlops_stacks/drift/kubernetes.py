"""Data drift, looked for inside the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from mlops_stacks import drift
from mlops_stacks.drift import DriftSettings
from mlops_stacks.kubernetes import container_security, labels, pod_security
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.tracking import Tracking
from mlops_stacks.workspace import Workspace

PUSHGATEWAY = "prom/pushgateway:v1.11.3@sha256:74fa117cef2d7e383112d25139ff1c2d2e309c35389a9e0554a47136a1482e48"
"""The newest Pushgateway (checked 2026-11-24). README.md says how sure the digest is."""

NOBODY = 65534
"""The user id that Pushgateway's image runs as."""

PORT = 9091

APP = 10001
"""The user id that the app's image runs as (``app/Dockerfile``)."""

SCRATCH = "/tmp"  # noqa: S108
"""The one folder that the app writes to."""

SCORES = "/scores"
"""The folder in which the Pushgateway keeps what was pushed."""


class Drift(drift.Drift):
    """A CronJob that runs the app's ``drift``, and a Pushgateway, which holds the scores until the next ones.

    Nobody's request is recorded: the job asks the monitoring for the predictor's histograms, and the registry for those
    of training. Reports lie where the tracking server keeps its files, so the job has no identity in the cloud.
    """

    def __init__(
        self,
        name: str,
        settings: DriftSettings,
        *,
        workspace: Workspace,
        tracking: Tracking,
        monitoring: Monitoring,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        scores = f"{name}-scores"
        # The platform: the tracking server and the monitoring. The internet: the tracking server answers a download
        # with a link to the bucket.
        namespace = workspace.namespace(name, ways=["internet", "platform"])
        tracking.grant_connect(name, namespace)
        monitoring.grant_query(name, namespace)

        def metadata(of: str, **more: Any) -> k8s.meta.v1.ObjectMetaArgs:
            return k8s.meta.v1.ObjectMetaArgs(name=of, namespace=namespace, labels=labels(of), **more)

        account = k8s.core.v1.ServiceAccount(
            name, metadata=metadata(name), automount_service_account_token=False, opts=self.child
        )
        access = k8s.core.v1.Secret(name, metadata=metadata(name), string_data=tracking.environment(), opts=self.child)
        # Without the job, a gateway would wait for nobody.
        if settings.image:
            k8s.apps.v1.Deployment(
                scores,
                metadata=metadata(scores),
                spec=k8s.apps.v1.DeploymentSpecArgs(
                    replicas=1,
                    # Two at once would show the score of yesterday beside that of today.
                    strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels(scores)),
                    template=k8s.core.v1.PodTemplateSpecArgs(
                        metadata=k8s.meta.v1.ObjectMetaArgs(
                            labels=labels(scores), annotations=monitoring.watch(scores, namespace, PORT)
                        ),
                        spec=pushgateway(account.metadata.name),
                    ),
                ),
                opts=self.child,
            )
            service = k8s.core.v1.Service(
                scores,
                metadata=metadata(scores),
                spec=k8s.core.v1.ServiceSpecArgs(
                    type="ClusterIP",
                    selector=labels(scores),
                    ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, target_port="http")],
                ),
                opts=self.child,
            )
            arguments: Sequence[pulumi.Input[str]] = [
                f"--model={settings.model}",
                "drift",
                f"--hours={settings.hours}",
                f"--threshold={settings.threshold}",
                f"--enough={settings.enough}",
                pulumi.Output.concat("--prometheus=", monitoring.url),
                service.metadata.name.apply(lambda service: f"--pushgateway=http://{service}:{PORT}"),
            ]
            # checkov:skip=CKV_K8S_35: clients of MLflow read their password from the environment
            k8s.batch.v1.CronJob(
                name,
                metadata=metadata(name),
                spec=schedule(
                    settings.schedule,
                    k8s.core.v1.PodTemplateSpecArgs(
                        metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels(name)),
                        spec=app(settings.image, arguments, account.metadata.name, access.metadata.name),
                    ),
                ),
                opts=self.child,
            )
        self.publish(namespace=namespace)


def schedule(cron: str, template: k8s.core.v1.PodTemplateSpecArgs) -> k8s.batch.v1.CronJobSpecArgs:
    """Pods from a template, one after the other, that nobody has to clean away."""
    return k8s.batch.v1.CronJobSpecArgs(
        schedule=cron,
        time_zone="Etc/UTC",
        concurrency_policy="Forbid",
        # A cluster that was away for longer waits for the next turn. Without a limit, a hundred missed ones would stop
        # the schedule for good (Kubernetes, *CronJob*: schedule limitations).
        starting_deadline_seconds=3600,
        successful_jobs_history_limit=1,
        failed_jobs_history_limit=3,
        job_template=k8s.batch.v1.JobTemplateSpecArgs(
            spec=k8s.batch.v1.JobSpecArgs(
                # Three tries within a quarter of an hour: a minute of work, and a node that may have to start.
                backoff_limit=2,
                active_deadline_seconds=900,
                # Three days, so that what failed on Friday is there on Monday.
                ttl_seconds_after_finished=3 * 24 * 3600,
                template=template,
            )
        ),
    )


def app(
    image: str,
    arguments: Sequence[pulumi.Input[str]],
    account: pulumi.Input[str],
    access: pulumi.Input[str],
) -> k8s.core.v1.PodSpecArgs:
    """A pod that runs one command of the app, with the access to the tracking server from a Secret."""
    container = k8s.core.v1.ContainerArgs(
        name="drift",
        image=image,
        args=arguments,
        env_from=[k8s.core.v1.EnvFromSourceArgs(secret_ref=k8s.core.v1.SecretEnvSourceArgs(name=access))],
        volume_mounts=[k8s.core.v1.VolumeMountArgs(name="scratch", mount_path=SCRATCH)],
        resources=k8s.core.v1.ResourceRequirementsArgs(
            # Measured: 0.3 GiB, most of it libraries.
            requests={"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "100Mi"},
            limits={"cpu": "1", "memory": "512Mi", "ephemeral-storage": "100Mi"},
        ),
        security_context=container_security(),
    )
    return k8s.core.v1.PodSpecArgs(
        **locked(account, APP),
        restart_policy="Never",
        containers=[container],
        volumes=[k8s.core.v1.VolumeArgs(name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())],
    )


def pushgateway(account: pulumi.Input[str]) -> k8s.core.v1.PodSpecArgs:
    """A pod that keeps what was pushed to it, on a disk that lasts as long as the pod."""

    def asked(path: str) -> k8s.core.v1.ProbeArgs:
        return k8s.core.v1.ProbeArgs(
            http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http"), period_seconds=10, failure_threshold=3
        )

    container = k8s.core.v1.ContainerArgs(
        name="pushgateway",
        image=PUSHGATEWAY,
        args=[f"--web.listen-address=:{PORT}", f"--persistence.file={SCORES}/scores", "--persistence.interval=1m"],
        ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=PORT)],
        readiness_probe=asked("/-/ready"),
        liveness_probe=asked("/-/healthy"),
        volume_mounts=[k8s.core.v1.VolumeMountArgs(name="scores", mount_path=SCORES)],
        resources=k8s.core.v1.ResourceRequirementsArgs(
            requests={"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
            limits={"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
        ),
        security_context=container_security(),
    )
    return k8s.core.v1.PodSpecArgs(
        **locked(account, NOBODY),
        containers=[container],
        volumes=[k8s.core.v1.VolumeArgs(name="scores", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())],
    )


def locked(account: pulumi.Input[str], user: int) -> dict[str, Any]:
    """What both pods are not allowed."""
    return {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(user),
    }
