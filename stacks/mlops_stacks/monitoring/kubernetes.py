"""Prometheus, Alertmanager and Grafana inside the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
import yaml

from mlops_stacks import monitoring
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.kubernetes import admit, container_security, fingerprint, labels, pods_of, secret_files
from mlops_stacks.monitoring import MonitoringSettings
from mlops_stacks.secrets import Secrets
from mlops_stacks.workspace import Workspace

CHART = "88.5.3"
"""kube-prometheus-stack (checked 2026-11-24: prometheus-community/helm-charts at cf408a29): Prometheus 3.14.0,
Alertmanager 0.34.0, Grafana 13.2.0, and the operator 0.93.1 that runs the first two."""

OFF = {"enabled": False}

FOLDER = Path(__file__).parents[2] / "monitoring"
"""The folder of rules and dashboards: beside ``mlops_stacks``, at the repository's root."""

PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093
KUBELET_PORT = 10250

SCRATCH = {"name": "scratch", "mountPath": "/tmp"}  # noqa: S108
"""The one folder that Grafana and its companions may write to besides their own; without it none of them starts
(kiwigrid/k8s-sidecar#427)."""

SECRETS = "/etc/secrets"
"""Where Alertmanager finds the entries of the secret store as files."""

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
"""Where a pod finds the token of its account."""

LABELS: Mapping[str, str] = {
    "pod_label_app_kubernetes_io_name": "job",
    "namespace": "namespace",
    "pod_name": "pod",
    "pod_node_name": "node",
}
"""What of a pod becomes a label of its series, under the names that the cluster's own series have."""

NOT_OURS = (
    # AWS runs these, and shows nothing of them.
    *("etcd", "kubeControllerManager", "kubeProxy", "kubeSchedulerAlerting", "kubeSchedulerRecording"),
    # AWS runs this too, and answers for it; its measurements would be most of all there are.
    *("kubeApiserverAvailability", "kubeApiserverBurnrate", "kubeApiserverHistogram", "kubeApiserverSlos"),
    # They need node-exporter, which is not here.
    *("network", "node", "nodeExporterAlerting", "nodeExporterRecording", "kubePrometheusNodeRecording", "windows"),
    # In their place stands monitoring/rules: fewer, each with a runbook of ours.
    *("kubelet", "kubernetesApps", "kubernetesResources", "kubernetesStorage", "kubernetesSystem"),
)
"""The chart's groups of rules that are off. On are those with which monitoring watches itself, and what its dashboards
compute with."""

COUNTED = (
    *("cronjobs", "daemonsets", "deployments", "horizontalpodautoscalers", "jobs", "namespaces", "nodes"),
    *("persistentvolumeclaims", "poddisruptionbudgets", "pods", "replicasets", "resourcequotas", "statefulsets"),
)
"""The kinds of object that are counted. Unless told, kube-state-metrics reads every Secret of the cluster as well."""


@dataclass(frozen=True)
class Machine:
    """What one Prometheus gets."""

    cpu: str
    memory: str
    """About 4 KiB for each series that is still being written, as much again for queries, and a third of reserve."""
    disk: str
    limit: str
    """What it may fill of the disk: the log of the last two hours is not counted in it."""


MACHINES: Mapping[Size, Machine] = {
    # Two bytes a sample (Prometheus, *Storage*), one each 30 s: 200,000 series fill 1.2 GB a day.
    "small": Machine(cpu="250m", memory="2Gi", disk="50Gi", limit="40GB"),
    "medium": Machine(cpu="500m", memory="5Gi", disk="100Gi", limit="85GB"),
    "large": Machine(cpu="1", memory="10Gi", disk="200Gi", limit="170GB"),
}


class Monitoring(monitoring.Monitoring):
    """kube-prometheus-stack: Prometheus measures and judges, Alertmanager tells, Grafana shows.

    What it finds bad and what it shows are the files in ``monitoring/``. It measures what ``watch`` has opened to it,
    the kubelets, and what kube-state-metrics counts. Everything is in one namespace, restricted, and reached by a
    port-forward. Nothing of it runs on every node.
    """

    def __init__(
        self,
        name: str,
        settings: MonitoringSettings,
        *,
        cluster: Cluster,
        workspace: Workspace,
        secrets: Secrets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._open(settings, cluster=cluster, workspace=workspace, secrets=secrets)

    def watch(
        self,
        grantee: str,
        namespace: pulumi.Input[str],
        port: int,
        *,
        path: str = "/metrics",
        parameters: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> Mapping[str, pulumi.Input[str]]:
        """Lets Prometheus, and nobody else here, through the network policies to the pods' port.

        A pod whose port speaks HTTPS has the annotation ``prometheus.io/scheme: https`` as well. It is shown the token
        of Prometheus' account, so that holds outside of people's own namespaces only.
        """
        prometheus = k8s.networking.v1.NetworkPolicyPeerArgs(
            namespace_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": self.name}),
            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"app.kubernetes.io/name": "prometheus"}),
        )
        k8s.networking.v1.NetworkPolicy(
            f"{grantee}-metrics",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{grantee}-metrics", namespace=namespace, labels=labels(self.name)
            ),
            spec=admit(port, prometheus, pods={"app.kubernetes.io/name": grantee}),
            opts=self.child,
        )
        return {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port),
            "prometheus.io/path": path,
            **{f"prometheus.io/param_{name}": value for name, value in (parameters or {}).items()},
        }

    def grant_query(self, grantee: str, namespace: pulumi.Input[str]) -> None:
        """Lets the namespace's pods through the network policies, to Prometheus' port and no other."""
        k8s.networking.v1.NetworkPolicy(
            f"{grantee}-query",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{grantee}-query",
                # Where Prometheus is, which by then has an address.
                namespace=self.url.apply(lambda _: self.name),
                labels=labels(self.name),
            ),
            spec=admit(PROMETHEUS_PORT, pods_of([namespace]), pods={"app.kubernetes.io/name": "prometheus"}),
            opts=self.child,
        )

    def hear(self, grantee: str, namespace: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
        """Lets the namespace's pods through the network policies, to Alertmanager's port and no other.

        The host has an address for each replica. They do not pass alerts on to each other, so a client must tell all
        of them (Alertmanager, *High availability*); the chart's own service would choose one.
        """
        k8s.networking.v1.NetworkPolicy(
            f"{grantee}-alerts",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=f"{grantee}-alerts",
                # Where Alertmanager is, once it is there.
                namespace=self.url.apply(lambda _: self.name),
                labels=labels(self.name),
            ),
            spec=admit(ALERTMANAGER_PORT, pods_of([namespace]), pods={"app.kubernetes.io/name": "alertmanager"}),
            opts=self.child,
        )
        return {
            # The operator's name for all replicas (checked 2026-11-29: prometheus-operator, governingServiceName).
            "ALERTMANAGER_URL": f"http://alertmanager-operated.{self.name}.svc:{ALERTMANAGER_PORT}",
            # As the rules' own: the first two come from Prometheus, the last groups.
            "ALERT_LABELS": pulumi.Output.json_dumps({**origin(), "namespace": namespace}),
        }

    def _open(self, settings: MonitoringSettings, *, cluster: Cluster, workspace: Workspace, secrets: Secrets) -> None:
        """Makes the namespace, what the chart's pods need in it, and the chart's release."""
        name = self.name
        namespace = workspace.namespace(name, ways=["api", "internet", "platform"])

        def metadata(of: str, **more: str) -> k8s.meta.v1.ObjectMetaArgs:
            return k8s.meta.v1.ObjectMetaArgs(name=of, namespace=namespace, labels={**labels(name), **more})

        nodes = k8s.networking.v1.NetworkPolicy(
            f"{name}-nodes",
            metadata=metadata("kubelets"),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"app.kubernetes.io/name": "prometheus"}),
                policy_types=["Egress"],
                egress=[
                    k8s.networking.v1.NetworkPolicyEgressRuleArgs(
                        to=[
                            k8s.networking.v1.NetworkPolicyPeerArgs(
                                ip_block=k8s.networking.v1.IPBlockArgs(cidr=workspace.network_cidr)
                            )
                        ],
                        ports=[k8s.networking.v1.NetworkPolicyPortArgs(protocol="TCP", port=KUBELET_PORT)],
                    )
                ],
            ),
            opts=self.child,
        )

        password = random.RandomPassword(f"{name}-administrator", length=32, special=False, opts=self.child).result
        administrator = {"admin-user": "admin", "admin-password": password}
        secret = k8s.core.v1.Secret(
            f"{name}-grafana", metadata=metadata(f"{name}-admin"), string_data=administrator, opts=self.child
        )
        for dashboard in sorted((FOLDER / "dashboards").glob("*.json")):
            k8s.core.v1.ConfigMap(
                f"{name}-{dashboard.stem}",
                # By this label Grafana's companion finds it, and loads it within a minute.
                metadata=metadata(f"dashboard-{dashboard.stem}", grafana_dashboard="1"),
                data={dashboard.name: dashboard.read_text()},
                opts=self.child,
            )

        release = k8s.helm.v3.Release(
            name,
            name=name,
            namespace=namespace,
            chart="kube-prometheus-stack",
            version=CHART,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo="https://prometheus-community.github.io/helm-charts"),
            values={
                "fullnameOverride": name,
                "defaultRules": {
                    "rules": dict.fromkeys(NOT_OURS, False),
                    # It quiets what has the severity «info», which nobody is told here anyway.
                    "disabled": {"InfoInhibitor": True},
                },
                "additionalPrometheusRulesMap": {
                    file.stem: yaml.safe_load(file.read_text())
                    for file in sorted((FOLDER / "rules").glob("*.yaml"))
                    if not file.name.endswith(".test.yaml")
                },
                "prometheus": self._prometheus(settings, workspace),
                "alertmanager": self._alertmanager(settings, namespace, cluster, workspace, secrets),
                "grafana": self._grafana(secret, administrator),
                **EXPORTERS,
            },
            # In seconds: nodes and disks may have to come first.
            timeout=900,
            max_history=10,
            opts=pulumi.ResourceOptions.merge(self.child, pulumi.ResourceOptions(depends_on=[nodes])),
        )
        self.publish(
            # Known once there is something to be asked.
            url=release.name.apply(lambda release: f"http://{release}-prometheus.{name}.svc:{PROMETHEUS_PORT}")
        )

    def _prometheus(self, settings: MonitoringSettings, workspace: Workspace) -> Mapping[str, Any]:
        machine = MACHINES[settings.size]
        return {
            "podDisruptionBudget": budget(settings.replicas),
            # Two servers have measured at moments of their own; who asks twice asks the same one.
            "service": {"sessionAffinity": "ClientIP"},
            "prometheusSpec": {
                "replicas": settings.replicas,
                "externalUrl": f"http://localhost:{PROMETHEUS_PORT}",
                # Disks do not follow to another zone, so the second server is in one from the start.
                "podAntiAffinityTopologyKey": "topology.kubernetes.io/zone",
                "resources": resources(machine.cpu, machine.memory),
                "storageSpec": disk(machine.disk, workspace),
                "retention": f"{settings.retention_days}d",
                "retentionSize": machine.limit,
                "scrapeInterval": "30s",
                "evaluationInterval": "30s",
                "externalLabels": origin(),
                # Kubernetes 1.33 calls the older kind of object, Endpoints, deprecated.
                "serviceDiscoveryRole": "EndpointSlice",
                "additionalScrapeConfigs": workspace.namespaces.apply(scrape_configs),
            },
        }

    def _alertmanager(
        self,
        settings: MonitoringSettings,
        namespace: pulumi.Input[str],
        cluster: Cluster,
        workspace: Workspace,
        secrets: Secrets,
    ) -> Mapping[str, Any]:
        name = f"{self.name}-alerts"
        account = k8s.core.v1.ServiceAccount(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(self.name)),
            automount_service_account_token=False,
            opts=self.child,
        )
        told = {}
        if entries := [entry for entry in (settings.slack, settings.pagerduty, settings.heartbeat) if entry]:
            identity = cluster.workload_identity(name, namespace=self.name, service_account=name)
            source = secrets.grant_read(name, identity, sorted(set(entries)))
            files = secret_files(name, source, namespace=namespace, opts=self.child)
            told = {
                # A pod gets its identity when it is made, so not before that stands.
                "podMetadata": {"annotations": {"mlops/identity": identity}},
                "volumes": [files],
                "volumeMounts": [{"name": files.name, "mountPath": SECRETS, "readOnly": True}],
            }
        else:
            pulumi.log.warn(
                "nobody hears of an alert: put the address of a Slack webhook into the secret store (make secret), and "
                "name its entry in monitoring.slack",
                self,
            )
        return {
            "podDisruptionBudget": budget(settings.replicas),
            "serviceAccount": {"create": False, "name": account.metadata.name},
            "config": routing(settings),
            "alertmanagerSpec": {
                "replicas": settings.replicas,
                # Where a message's links lead: to the port-forward. A name inside the cluster is of no use to a person.
                "externalUrl": f"http://localhost:{ALERTMANAGER_PORT}",
                "podAntiAffinityTopologyKey": "topology.kubernetes.io/zone",
                "automountServiceAccountToken": False,
                "resources": resources("50m", "128Mi"),
                # Silences, and what was told already.
                "storage": disk("1Gi", workspace),
                **told,
            },
        }

    def _grafana(self, secret: k8s.core.v1.Secret, administrator: Mapping[str, pulumi.Input[str]]) -> Mapping[str, Any]:
        return {
            "admin": {"existingSecret": secret.metadata.name},
            "podAnnotations": {
                # A pod does not notice that a Secret has changed. No secret itself: it would make one of all values.
                "mlops/secret": pulumi.Output.unsecret(pulumi.Output.json_dumps(administrator).apply(fingerprint))
            },
            "resources": resources("100m", "512Mi"),
            "containerSecurityContext": container_security(),
            "extraEmptyDirMounts": [SCRATCH],
            # Its companions, which look for dashboards and for the data source, look here alone.
            "rbac": {"namespaced": True},
            "sidecar": {
                "resources": resources("20m", "128Mi"),
                "securityContext": container_security(),
                "dashboards": {"searchNamespace": self.name, "extraMounts": [SCRATCH]},
                "datasources": {"extraMounts": [SCRATCH]},
            },
            # Nothing to keep: dashboards are files, and there is one account.
            "persistence": OFF,
            "initChownData": OFF,
            "testFramework": OFF,
            "grafana.ini": {
                "server": {
                    "root_url": "http://localhost:3000",
                    "domain": "localhost",
                    # What else calls itself the server is sent away: a web page could otherwise rebind its name to it.
                    # Where live updates may come from follows from root_url.
                    "enforce_domain": True,
                },
                "auth.anonymous": OFF,
                "users": {"allow_sign_up": False},
                "security": {"cookie_samesite": "strict", "disable_gravatar": True},
                # It calls nobody by itself, and installs nothing.
                "analytics": {
                    "reporting_enabled": False,
                    "check_for_updates": False,
                    "check_for_plugin_updates": False,
                },
                "news": {"news_feed_enabled": False},
                "plugins": {"preinstall_disabled": True},
            },
        }


def origin() -> Mapping[str, str]:
    """The labels by which a message says where it comes from."""
    return {"project": pulumi.get_project(), "environment": pulumi.get_stack()}


def resources(cpu: str, memory: str) -> Mapping[str, Any]:
    """What a container asks for. It may use more CPU than that, and not more memory."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


EXPORTERS: Mapping[str, Any] = {
    "prometheusOperator": {
        "resources": resources("50m", "256Mi"),
        "prometheusConfigReloader": {"resources": resources("10m", "64Mi")},
        # They would look at rules before they are stored. Ours are looked at by `make test`; a webhook that the API
        # cannot reach would hold up every change, and its certificate is made by hooks.
        "admissionWebhooks": OFF,
        "tls": OFF,
        "kubeletEndpointsEnabled": False,
        "kubeletEndpointSliceEnabled": True,
    },
    "kubelet": {
        "serviceMonitor": {
            # What a node uses, as the kubelet promises to go on saying it; and no more often than all the rest.
            "resource": True,
            "resourcePath": "/metrics/resource",
            "resourceInterval": "30s",
            "cAdvisorInterval": "30s",
        }
    },
    "kube-state-metrics": {
        "resources": resources("20m", "256Mi"),
        "collectors": list(COUNTED),
        # What sort of machine a node is, for the dashboard of cost.
        "metricLabelsAllowlist": [
            "nodes=[node.kubernetes.io/instance-type,karpenter.sh/capacity-type,karpenter.sh/nodepool]"
        ],
    },
    "nodeExporter": OFF,
    # The cloud's, as NOT_OURS says. DNS is a service of the node on EKS Auto Mode.
    "coreDns": OFF,
    "kubeApiServer": OFF,
    "kubeControllerManager": OFF,
    "kubeEtcd": OFF,
    "kubeProxy": OFF,
    "kubeScheduler": OFF,
}
"""The operator, what is measured besides the platform's own pods, and what is not."""


def budget(replicas: int) -> Mapping[str, Any]:
    """One of two stays when a node goes. A single one may go, or no node could ever be replaced."""
    return {"enabled": replicas > 1, "minAvailable": 1}


def disk(size: str, workspace: Workspace) -> Mapping[str, Any]:
    """A disk of the workspace's encrypted class, for each replica."""
    return {
        "volumeClaimTemplate": {
            "spec": {
                "storageClassName": workspace.storage_class,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}},
            }
        }
    }


def scrape_configs(people: Sequence[str]) -> list[dict[str, Any]]:
    """Where Prometheus finds pods by the annotations that ``watch`` returns.

    Args:
        people: the namespaces for people's own work.
    """
    annotation = "__meta_kubernetes_pod_annotation_prometheus_io"

    def job(name: str, *relabelings: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "job_name": name,
            "kubernetes_sd_configs": [{"role": "pod"}],
            # A label with too many values must not take the server down with it.
            "sample_limit": 20_000,
            **more,
            "relabel_configs": [
                {"action": "keep", "source_labels": [f"{annotation}_scrape"], "regex": "true"},
                {"action": "keep", "source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Running"},
                *relabelings,
                {
                    "source_labels": ["__meta_kubernetes_pod_ip", f"{annotation}_port"],
                    "regex": "(.+);(.+)",
                    "replacement": "$1:$2",
                    "target_label": "__address__",
                },
                {"source_labels": [f"{annotation}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
                {"action": "labelmap", "regex": f"{annotation}_param_(.+)", "replacement": "__param_$1"},
                *(
                    {"source_labels": [f"__meta_kubernetes_{source}"], "regex": "(.+)", "target_label": target}
                    for source, target in LABELS.items()
                ),
            ],
        }

    return [
        job("pods", {"action": "drop", "source_labels": [f"{annotation}_scheme"], "regex": "https"}),
        job(
            "pods-https",
            {"action": "keep", "source_labels": [f"{annotation}_scheme"], "regex": "https"},
            # Who is asked is shown the token, and could use it.
            {"action": "drop", "source_labels": ["__meta_kubernetes_namespace"], "regex": "|".join(people)},
            scheme="https",
            authorization={"credentials_file": TOKEN},
            # A certificate that the pod has signed itself; the network policy says who it is.
            tls_config={"insecure_skip_verify": True},
        ),
    ]


def routing(settings: MonitoringSettings) -> Mapping[str, Any]:
    """Alertmanager's configuration: who is told what, how soon, and how often.

    Rules of ours have the severities *page* and *ticket*; those of the chart say *critical* and *warning*.
    """
    slack = {
        "api_url_file": f"{SECRETS}/{settings.slack}",
        "send_resolved": True,
        "title": TITLE,
        "text": TEXT,
        "color": '{{ if eq .Status "resolved" }}good{{ else if match "page|critical" .CommonLabels.severity }}danger'
        "{{ else }}warning{{ end }}",
    }
    pagerduty = {
        "routing_key_file": f"{SECRETS}/{settings.pagerduty}",
        "description": TITLE,
        "details": {"alerts": TEXT},
    }
    heartbeat = {"url_file": f"{SECRETS}/{settings.heartbeat}", "send_resolved": False}
    to_slack = {"slack_configs": [slack] if settings.slack else []}
    return {
        "route": {
            # One message for all pods that have the same trouble.
            "group_by": ["alertname", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "1d",
            "receiver": "nobody",
            "routes": [
                {
                    # It always fires. What it calls misses it when Prometheus, Alertmanager or the way out is broken.
                    "matchers": ['alertname="Watchdog"'],
                    "receiver": "heartbeat",
                    "group_wait": "0s",
                    "group_interval": "1m",
                    "repeat_interval": "5m",
                },
                {"matchers": ['severity=~"page|critical"'], "receiver": "page", "repeat_interval": "2h"},
                {"matchers": ['severity=~"ticket|warning"'], "receiver": "ticket"},
            ],
        },
        "inhibit_rules": [
            {
                # Of the same thing, one message.
                "source_matchers": ['severity=~"page|critical"'],
                "target_matchers": ['severity=~"ticket|warning"'],
                "equal": ["alertname", "namespace"],
            },
            {
                # Why a pod is not ready says more than that it is not.
                "source_matchers": ['alertname="PodCrashLooping"'],
                "target_matchers": ['alertname="PodNotReady"'],
                "equal": ["namespace", "pod"],
            },
        ],
        "receivers": [
            {"name": "nobody"},
            {"name": "heartbeat", "webhook_configs": [heartbeat] if settings.heartbeat else []},
            {"name": "page", "pagerduty_configs": [pagerduty] if settings.pagerduty else [], **to_slack},
            {"name": "ticket", **to_slack},
        ],
        # The chart's own value names a file of templates that is not there.
        "templates": [],
    }


TITLE = (
    '{{ if eq .Status "resolved" }}Over: {{ end }}{{ .CommonLabels.alertname }}'
    " ({{ .CommonLabels.project }} {{ .CommonLabels.environment }})"
)
"""The first line of a message."""

TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
    # A rule of ours names a page of the repository, one of the chart's the address of a page.
    "What to do: {{ or .Annotations.runbook .Annotations.runbook_url }}\n{{ end }}"
)
"""What a message says of each alert."""
