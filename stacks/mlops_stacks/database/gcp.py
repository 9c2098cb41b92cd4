"""Database on Google Cloud: PostgreSQL on Cloud SQL."""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi import Input, Output, ResourceOptions
from pulumi_gcp import compute, kms, projects, secretmanager, sql

from mlops_stacks import database
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.database import Connection, DatabaseSettings
from mlops_stacks.keys import Keys
from mlops_stacks.network import Network

VERSION = "POSTGRES_18"
"""The major version of a new server: the default of Cloud SQL (its instance settings page, checked 2026-11-24)."""

MACHINES: dict[Size, str] = {
    "small": "db-custom-1-3840",  # the smallest with a core of its own: shared cores are outside the service agreement
    "medium": "db-custom-2-8192",
    "large": "db-custom-8-32768",
}
"""Each size's machine, as ``db-custom-<vCPU>-<MiB of memory>``."""

LOG_DAYS = 7
"""The longest that Cloud SQL's Enterprise edition keeps the log that restores to the second."""

FLAGS = {
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_temp_files": "0",
}
"""What the server writes to Cloud Logging (CIS Google Cloud 6.2; CKV_GCP_51 to 56).

No statements: CREATE ROLE would put passwords into the log, and Query Insights shows the slow ones.
"""

PORT = 5432


class Database(database.Database):
    """Cloud SQL for PostgreSQL with no public address, reached through an endpoint in a private subnet.

    It can be restored to the second within the last seven days, and to a daily backup before that, as far back as
    ``backup_days`` says: the Enterprise edition keeps no longer log.
    """

    def __init__(
        self,
        name: str,
        settings: DatabaseSettings,
        *,
        keys: Keys,
        network: Network,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)
        project, region = pulumi.Config("gcp").require("project"), pulumi.Config("gcp").require("region")

        encryption = self._let_use(keys.data, "sqladmin.googleapis.com", f"{name}-encryption")
        administrator = password(f"{name}-administrator", opts=self.child)
        instance = sql.DatabaseInstance(
            name,
            database_version=VERSION,
            region=region,
            encryption_key_name=keys.data,
            root_password=administrator.result,
            deletion_protection=settings.protected,
            settings=sql.DatabaseInstanceSettingsArgs(
                edition="ENTERPRISE",
                tier=MACHINES[settings.size],
                availability_type="REGIONAL" if settings.standby else "ZONAL",
                disk_type="PD_SSD",
                disk_size=settings.storage_gb,
                disk_autoresize=True,
                disk_autoresize_limit=5 * settings.storage_gb,
                # The one above stops Pulumi, this one stops everybody.
                deletion_protection_enabled=settings.protected,
                retain_backups_on_delete=settings.protected,
                final_backup_config=sql.DatabaseInstanceSettingsFinalBackupConfigArgs(
                    enabled=settings.protected, retention_days=settings.backup_days
                ),
                backup_configuration=sql.DatabaseInstanceSettingsBackupConfigurationArgs(
                    enabled=True,
                    start_time="02:00",
                    location=region,
                    backup_retention_settings=sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
                        retention_unit="COUNT", retained_backups=settings.backup_days
                    ),
                    point_in_time_recovery_enabled=True,
                    transaction_log_retention_days=min(settings.backup_days, LOG_DAYS),
                ),
                ip_configuration=sql.DatabaseInstanceSettingsIpConfigurationArgs(
                    ipv4_enabled=False,
                    ssl_mode="ENCRYPTED_ONLY",
                    psc_configs=[
                        sql.DatabaseInstanceSettingsIpConfigurationPscConfigArgs(
                            psc_enabled=True, allowed_consumer_projects=[project]
                        )
                    ],
                ),
                maintenance_window=sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
                    day=7, hour=3, update_track="stable"
                ),
                insights_config=sql.DatabaseInstanceSettingsInsightsConfigArgs(
                    query_insights_enabled=True, record_application_tags=True, record_client_address=True
                ),
                password_validation_policy=sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs(
                    enable_password_policy=True,
                    min_length=16,
                    complexity="COMPLEXITY_DEFAULT",
                    disallow_username_substring=True,
                ),
                database_flags=[
                    sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag, value=value)
                    for flag, value in FLAGS.items()
                ],
            ),
            # The disk grows by itself; to set it back to its first size would be to replace the server.
            opts=ResourceOptions.merge(
                self.keep, ResourceOptions(depends_on=[encryption], ignore_changes=["settings.diskSize"])
            ),
        )

        # An endpoint in a subnet of ours, not a peering: peering takes an address range of its own, is one for the
        # whole network, and what is peered with us in turn cannot reach it.
        address = compute.Address(
            f"{name}-endpoint",
            region=region,
            address_type="INTERNAL",
            subnetwork=network.private_subnet_ids[0],
            opts=self.child,
        )
        compute.ForwardingRule(
            f"{name}-endpoint",
            region=region,
            network=network.network_id,
            ip_address=address.self_link,
            target=instance.psc_service_attachment_link,
            load_balancing_scheme="",  # empty is how the API says "an endpoint, no load balancer"
            opts=self.child,
        )

        secret_encryption = self._let_use(keys.secrets, "secretmanager.googleapis.com", f"{name}-secret-encryption")
        secret = secretmanager.Secret(
            f"{name}-administrator",
            # The server's own name, so that from this output alone the verbs know which server is meant.
            secret_id=instance.name,
            replication=secretmanager.SecretReplicationArgs(
                user_managed=secretmanager.SecretReplicationUserManagedArgs(
                    replicas=[
                        secretmanager.SecretReplicationUserManagedReplicaArgs(
                            location=region,
                            customer_managed_encryption=secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
                                kms_key_name=keys.secrets
                            ),
                        )
                    ]
                )
            ),
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[secret_encryption])),
        )
        secretmanager.SecretVersion(
            f"{name}-administrator",
            secret=secret.id,
            secret_data=Output.json_dumps({"username": "postgres", "password": administrator.result}),
            opts=self.child,
        )

        self.publish(host=address.address, administrator=secret.id, firewall=network.network_id, key=keys.secrets)

    def grant_connect(self, grantee: str, client: Cluster) -> Connection:
        """Makes a database and a user through Google's API, so no SQL is left to run.

        The client needs no rule: all that stands in the network reaches the endpoint, and nothing else does.
        """
        owner = grantee.replace("-", "_")
        instance = self.administrator.apply(lambda secret: secret.rsplit("/", 1)[-1])
        secret = password(f"{grantee}-password", opts=self.child)
        # Both outlive the grant: the one is the client's data, and PostgreSQL drops no user who owns any.
        sql.Database(grantee, name=owner, instance=instance, deletion_policy="ABANDON", opts=self.child)
        sql.User(
            grantee,
            name=owner,
            instance=instance,
            password=secret.result,
            deletion_policy="ABANDON",
            opts=self.child,
        )
        return Connection(
            host=self.host, port=PORT, database=owner, user=owner, password=secret.result, administrator=None
        )

    def grant_administer(self, grantee: str, identity: Input[str]) -> None:
        """Lets a principal read the one secret, which says ``username`` and ``password`` in JSON."""
        secretmanager.SecretIamMember(
            f"{grantee}-administers",
            secret_id=self.administrator,
            role="roles/secretmanager.secretAccessor",
            member=identity,
            opts=self.child,
        )

    def _let_use(self, key: Input[str], service: str, name: str) -> kms.CryptoKeyIAMMember:
        """Lets a service of Google's, through its agent in this project, use a key."""
        agent = projects.ServiceIdentity(name, service=service, opts=self.child)
        return kms.CryptoKeyIAMMember(
            name,
            crypto_key_id=key,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=agent.member,
            opts=self.child,
        )


def password(name: str, *, opts: ResourceOptions) -> random.RandomPassword:
    """A password that the server's own policy admits, and that needs no escaping in a URL."""
    return random.RandomPassword(
        name,
        length=32,
        min_lower=1,
        min_upper=1,
        min_numeric=1,
        min_special=1,
        override_special="-_",
        opts=opts,
    )
