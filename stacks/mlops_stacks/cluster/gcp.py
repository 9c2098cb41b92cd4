"""Cluster on Google Cloud: GKE Autopilot."""

from __future__ import annotations

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_gcp import container, kms, logging, projects, serviceaccount

from mlops_stacks import cluster
from mlops_stacks.cluster import ClusterSettings
from mlops_stacks.keys import Keys
from mlops_stacks.network import Network

CRYPTO = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


class Cluster(cluster.Cluster):
    """GKE Autopilot in all zones of the region: Google runs control plane, nodes, autoscaling and drivers.

    ``deployer`` and ``administrators`` are IAM members, such as ``serviceAccount:ci@acme.iam.gserviceaccount.com`` or
    ``group:platform@acme.com``.
    """

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        keys: Keys,
        network: Network,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)
        project, region = pulumi.Config("gcp").require("project"), pulumi.Config("gcp").require("region")

        agent = projects.ServiceIdentity(f"{name}-agent", service="container.googleapis.com", opts=self.child)
        secrets = kms.CryptoKeyIAMMember(
            f"{name}-secrets",
            crypto_key_id=keys.secrets,
            role=CRYPTO,
            member=agent.member,
            opts=self.child,
        )
        # Disks are encrypted by Compute Engine's agent, whose address differs from GKE's in its domain only.
        volumes = kms.CryptoKeyIAMMember(
            f"{name}-volumes",
            crypto_key_id=keys.data,
            role=CRYPTO,
            member=agent.member.apply(lambda member: f"{member.split('@')[0]}@compute-system.iam.gserviceaccount.com"),
            opts=self.child,
        )

        nodes = serviceaccount.Account(f"{name}-nodes", display_name=f"Nodes of {name}", opts=self.child)
        nodes_role = projects.IAMMember(
            f"{name}-nodes",
            project=project,
            role="roles/container.defaultNodeServiceAccount",
            member=nodes.member,
            opts=self.child,
        )

        gke = container.Cluster(
            name,
            location=region,
            enable_autopilot=True,
            deletion_protection=settings.protected,
            min_master_version=settings.version,
            release_channel=container.ClusterReleaseChannelArgs(channel="REGULAR"),
            maintenance_policy=container.ClusterMaintenancePolicyArgs(
                recurring_window=container.ClusterMaintenancePolicyRecurringWindowArgs(
                    start_time="2026-01-03T02:00:00Z",
                    end_time="2026-01-03T08:00:00Z",
                    recurrence="FREQ=WEEKLY;BYDAY=SA,SU",
                ),
                # Patches come by themselves; the minor version is ours to raise, for as long as it is supported.
                maintenance_exclusions=[
                    container.ClusterMaintenancePolicyMaintenanceExclusionArgs(
                        exclusion_name="minor-version",
                        start_time="2026-01-01T00:00:00Z",
                        exclusion_options=container.ClusterMaintenancePolicyMaintenanceExclusionExclusionOptionsArgs(
                            scope="NO_MINOR_UPGRADES", end_time_behavior="UNTIL_END_OF_SUPPORT"
                        ),
                    )
                ],
            ),
            # Where it stands. Google chooses free ranges for pods and services; nodes have no public address.
            network=network.network_id,
            subnetwork=network.private_subnet_ids[0],
            private_cluster_config=container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True, enable_private_endpoint=not settings.admin_cidrs
            ),
            # Who reaches the API. Not its DNS endpoint: that one is open to the internet or not, and knows no ranges.
            control_plane_endpoints_config=container.ClusterControlPlaneEndpointsConfigArgs(
                dns_endpoint_config=container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                    allow_external_traffic=False
                ),
                ip_endpoints_config=container.ClusterControlPlaneEndpointsConfigIpEndpointsConfigArgs(enabled=True),
            ),
            master_authorized_networks_config=container.ClusterMasterAuthorizedNetworksConfigArgs(
                cidr_blocks=[
                    container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(cidr_block=cidr)
                    for cidr in settings.admin_cidrs
                ],
                gcp_public_cidrs_access_enabled=False,  # else every machine on Google Cloud, whoever rents it
            ),
            anonymous_authentication_config=container.ClusterAnonymousAuthenticationConfigArgs(mode="LIMITED"),
            rbac_binding_config=container.ClusterRbacBindingConfigArgs(
                enable_insecure_binding_system_authenticated=False,  # that is everybody with a Google account
                enable_insecure_binding_system_unauthenticated=False,
            ),
            # What protects it.
            database_encryption=container.ClusterDatabaseEncryptionArgs(state="ENCRYPTED", key_name=keys.secrets),
            cluster_autoscaling=container.ClusterClusterAutoscalingArgs(
                auto_provisioning_defaults=container.ClusterClusterAutoscalingAutoProvisioningDefaultsArgs(
                    service_account=nodes.email,
                    oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                    boot_disk_kms_key=keys.data,
                )
            ),
            node_pool_auto_config=container.ClusterNodePoolAutoConfigArgs(
                node_kubelet_config=container.ClusterNodePoolAutoConfigNodeKubeletConfigArgs(
                    insecure_kubelet_readonly_port_enabled="FALSE"
                )
            ),
            # The project's policy admits every image until somebody tightens it; then no cluster need change.
            binary_authorization=container.ClusterBinaryAuthorizationArgs(
                evaluation_mode="PROJECT_SINGLETON_POLICY_ENFORCE"
            ),
            security_posture_config=container.ClusterSecurityPostureConfigArgs(mode="BASIC"),
            secret_manager_config=container.ClusterSecretManagerConfigArgs(enabled=True),
            gateway_api_config=container.ClusterGatewayApiConfigArgs(channel="CHANNEL_STANDARD"),
            # What it tells.
            cost_management_config=container.ClusterCostManagementConfigArgs(enabled=True),
            logging_config=container.ClusterLoggingConfigArgs(
                enable_components=[
                    "SYSTEM_COMPONENTS",
                    "WORKLOADS",
                    "APISERVER",
                    "CONTROLLER_MANAGER",
                    "SCHEDULER",
                ]
            ),
            monitoring_config=container.ClusterMonitoringConfigArgs(
                enable_components=[
                    "SYSTEM_COMPONENTS",
                    "APISERVER",
                    "CONTROLLER_MANAGER",
                    "SCHEDULER",
                    "DEPLOYMENT",
                    "STATEFULSET",
                    "DAEMONSET",
                    "POD",
                    "HPA",
                    "STORAGE",
                    "CADVISOR",
                    "KUBELET",
                    "DCGM",
                ],
                managed_prometheus=container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=True),
            ),
            opts=ResourceOptions.merge(self.keep, ResourceOptions(depends_on=[secrets, volumes, nodes_role])),
        )

        # Cloud Logging forgets after 30 days, so what the control plane and its audit say goes to a bucket of its own.
        logs = logging.ProjectBucketConfig(
            f"{name}-logs",
            project=project,
            location=region,
            # The API makes no name of its own.
            bucket_id=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            retention_days=settings.log_days,
            cmek_settings=logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=keys.logs),
            opts=self.keep,
        )
        logging.ProjectSink(
            f"{name}-logs",
            destination=Output.format("logging.googleapis.com/{0}", logs.id),
            filter=Output.format(
                'resource.type=("k8s_control_plane_component" OR "k8s_cluster")'
                ' AND resource.labels.cluster_name="{0}" AND resource.labels.location="{1}"',
                gke.name,
                region,
            ),
            unique_writer_identity=True,
            opts=self.child,
        )

        for member in filter(None, dict.fromkeys([settings.deployer, *settings.administrators])):
            # No role with every right inside a cluster is narrower: it reaches all clusters of the project.
            projects.IAMMember(
                f"{name}-{member}",
                project=project,
                role="roles/container.admin",
                member=member,
                opts=self.child,
            )

        self.publish(
            cluster_name=gke.name,
            kubeconfig=kubeconfig(gke),
            pod_source=gke.cluster_ipv4_cidr,
            node_identity=nodes.email,
            api_cidr=gke.services_ipv4_cidr,
            boundary="",
        )

    def workload_identity(self, grantee: str, *, namespace: str, service_account: str) -> Output[str]:
        """The Kubernetes service account itself, as IAM names it: there is nothing to make, and nothing to annotate.

        IAM also knows it as ``principal://iam.googleapis.com/projects/<number>/…``, but no output carries the
        project's number. Both name the same identity (IAM, ``Policy.bindings.members``).
        """
        project = pulumi.Config("gcp").require("project")
        # The pool of identities is made with the first cluster, so a grant has to wait for it.
        return self.cluster_name.apply(lambda _: f"serviceAccount:{project}.svc.id.goog[{namespace}/{service_account}]")


def kubeconfig(gke: container.Cluster) -> Output[str]:
    """How kubectl and Pulumi reach a cluster: each call fetches credentials from Google's own plugin."""
    return Output.secret(
        Output.json_dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": gke.name,
                        "cluster": {
                            "server": Output.format("https://{0}", gke.endpoint),
                            "certificate-authority-data": gke.master_auth.cluster_ca_certificate,
                        },
                    }
                ],
                "users": [
                    {
                        "name": gke.name,
                        "user": {
                            "exec": {
                                "apiVersion": "client.authentication.k8s.io/v1beta1",
                                "command": "gke-gcloud-auth-plugin",
                                "installHint": "gcloud components install gke-gcloud-auth-plugin",
                                "provideClusterInfo": True,
                            }
                        },
                    }
                ],
                "contexts": [{"name": gke.name, "context": {"cluster": gke.name, "user": gke.name}}],
                "current-context": gke.name,
            }
        )
    )
