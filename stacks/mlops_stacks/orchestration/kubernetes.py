"""Airflow inside the cluster."""

from __future__ import annotations

import inspect
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from mlops_stacks import orchestration
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.database import Connection, Database, _create_database
from mlops_stacks.kubernetes import container_security, fingerprint, labels, pod_security
from mlops_stacks.monitoring import Monitoring
from mlops_stacks.orchestration import OrchestrationSettings, _administrator
from mlops_stacks.storage import Storage
from mlops_stacks.tracking import Tracking
from mlops_stacks.workspace import Workspace

CHART = "1.21.0"
"""The project's own chart (checked 2026-11-24: apache/airflow, ``chart/`` at b9071080). README.md says why it is not
1.22.0, and how to go on."""

AIRFLOW = "3.3.2"
"""The newest Airflow (checked 2026-11-24). The chart's own default is older, and it runs any 3.x."""

IMAGE = f"apache/airflow:{AIRFLOW}-python3.12@sha256:9df9c8be4096b9cc626bd7cb1f2b8c712eef66c59c615f8c7e6200871ca10bd1"
"""Airflow's own image (checked 2026-11-24). README.md says how sure the digest is."""

USER = 50000
"""The user id that Airflow's image runs as, and whose files it holds."""

PORT = 8080
ADMINISTRATOR = "admin"

DATABASE = "postgresql+psycopg2://"
"""What Airflow is told of its database. The connection stands in libpq's environment variables, which both of its
drivers read, so that no address, argument or log carries a password."""

SCRATCH = "/tmp"  # noqa: S108
"""The one folder that everything may write to."""

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
"""The auth manager that keeps users, with their passwords' hashes, in the database. Airflow's default, the simple one,
is for development and tests (Airflow, *Simple auth manager*)."""


@dataclass(frozen=True)
class Machine:
    """What one container gets."""

    cpu: str
    """CPUs that are always there."""
    limit: str
    """CPUs that it may use when nobody else does."""
    memory: str

    def resources(self) -> k8s.core.v1.ResourceRequirementsArgs:
        """The same, as Kubernetes says it: memory that is not there kills somebody, so that is asked for in full."""
        return k8s.core.v1.ResourceRequirementsArgs(
            requests={"cpu": self.cpu, "memory": self.memory},
            limits={"cpu": self.limit, "memory": self.memory},
        )


SERVERS: Mapping[Size, Machine] = {
    # At rest a server holds 0.2 to 0.3 GiB (measured with 3.3.2); a DAG that is being read, or a probe, 0.2 more.
    "small": Machine(cpu="250m", limit="1", memory="1Gi"),
    "medium": Machine(cpu="500m", limit="2", memory="2Gi"),
    "large": Machine(cpu="1", limit="4", memory="4Gi"),
}

TASKS: Mapping[Size, Machine] = {
    "small": Machine(cpu="1", limit="1", memory="2Gi"),
    "medium": Machine(cpu="2", limit="2", memory="8Gi"),
    "large": Machine(cpu="8", limit="8", memory="32Gi"),
}

STEP = Machine(cpu="250m", limit="1", memory="1Gi")
"""What a step of the Job gets, and the weekly cleaning: little, for both work inside the database."""


class Orchestration(orchestration.Orchestration):
    """Airflow 3, a pod for each task: records in PostgreSQL, logs in object storage.

    The chart makes the servers, and nothing else. A Job before it makes the database, brings it to the version, and
    sets the administrator's password. Tasks get neither the database, nor its keys, nor a token for the cluster.
    """

    def __init__(
        self,
        name: str,
        settings: OrchestrationSettings,
        *,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        database: Database,
        tracking: Tracking,
        monitoring: Monitoring | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)
        setup, api, task = f"{name}-setup", f"{name}-api", f"{name}-task"
        # The API: a scheduler makes pods. The platform: a task speaks to the tracking server, and the DAG processor to
        # Alertmanager.
        namespace = workspace.namespace(name, ways=["api", "database", "internet", "identity", "platform"])
        connection = database.grant_connect(name, cluster)
        tracking.grant_connect(name, namespace)
        telling = monitoring.hear(name, namespace) if monitoring else {}

        def metadata(of: str, **more: Any) -> k8s.meta.v1.ObjectMetaArgs:
            return k8s.meta.v1.ObjectMetaArgs(name=of, namespace=namespace, labels=labels(of), **more)

        accounts = {
            # The API server alone has a token: it reads the log of a task that still runs from its pod.
            of: k8s.core.v1.ServiceAccount(
                of, metadata=metadata(of), automount_service_account_token=of == api, opts=self.child
            )
            for of in (setup, api, task)
        }
        identities = {of: cluster.workload_identity(of, namespace=name, service_account=of) for of in accounts}
        storage.grant_read(api, identities[api], "artifacts")
        storage.grant_write(task, identities[task], "artifacts")
        storage.grant_read(task, identities[task], "data")

        passwords = {
            of: random.RandomPassword(f"{name}-{of}", length=length, special=False, opts=options).result
            for of, length, options in (
                ("administrator", 32, self.child),
                ("session", 32, self.child),
                # As long as what it signs with: SHA-512.
                ("token", 64, self.child),
                # What the vault's encrypts outlives the servers, in the database. A Fernet key is 32 bytes.
                ("vault", 32, self.keep),
            )
        }
        secrets = {
            "PGPASSWORD": connection.password,
            "ADMINISTRATOR_PASSWORD": passwords["administrator"],
            # Under these names the chart looks for them.
            "api-secret-key": passwords["session"],
            "jwt-secret": passwords["token"],
            "fernet-key": passwords["vault"].apply(fernet),
        }
        # By the names that a job of `training` finds them under.
        buckets = {"DATA_URL": storage.data_url, "ARTIFACTS_URL": storage.artifacts_url}
        variables = {**tracking.environment(), **buckets}
        kept = [
            k8s.core.v1.Secret(of, metadata=metadata(of), string_data=values, opts=self.child)
            for of, values in ((name, secrets), (task, variables))
        ]
        # A pod does not notice that a Secret has changed; that this has changed makes new pods. Nor does it get
        # credentials of the cloud unless its identity stood when it was made.
        annotations = {
            # No secret itself: among the chart's values, it would make a secret of them all.
            "mlops/secret": pulumi.Output.unsecret(
                pulumi.Output.json_dumps({**secrets, **variables}).apply(fingerprint)
            ),
            "mlops/identity": pulumi.Output.all(*identities.values()).apply(" ".join),
        }

        # It knows the database, which a task does not.
        server = [
            *(
                k8s.core.v1.EnvVarArgs(name=variable, value=value)
                for variable, value in environment(connection).items()
            ),
            secret("PGPASSWORD", name, "PGPASSWORD"),
            secret("AIRFLOW__CORE__FERNET_KEY", name, "fernet-key"),
        ]
        # checkov:skip=CKV_K8S_35: libpq reads PGPASSWORD; to run a command for a key would need another way to keep it
        job = k8s.batch.v1.Job(
            setup,
            # As the tracking server's: it is made again when its template changes, or when it failed for good.
            metadata=metadata(setup, annotations={"pulumi.com/replaceUnready": "true"}),
            spec=k8s.batch.v1.JobSpecArgs(
                backoff_limit=6,
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels(setup), annotations=annotations),
                    spec=self._setup(accounts[setup], identities[setup], database, connection, server),
                ),
            ),
            opts=pulumi.ResourceOptions.merge(
                self.child,
                # As the tracking server's: until it has failed for good.
                pulumi.ResourceOptions(depends_on=kept, custom_timeouts=pulumi.CustomTimeouts(create="30m")),
            ),
        )

        release = k8s.helm.v3.Release(
            name,
            name=name,
            namespace=namespace,
            chart="airflow",
            version=CHART,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo="https://airflow.apache.org"),
            values=self._values(
                settings,
                logs=pulumi.Output.concat(storage.artifacts_url, "/", name, "/logs"),
                annotations=annotations,
                telling=telling,
                server=server,
                task=[secret(variable, task, variable) for variable in variables],
            ),
            # Seconds, for nodes that have yet to start.
            timeout=900,
            max_history=10,
            opts=pulumi.ResourceOptions.merge(self.child, pulumi.ResourceOptions(depends_on=[job])),
        )
        self.publish(
            url=release.name.apply(lambda release: f"http://{release}-api-server.{name}.svc.cluster.local:{PORT}"),
            username=ADMINISTRATOR,
            password=passwords["administrator"],
        )

    def _setup(
        self,
        account: k8s.core.v1.ServiceAccount,
        identity: pulumi.Input[str],
        database: Database,
        connection: Connection,
        server: Sequence[k8s.core.v1.EnvVarArgs],
    ) -> k8s.core.v1.PodSpecArgs:
        """The Job's pod: makes the database if the cloud does not, then its tables, then the administrator."""
        env = [
            *server,
            secret("ADMINISTRATOR_PASSWORD", self.name, "ADMINISTRATOR_PASSWORD"),
            k8s.core.v1.EnvVarArgs(name="AIRFLOW__CORE__AUTH_MANAGER", value=FAB),
            # Where it leaves a configuration of its own.
            k8s.core.v1.EnvVarArgs(name="AIRFLOW_HOME", value=SCRATCH),
        ]

        def step(name: str, command: list[str], administrator: pulumi.Input[str]) -> k8s.core.v1.ContainerArgs:
            return k8s.core.v1.ContainerArgs(
                name=name,
                image=IMAGE,
                command=command,
                env=[*env, k8s.core.v1.EnvVarArgs(name="ADMINISTRATOR", value=administrator)],
                volume_mounts=[k8s.core.v1.VolumeMountArgs(name="scratch", mount_path=SCRATCH)],
                resources=STEP.resources(),
                security_context=container_security(),
            )

        steps = [
            step("migrate", ["airflow", "db", "migrate"], ADMINISTRATOR),
            step("administrator", ["python", "-c", inspect.getsource(_administrator)], ADMINISTRATOR),
        ]
        if connection.administrator is not None:
            database.grant_administer(f"{self.name}-setup", identity)
            command = ["python", "-c", inspect.getsource(_create_database)]
            steps = [step("create-database", command, connection.administrator), *steps]
        return k8s.core.v1.PodSpecArgs(
            service_account_name=account.metadata.name,
            automount_service_account_token=False,
            enable_service_links=False,
            restart_policy="Never",
            security_context=pod_security(USER),
            volumes=[k8s.core.v1.VolumeArgs(name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())],
            init_containers=steps[:-1],
            containers=steps[-1:],
        )

    def _values(
        self,
        settings: OrchestrationSettings,
        *,
        logs: pulumi.Input[str],
        annotations: Mapping[str, pulumi.Input[str]],
        telling: Mapping[str, pulumi.Input[str]],
        server: Sequence[k8s.core.v1.EnvVarArgs],
        task: Sequence[k8s.core.v1.EnvVarArgs],
    ) -> Mapping[str, Any]:
        """What the chart is told; ``server`` and ``task`` are what a server and a task know of the rest.

        ``telling`` is what ``dags/alerts.py`` needs. All have it, so that a pipeline may also call that from a task.
        """
        # The chart knows a repository and a tag, and puts a colon between them: of a digest, that is the one in it.
        repository, _, tag = (settings.image or IMAGE).rpartition(":")
        machine = SERVERS[settings.size].resources()
        off = {"enabled": False}
        budget = {"enabled": True, "config": {"maxUnavailable": 1}}
        # Asking takes a new process several seconds, and more while the node is busy.
        slow = {"initialDelaySeconds": 10, "periodSeconds": 60, "timeoutSeconds": 45, "failureThreshold": 5}
        return {
            "airflowVersion": AIRFLOW,
            "defaultAirflowRepository": repository,
            "defaultAirflowTag": tag,
            "executor": "KubernetesExecutor",
            "multiNamespaceMode": False,
            "airflowPodAnnotations": annotations,
            "securityContexts": {"pod": pod_security(USER), "containers": container_security()},
            "volumes": [k8s.core.v1.VolumeArgs(name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())],
            "volumeMounts": [k8s.core.v1.VolumeMountArgs(name="scratch", mount_path=SCRATCH)],
            "env": [
                {"name": variable, "value": value}
                for variable, value in {"TRAIN_SCHEDULE": settings.schedule, **telling}.items()
            ],
            # What the chart would otherwise draw for itself; the last is for a queue that is not there.
            "data": {"metadataSecretName": self.name, "brokerUrlSecretName": self.name},
            "fernetKeySecretName": self.name,
            "apiSecretKeySecretName": self.name,
            "jwtSecretName": self.name,
            # The chart would give these to every container, to tasks too; each server says below what it needs. The key
            # that signs tokens it gives to the scheduler and the API server alone.
            "enableBuiltInSecretEnvVars": {
                "AIRFLOW__CORE__FERNET_KEY": False,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": False,
                "AIRFLOW_CONN_AIRFLOW_DB": False,
                "AIRFLOW__API__SECRET_KEY": False,
            },
            "config": {
                "core": {
                    "auth_manager": FAB,
                    # At a time; what the namespace's quota has no room for waits.
                    "parallelism": 32,
                },
                "database": {
                    # For each server, ten at most; the smallest database accepts about two hundred in all.
                    "sql_alchemy_pool_size": 5,
                    "sql_alchemy_max_overflow": 5,
                },
                "kubernetes_executor": {
                    "task_publish_max_retries": -1,
                    # Its log is in the bucket, so nothing is lost with it.
                    "delete_worker_pods_on_failure": "True",
                },
                "logging": {
                    "base_log_folder": f"{SCRATCH}/logs",
                    "remote_logging": "True",
                    # Without a connection, the provider takes the pod's own identity.
                    "remote_base_log_folder": logs,
                    "delete_local_logs": "True",
                    # Else one file for each DAG and day, which somebody would have to clean away.
                    "dag_processor_log_target": "stdout",
                },
                # Seconds that a task waits for the API server; unless told, five, and its first answer can take longer.
                "workers": {"execution_api_timeout": 30},
            },
            "scheduler": {
                "replicas": settings.replicas,
                "resources": machine,
                "env": server,
                "podDisruptionBudget": budget,
                "startupProbe": slow,
                "livenessProbe": slow,
                "waitForMigrations": off,
                "logGroomerSidecar": off,
            },
            "apiServer": {
                "replicas": settings.replicas,
                "resources": machine,
                "env": [*server, secret("AIRFLOW__API__SECRET_KEY", self.name, "api-secret-key")],
                "podDisruptionBudget": budget,
                "serviceAccount": {"create": False, "name": f"{self.name}-api"},
                "waitForMigrations": off,
                # Five minutes for the first start; then, a minute of silence is death.
                "startupProbe": {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 30},
                "readinessProbe": {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
                "livenessProbe": {"periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 3},
            },
            "dagProcessor": {
                "enabled": True,
                "resources": machine,
                "env": server,
                "podDisruptionBudget": budget,
                "serviceAccount": {"automountServiceAccountToken": False},
                "livenessProbe": slow,
                "waitForMigrations": off,
                "logGroomerSidecar": off,
            },
            "workers": {
                # The pods' account. The chart lets it make pods, which without a token it cannot ask for.
                "serviceAccount": {"create": False, "name": f"{self.name}-task"},
                "kubernetes": {
                    "resources": TASKS[settings.tasks].resources(),
                    "env": task,
                    # Not moved to another node to save money.
                    "podAnnotations": {"karpenter.sh/do-not-disrupt": "true"},
                    "safeToEvict": False,
                },
            },
            "databaseCleanup": {
                "enabled": True,
                "retentionDays": settings.history_days,
                # Else it only moves the records into further tables.
                "skipArchive": True,
                "resources": STEP.resources(),
                "env": server,
                "serviceAccount": {"automountServiceAccountToken": False},
            },
            # The Job has done this: as hooks of Helm they would run after the servers that wait for them.
            "migrateDatabaseJob": {**off, "serviceAccount": {"create": False}},
            "createUserJob": {**off, "serviceAccount": {"create": False}},
            # Nothing of ours defers, the database is the cloud's, and only Celery has a queue. README.md says why there
            # is no StatsD, and what stands instead.
            "triggerer": off,
            "statsd": off,
            "postgresql": off,
            "redis": off,
        }


def environment(connection: Connection) -> Mapping[str, pulumi.Input[str]]:
    """The environment variables of a connection to the database, but for the password."""
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": DATABASE,
        "PGHOST": connection.host,
        "PGPORT": str(connection.port),
        "PGDATABASE": connection.database,
        "PGUSER": connection.user,
        # Encrypted, but the server's certificate is not checked: the image does not know the cloud's own authority, and
        # the way to the database never leaves the network.
        "PGSSLMODE": "require",
    }


def secret(variable: str, name: str, key: str) -> k8s.core.v1.EnvVarArgs:
    """An environment variable whose value a Secret holds."""
    return k8s.core.v1.EnvVarArgs(
        name=variable,
        value_from=k8s.core.v1.EnvVarSourceArgs(secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=name, key=key)),
    )


def fernet(password: str) -> str:
    """A password of 32 letters and digits as a Fernet key: 190 bits of the 256 are chance."""
    return urlsafe_b64encode(password.encode()).decode()
