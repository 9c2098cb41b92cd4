"""Database on AWS: PostgreSQL on RDS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pulumi
import pulumi_random as random
from pulumi import Input, Output
from pulumi_aws import cloudwatch, ec2, iam, rds, vpc

from mlops_stacks import database
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.database import Connection, DatabaseSettings
from mlops_stacks.identity import Identity
from mlops_stacks.keys import Keys
from mlops_stacks.keys._topic import tell
from mlops_stacks.network import Network

VERSION = "18"
"""PostgreSQL's major version; RDS has it since 18.1 (RDS for PostgreSQL release notes, checked 2026-11-24)."""


@dataclass(frozen=True)
class Machine:
    """What a size is."""

    type: str
    memory_gb: int
    """In GiB."""

    @property
    def connections(self) -> int:
        """How many clients it lets in at once."""
        return CONNECTIONS * self.memory_gb


MACHINES: Mapping[Size, Machine] = {
    # Burstable: right for metadata, wrong for steady load.
    "small": Machine("db.t4g.small", 2),
    "medium": Machine("db.m7g.large", 8),
    "large": Machine("db.m7g.2xlarge", 32),
}

PORT = 5432
LOG_DAYS = 365
"""Days to keep the server's log: a year, as CKV_AWS_338 asks."""
LARGEST_DISK_GB = 65536
"""What a PostgreSQL instance on gp3 grows to at most, in GiB (RDS User Guide, DB instance storage)."""
GIB = 2**30
CONNECTIONS = 90
"""How many clients the server lets in for each GiB of its machine.

By default it is 112 for each GiB that RDS does not keep for itself. How much it keeps, a tenth or more, is nowhere said
(RDS User Guide, *Quotas and constraints*).
"""


EVENTS = ("availability", "failover", "failure", "low storage", "maintenance")
"""What RDS tells of an instance that somebody should hear (RDS User Guide, *Amazon RDS event categories*).

``low storage`` goes by the disk as it is, nine tenths of it full; an alarm can only go by the first one.
"""


@dataclass(frozen=True)
class Alarm:
    """What of a database is worth a message."""

    metric: str
    """By the name that RDS gives it in CloudWatch."""
    worse: Literal["above", "below"]
    threshold: float
    """In the metric's own unit: percent, bytes or a number."""
    minutes: int
    """How long it must be so, in each of them."""
    statistic: Literal["Average", "Minimum"]
    says: str


def alarms(settings: DatabaseSettings) -> Mapping[str, Alarm]:
    """What is watched from outside the database, by the end of the alarm's name.

    CPU, connections and memory as AWS recommends them (CloudWatch User Guide, *Recommended alarms*: RDS), the first for
    longer: a migration may take all of the machine for some minutes.
    """
    machine = MACHINES[settings.size]
    return {
        # RDS makes the disk bigger by itself once a tenth of it was free for five minutes, and then for six hours not
        # again. So it is full to here for longer only if that cannot go on. An alarm knows bytes alone, and no share: a
        # disk that has grown to five times the first is at 2 % by then, and more than this would cry on the first day.
        "storage": Alarm("FreeStorageSpace", "below", settings.storage_gb * GIB / 10, 15, "Minimum", "hardly any disk"),
        "cpu": Alarm("CPUUtilization", "above", 90, 15, "Average", "no CPU to spare"),
        # AWS says 90 % of what it lets in; a minute before it is full is late.
        "connections": Alarm(
            "DatabaseConnections", "above", machine.connections * 4 // 5, 5, "Average", "no room for clients"
        ),
        # AWS would have a quarter free; a tenth is where it begins to hurt.
        "memory": Alarm("FreeableMemory", "below", machine.memory_gb * GIB / 10, 15, "Average", "hardly any memory"),
    }


class Database(database.Database):
    """An RDS instance in the private subnets, whose administrator's password RDS makes, keeps and rotates."""

    def __init__(
        self,
        name: str,
        settings: DatabaseSettings,
        *,
        keys: Keys,
        network: Network,
        identity: Identity | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        subnets = rds.SubnetGroup(name, subnet_ids=network.private_subnet_ids, opts=self.child)
        firewall = ec2.SecurityGroup(
            name,
            description="Clients of the database, each admitted by a rule of its own",
            vpc_id=network.network_id,
            opts=self.child,
        )
        parameters = rds.ParameterGroup(
            name,
            family=f"postgres{VERSION}",
            description="TLS only, and a log of slow queries, lock waits and sessions",
            # No log_statement: it would write the passwords of CREATE ROLE into the log.
            parameters=[
                rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1"),
                rds.ParameterGroupParameterArgs(name="log_min_duration_statement", value="1000"),  # ms
                rds.ParameterGroupParameterArgs(name="log_lock_waits", value="1"),
                rds.ParameterGroupParameterArgs(name="log_disconnections", value="1"),
                # A number of ours, so that four fifths of it, an alarm, is one too. RDS takes it at the next restart;
                # another size brings one.
                rds.ParameterGroupParameterArgs(
                    name="max_connections",
                    value=str(MACHINES[settings.size].connections),
                    apply_method="pending-reboot",
                ),
            ],
            opts=self.child,
        )

        # A name of our own, because RDS logs to groups named after the instance, and makes them itself, without key and
        # without end, when they are not there before it.
        identifier = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        logs = {
            log: cloudwatch.LogGroup(
                f"{name}-{log}",
                name=f"/aws/rds/instance/{identifier}/{log}",
                retention_in_days=LOG_DAYS,
                kms_key_id=keys.logs,
                opts=self.child,
            )
            for log in ("postgresql", "upgrade")
        }
        # checkov:skip=CKV_AWS_157 unless standby: no second machine where nobody waits for it
        # checkov:skip=CKV_AWS_293 unless protected: it may be deleted with all that it holds
        instance = rds.Instance(
            name,
            identifier=identifier,
            instance_class=MACHINES[settings.size].type,
            engine="postgres",
            # The major version alone: RDS picks the minor one, and raises it in the maintenance window.
            engine_version=VERSION,
            auto_minor_version_upgrade=True,
            # RDS wants this said whenever VERSION is raised; by itself it raises nothing.
            allow_major_version_upgrade=True,
            # At the end of its years a version is replaced, not charged for by the hour.
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            username="administrator",
            manage_master_user_password=True,
            master_user_secret_kms_key_id=keys.secrets,
            # Lets people in for a quarter of an hour without a password, once a database user has the role rds_iam.
            iam_database_authentication_enabled=True,
            storage_type="gp3",
            allocated_storage=settings.storage_gb,
            max_allocated_storage=min(5 * settings.storage_gb, LARGEST_DISK_GB),
            storage_encrypted=True,
            kms_key_id=keys.data,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[firewall.id],
            publicly_accessible=False,
            port=PORT,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            parameter_group_name=parameters.name,
            multi_az=settings.standby,
            # UTC, one after the other. What needs a restart waits for the second one.
            backup_window="02:00-03:00",
            maintenance_window="sun:03:30-sun:04:30",
            apply_immediately=False,
            backup_retention_period=settings.backup_days,
            delete_automated_backups=not settings.final_snapshot,
            copy_tags_to_snapshot=True,
            deletion_protection=settings.protected,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=f"{identifier}-final",
            enabled_cloudwatch_logs_exports=list(logs),
            monitoring_interval=60,  # seconds
            monitoring_role_arn=self._monitoring(f"{name}-monitoring", identifier, keys, identity),
            database_insights_mode="standard",
            performance_insights_enabled=True,
            performance_insights_kms_key_id=keys.data,
            performance_insights_retention_period=7,  # days, the free ones
            opts=pulumi.ResourceOptions.merge(self.keep, pulumi.ResourceOptions(depends_on=list(logs.values()))),
        )

        self._watch(name, settings, identifier, keys)

        self.publish(
            host=instance.address,
            administrator=instance.master_user_secrets.apply(lambda secrets: secrets[0].secret_arn),
            firewall=firewall.id,
            key=keys.secrets,
        )

    def grant_connect(self, grantee: str, client: Cluster) -> Connection:
        """Opens the port to the cluster and generates a password; an SQL job then makes database and user."""
        self._admit(client)
        # Of the special characters, those that stand for themselves in a URL (RFC 3986, unreserved).
        password = random.RandomPassword(grantee, length=32, override_special="-._~", opts=self.child)
        user = grantee.replace("-", "_")
        return Connection(
            host=self.host,
            port=PORT,
            database=user,
            user=user,
            password=password.result,
            administrator=self.administrator,
        )

    @cache  # noqa: B019 - components live as long as the program
    def _admit(self, client: Cluster) -> None:
        """Opens the port to a cluster: once for all of its services, because EC2 refuses the same rule twice.

        ``cache`` is what makes it once: a further call with the same client does nothing.
        """
        vpc.SecurityGroupIngressRule(
            client.name,
            security_group_id=self.firewall,
            referenced_security_group_id=client.pod_source,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            description=f"PostgreSQL from {client.name}",
            opts=self.child,
        )

    def grant_administer(self, grantee: str, identity: Input[str]) -> None:
        """Lets the role read the secret that RDS manages, and use its key through Secrets Manager."""
        iam.RolePolicy(
            f"{grantee}-administer",
            role=identity,
            policy=Output.all(self.administrator, self.key).apply(lambda args: let_read(args[0], args[1])),
            opts=self.child,
        )

    def _watch(self, name: str, settings: DatabaseSettings, instance: str, keys: Keys) -> None:
        """Tells people by e-mail before the database fails, and once it has nothing more to say.

        Not by Alertmanager, which hears of none of it: RDS measures for CloudWatch alone, and tells of itself by SNS.
        """
        topic = tell(f"{name}-alarms", settings.recipients, let_arrive, keys=keys, opts=self.child)
        for what, alarm in alarms(settings).items():
            cloudwatch.MetricAlarm(
                f"{name}-{what}",
                alarm_description=f"The database has {alarm.says}. What to do: docs/runbooks/database-alarm.md",
                namespace="AWS/RDS",
                metric_name=alarm.metric,
                # By name: what hangs on the instance would be forgotten with it when a restored one takes its place.
                dimensions={"DBInstanceIdentifier": instance},
                statistic=alarm.statistic,
                comparison_operator="GreaterThanThreshold" if alarm.worse == "above" else "LessThanThreshold",
                threshold=alarm.threshold,
                period=60,  # seconds
                evaluation_periods=alarm.minutes,
                datapoints_to_alarm=alarm.minutes,
                alarm_actions=[topic],
                ok_actions=[topic],
                # A machine that is gone measures nothing. One alarm is enough to say so.
                insufficient_data_actions=[topic] if what == "cpu" else None,
                opts=self.child,
            )
        rds.EventSubscription(
            name,
            sns_topic=topic,
            source_type="db-instance",
            event_categories=EVENTS,
            # Not of this instance alone: RDS wants it to be there first, and then this would hang on it, as above.
            opts=self.child,
        )
        if not settings.recipients:
            pulumi.log.warn(
                "nobody hears of a database that runs full: name e-mail addresses in database.recipients", self
            )

    def _monitoring(self, name: str, instance: str, keys: Keys, identity: Identity | None) -> Output[str]:
        """The ARN of the role in which RDS reports memory, disk and processes."""
        role = iam.Role(
            name,
            assume_role_policy=keys.data.apply(lambda arn: let_monitoring_assume(arn, instance)),
            permissions_boundary=identity.boundary if identity else None,
            opts=self.child,
        )
        rights = iam.RolePolicyAttachment(
            name,
            role=role.name,
            policy_arn=keys.data.apply(
                lambda arn: f"arn:{arn.split(':')[1]}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
            ),
            opts=self.child,
        )
        # By way of its rights: RDS refuses a role that does not have them yet.
        return rights.id.apply(lambda _: role.arn)


def let_read(secret_arn: str, key_arn: str) -> str:
    """The policy of a role that may read one secret, and use its key through Secrets Manager alone."""
    region = key_arn.split(":")[3]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret_arn},
                {
                    "Effect": "Allow",
                    "Action": "kms:Decrypt",
                    "Resource": key_arn,
                    "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}},
                },
            ],
        }
    )


def let_arrive(topic_arn: str) -> str:
    """Lets the alarms, and the databases, of this account and region publish."""
    _, partition, _, region, account, _ = topic_arn.split(":", 5)
    # Any alarm, any database: what is theirs is known only after the topic is.
    senders = {"cloudwatch": ("cloudwatch", "alarm:*"), "events.rds": ("rds", "db:*")}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{sender}.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic_arn,
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:{service}:{region}:{account}:{what}"},
                    },
                }
                for sender, (service, what) in senders.items()
            ],
        }
    )


def let_monitoring_assume(arn: str, instance: str) -> str:
    """Lets RDS's monitoring take the role, for one instance of the account and region that this ARN is of."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceAccount": account,
                            "aws:SourceArn": f"arn:{partition}:rds:{region}:{account}:db:{instance}",
                        }
                    },
                }
            ],
        }
    )
