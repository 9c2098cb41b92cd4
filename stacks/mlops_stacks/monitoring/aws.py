"""Monitoring on AWS."""

from __future__ import annotations

import json

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, iam
from pulumi_kubernetes import helm
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta

from mlops_stacks import monitoring
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import LogDays
from mlops_stacks.keys import Keys
from mlops_stacks.kubernetes import labels
from mlops_stacks.monitoring import MonitoringSettings, kubernetes
from mlops_stacks.monitoring.kubernetes import resources
from mlops_stacks.secrets import Secrets
from mlops_stacks.workspace import Workspace

LOGS_CHART = "0.2.0"
"""AWS's chart of Fluent Bit, with the image of AWS for Fluent Bit 3.2.1 (checked 2026-11-24: aws/eks-charts,
``stable/aws-for-fluent-bit`` at 2942cdc)."""

STATE = "/var/fluent-bit/state"
"""Where Fluent Bit notes down how far it has read, on the node. AWS's own add-on uses the same folder."""


class Monitoring(kubernetes.Monitoring):
    """kube-prometheus-stack on EKS, and Fluent Bit, which sends what pods print to CloudWatch Logs."""

    def __init__(
        self,
        name: str,
        settings: MonitoringSettings,
        *,
        keys: Keys,
        cluster: Cluster,
        workspace: Workspace,
        secrets: Secrets,
        opts: ResourceOptions | None = None,
    ) -> None:
        # Not the constructor of the class above: logs come first, for they tell why the rest does not start.
        monitoring.Monitoring.__init__(self, name, opts)
        self._logs(f"{name}-logs", settings.log_days, keys, cluster, workspace)
        self._open(settings, cluster=cluster, workspace=workspace, secrets=secrets)

    def _logs(self, name: str, days: LogDays, keys: Keys, cluster: Cluster, workspace: Workspace) -> None:
        """Collects what pods print: one stream a container, with its lines as they are.

        Fluent Bit reads the files in which a node keeps them, which belong to root, so its namespace is *privileged*.
        Its pods give up every privilege that they do not need for that.
        """
        # checkov:skip=CKV_AWS_338: what pods print finds faults, and grows old in weeks; who did what is kept longer,
        # by the trail and by the log of the control plane
        group = cloudwatch.LogGroup(
            name,
            # Beside the control plane's, whose name EKS chooses: whoever looks for the one finds the other.
            name=pulumi.Output.concat("/aws/eks/", cluster.cluster_name, "/pods"),
            retention_in_days=days,
            kms_key_id=keys.logs,
            opts=self.child,
        )
        namespace = workspace.namespace(name, ways=["api", "internet", "identity"], level="privileged")
        account = core.ServiceAccount(
            name, metadata=meta.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name)), opts=self.child
        )
        identity = cluster.workload_identity(name, namespace=name, service_account=name)
        right = iam.RolePolicy(name, role=identity, policy=group.arn.apply(let_write), opts=self.child)
        helm.v3.Release(
            name,
            name=name,
            namespace=namespace,
            chart="aws-for-fluent-bit",
            version=LOGS_CHART,
            repository_opts=helm.v3.RepositoryOptsArgs(repo="https://aws.github.io/eks-charts"),
            values={
                "fullnameOverride": name,
                "serviceAccount": {"create": False, "name": account.metadata.name},
                # A pod gets its identity when it is made, so not before that may write.
                "annotations": {"mlops/identity": right.role},
                # On every node, those for training too, and before everything else there.
                "tolerations": [{"operator": "Exists"}],
                "priorityClassName": "system-node-critical",
                "resources": resources("50m", "256Mi"),
                "containerSecurityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "volumes": [
                    {"name": "logs", "hostPath": {"path": "/var/log"}},
                    {"name": "state", "hostPath": {"path": STATE, "type": "DirectoryOrCreate"}},
                ],
                "volumeMounts": [
                    {"name": "logs", "mountPath": "/var/log", "readOnly": True},
                    {"name": "state", "mountPath": STATE},
                ],
                "input": {"db": f"{STATE}/pods.db", "memBufLimit": "50MB"},
                "filter": {
                    # A line stays what it was: CloudWatch looks into JSON by itself.
                    "mergeLog": "Off",
                    # No pod leaves itself out.
                    "k8sLoggingExclude": "Off",
                    # What Kubernetes says of a pod may be longer than the chart's 32 KiB.
                    "bufferSize": "0",
                },
                "cloudWatchLogs": {
                    "region": pulumi.Config("aws").require("region"),
                    "logGroupName": group.name,
                    # It stands above, encrypted and with an end. Fluent Bit's would have neither.
                    "autoCreateGroup": False,
                    "logStreamTemplate": "$kubernetes['namespace_name'].$kubernetes['pod_name']"
                    ".$kubernetes['container_name']",
                    # The line alone. All that is known of the pod along with it would be several times as long, and is
                    # paid by the GB.
                    "logKey": "log",
                },
            },
            timeout=600,
            max_history=10,
            opts=self.child,
        )


def let_write(group_arn: str) -> str:
    """Lets a role write to one log group."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    # Every stream, for each container that ever starts has its own.
                    "Resource": f"{group_arn}:*",
                }
            ],
        }
    )
