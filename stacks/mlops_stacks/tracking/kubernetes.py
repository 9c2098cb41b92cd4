"""MLflow inside the cluster."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from mlops_stacks import registry, tracking
from mlops_stacks.cluster import Cluster
from mlops_stacks.component import Size
from mlops_stacks.database import Database, _create_database
from mlops_stacks.kubernetes import admit, container_security, fingerprint, labels, pod_security, pods_of
from mlops_stacks.storage import Storage
from mlops_stacks.tracking import TrackingSettings, _accounts, _authorize, _ready
from mlops_stacks.workspace import Workspace

IMAGE = "ghcr.io/mlflow/mlflow:v3.15.2-full@sha256:2c9c50ca72e314cb1b8b301ceaa43882629ad91873d7271f3be92796930c3647"
"""MLflow's own image (checked 2026-11-24). Of its variants only ``-full`` holds the PostgreSQL driver, boto3 and, since
3.14 (mlflow/mlflow#23892), what basic authentication needs. README.md says how sure the digest is, and how to go on."""

USER = 10001
"""The user id that the image runs as: nobody's on the machine (CKV_K8S_40). The image itself knows only root."""

PORT = 5000
ADMINISTRATOR = "admin"
WRITER = "writer"
READER = "reader"

DATABASE = "postgresql+psycopg2://"
"""What MLflow is told of its database. The connection stands in libpq's environment variables (SQLAlchemy, "Environment
Variable Connections"), so that no address, argument or log carries a password."""

CONFIG = "/etc/mlflow"
"""The folder of what is not in the environment: who administrator, writer and reader are, and what the latter may."""

AUTHORIZE = "mlops_authorize.py"
"""The file in it that MLflow asks about each request."""

SCRATCH = "/tmp"  # noqa: S108
"""The one folder that can be written to: an uploaded file lies in it until the bucket has it."""

ENVIRONMENT = {
    "MLFLOW_BACKEND_STORE_URI": DATABASE,
    "MLFLOW_AUTH_CONFIG_PATH": f"{CONFIG}/basic_auth.ini",
    # Where it finds the function that the file names.
    "PYTHONPATH": CONFIG,
    # At most five connections a worker to the records and five to the accounts. Unless told, it takes fifteen each, and
    # the smallest database accepts 180 in all.
    "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "2",
    "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "3",
    # Jobs inside the server, which let language models judge, need more processes, and nobody here has asked for them.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HOME": SCRATCH,
}


@dataclass(frozen=True)
class Machine:
    """What one server gets."""

    workers: int
    """Processes that answer requests; each may use up to one CPU."""
    cpu: str
    """CPUs that are always there."""
    memory: str
    """1 GiB a worker. At rest each holds 0.3, and what starts them as much again (measured with 3.15.2)."""
    scratch: str
    """Disk for uploads: the largest file, times the uploads at once."""


MACHINES: Mapping[Size, Machine] = {
    "small": Machine(workers=2, cpu="500m", memory="2Gi", scratch="10Gi"),
    "medium": Machine(workers=4, cpu="1", memory="4Gi", scratch="20Gi"),
    "large": Machine(workers=8, cpu="2", memory="8Gi", scratch="40Gi"),
}


STEP = Machine(workers=1, cpu="250m", memory="1Gi", scratch="1Gi")
"""What a step of the Job gets: little, for a migration works inside the database."""


class Tracking(tracking.Tracking, registry.Registry):
    """MLflow, as tracking server and model registry: records in PostgreSQL, files in object storage.

    The server asks for name and password, answers to its own names only, and is reached from the people's namespaces
    and through a port-forward. Before it starts, a Job makes its database and brings that to the server's version.
    """

    def __init__(
        self,
        name: str,
        settings: TrackingSettings,
        *,
        cluster: Cluster,
        workspace: Workspace,
        storage: Storage,
        database: Database,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)
        machine = MACHINES[settings.size]
        setup = f"{name}-setup"
        namespace = workspace.namespace(name, ways=["database", "internet", "identity"])
        connection = database.grant_connect(name, cluster)

        def metadata(of: str, **more: Any) -> k8s.meta.v1.ObjectMetaArgs:
            return k8s.meta.v1.ObjectMetaArgs(name=of, namespace=namespace, labels=labels(of), **more)

        accounts = {
            of: k8s.core.v1.ServiceAccount(
                of, metadata=metadata(of), automount_service_account_token=False, opts=self.child
            )
            for of in (name, setup)
        }
        identities = {of: cluster.workload_identity(of, namespace=name, service_account=of) for of in accounts}
        storage.grant_write(name, identities[name], "artifacts")

        passwords = {
            # Letters and digits alone: in an ini file, «%» would begin a reference.
            of: random.RandomPassword(f"{name}-{of}", length=32, special=False, opts=options).result
            # What the vault's encrypts outlives the server, in the database.
            for of, options in (
                ("administrator", self.child),
                ("writer", self.child),
                ("reader", self.child),
                ("session", self.child),
                ("vault", self.keep),
            )
        }
        secrets = {
            "PGPASSWORD": connection.password,
            # Signs the forms of the web page; the same on every server.
            "MLFLOW_FLASK_SERVER_SECRET_KEY": passwords["session"],
            # Encrypts the keys that people store in MLflow; unless told, it uses one that is printed in its source.
            "MLFLOW_CRYPTO_KEK_PASSPHRASE": passwords["vault"],
        }
        files = {
            "basic_auth.ini": pulumi.Output.all(
                passwords["administrator"], passwords["writer"], passwords["reader"]
            ).apply(lambda all_three: basic_auth(*all_three)),
            AUTHORIZE: inspect.getsource(_authorize),
        }
        secret = k8s.core.v1.Secret(name, metadata=metadata(name), string_data={**secrets, **files}, opts=self.child)

        pods = Pods(
            connection={
                "PGHOST": connection.host,
                "PGPORT": str(connection.port),
                "PGDATABASE": connection.database,
                "PGUSER": connection.user,
                # Encrypted, but the server's certificate is not checked: the image does not know the cloud's own
                # authority, and the way to the database never leaves the network.
                "PGSSLMODE": "require",
            },
            secret=secret.metadata.name,
            secrets=list(secrets),
            fingerprint=pulumi.Output.json_dumps({**secrets, **files}).apply(fingerprint),
        )

        steps = [
            pods.container("migrate-records", ["mlflow", "db", "upgrade", DATABASE], STEP),
            pods.container("migrate-accounts", ["python", "-c", inspect.getsource(_accounts)], STEP),
        ]
        if connection.administrator is not None:
            database.grant_administer(setup, identities[setup])
            create = pods.container(
                "create-database",
                ["python", "-c", inspect.getsource(_create_database)],
                STEP,
                environment={"ADMINISTRATOR": connection.administrator},
            )
            steps = [create, *steps]
        # A Job cannot be changed. When its template does (another image, script or password) the provider deletes it
        # and runs a new one, and so it does with one that failed for good, by the annotation. Nobody else may delete
        # it: with a time to live, the next refresh would find it gone.
        # checkov:skip=CKV_K8S_35: libpq, which all of MLflow's ways to the database share, reads PGPASSWORD
        job = k8s.batch.v1.Job(
            setup,
            metadata=metadata(setup, annotations={"pulumi.com/replaceUnready": "true"}),
            spec=k8s.batch.v1.JobSpecArgs(
                # Ten minutes of trying: a right granted a moment ago is not in force everywhere yet. Seven pods, and
                # between them pauses of 10 seconds, 20, 40 … 320 (Kubernetes, *Jobs*).
                backoff_limit=6,
                template=pods.template(
                    accounts[setup],
                    identities[setup],
                    labels(setup),
                    init_containers=steps[:-1],
                    containers=steps[-1:],
                    restart_policy="Never",
                ),
            ),
            opts=pulumi.ResourceOptions.merge(
                self.child,
                # The pauses, seven pods of a minute and a new node make twenty minutes until the Job has failed for
                # good, and a migration may take its time. Unless told, Pulumi gives up after ten, and cannot say why.
                pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="30m")),
            ),
        )

        hosts = [f"{name}.{name}", f"{name}.{name}.svc", f"{name}.{name}.svc.cluster.local"]
        server = pods.container(
            "mlflow",
            ["mlflow", "server"],
            machine,
            args=[
                "--host=0.0.0.0",
                f"--port={PORT}",
                f"--workers={machine.workers}",
                "--app-name=basic-auth",
                # Files pass through the server: a client needs a password here, and no right to the bucket.
                "--serve-artifacts",
                pulumi.Output.concat("--artifacts-destination=", storage.artifacts_url, "/", name),
                # What else calls itself the server is refused: a web page could otherwise rebind its own name to it.
                # On localhost any port will do, for that is where a port-forward ends.
                "--allowed-hosts=" + ",".join([*(f"{host}:{PORT}" for host in hosts), "localhost:*", "127.0.0.1:*"]),
                f"--cors-allowed-origins=http://localhost:{PORT}",
                "--x-frame-options=DENY",
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=PORT)],
            # Five minutes for the first start, on a new node with a cold disk; then, a minute of silence is death.
            startup_probe=health(period_seconds=5, failure_threshold=60),
            readiness_probe=ready(),
            liveness_probe=health(period_seconds=20, failure_threshold=3),
            # A Service goes on sending for a moment after a pod was told to stop.
            lifecycle=k8s.core.v1.LifecycleArgs(
                pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=k8s.core.v1.SleepActionArgs(seconds=10))
            ),
        )
        selector = k8s.meta.v1.LabelSelectorArgs(match_labels=labels(name))
        # checkov:skip=CKV_K8S_35: MLflow reads these three from its environment alone
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata(name),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=settings.replicas,
                selector=selector,
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                template=pods.template(
                    accounts[name],
                    identities[name],
                    labels(name),
                    containers=[server],
                    termination_grace_period_seconds=60,
                    topology_spread_constraints=[
                        k8s.core.v1.TopologySpreadConstraintArgs(
                            topology_key=over, max_skew=1, when_unsatisfiable="ScheduleAnyway", label_selector=selector
                        )
                        for over in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                    ],
                ),
            ),
            opts=pulumi.ResourceOptions.merge(self.child, pulumi.ResourceOptions(depends_on=[job])),
        )
        k8s.policy.v1.PodDisruptionBudget(
            name,
            metadata=metadata(name),
            # One at a time, rather than a number that must stay: with a single server that would block every drain.
            spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(selector=selector, max_unavailable=1),
            opts=self.child,
        )
        service = k8s.core.v1.Service(
            name,
            metadata=metadata(name),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=labels(name),
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=self.child,
        )
        k8s.networking.v1.NetworkPolicy(
            name,
            metadata=metadata(name),
            spec=admit(PORT, pods_of(workspace.namespaces), pods=labels(name)),
            opts=self.child,
        )
        self.publish(
            # Known once there is something to be reached.
            url=service.metadata.name.apply(lambda service: f"http://{service}.{name}.svc.cluster.local:{PORT}"),
            writer_username=WRITER,
            writer_password=passwords["writer"],
            reader_username=READER,
            reader_password=passwords["reader"],
        )

    def grant_connect(self, grantee: str, namespace: pulumi.Input[str]) -> None:
        """Lets the namespace's pods through the network policies, to the server's port and no other."""
        k8s.networking.v1.NetworkPolicy(
            grantee,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=grantee,
                # Where the server is, which by then has an address.
                namespace=self.url.apply(lambda _: self.name),
                labels=labels(self.name),
            ),
            spec=admit(PORT, pods_of([namespace]), pods=labels(self.name)),
            opts=self.child,
        )


@dataclass(frozen=True)
class Pods:
    """What the pods of the Job and of the server have in common."""

    connection: Mapping[str, pulumi.Input[str]]
    """The environment variables of the connection to the database."""
    secret: pulumi.Input[str]
    """The name of the Secret."""
    secrets: Sequence[str]
    """The environment variables whose values the Secret holds."""
    fingerprint: pulumi.Input[str]
    """A pod does not notice that a Secret has changed; that this has changed makes new pods."""

    def container(
        self,
        name: str,
        command: Sequence[str],
        machine: Machine,
        *,
        environment: Mapping[str, pulumi.Input[str]] = ENVIRONMENT,
        **more: Any,
    ) -> k8s.core.v1.ContainerArgs:
        """A container of MLflow's image that knows its way to the database."""
        values = {**environment, **self.connection}
        return k8s.core.v1.ContainerArgs(
            name=name,
            image=IMAGE,
            command=list(command),
            env=[
                *(k8s.core.v1.EnvVarArgs(name=variable, value=value) for variable, value in values.items()),
                *(
                    k8s.core.v1.EnvVarArgs(
                        name=variable,
                        value_from=k8s.core.v1.EnvVarSourceArgs(
                            secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=self.secret, key=variable)
                        ),
                    )
                    for variable in self.secrets
                ),
            ],
            working_dir=SCRATCH,
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="scratch", mount_path=SCRATCH),
            ],
            resources=k8s.core.v1.ResourceRequirementsArgs(
                requests={"cpu": machine.cpu, "memory": machine.memory, "ephemeral-storage": machine.scratch},
                limits={
                    "cpu": str(machine.workers),
                    "memory": machine.memory,
                    "ephemeral-storage": machine.scratch,
                },
            ),
            security_context=container_security(),
            **more,
        )

    def template(
        self,
        account: k8s.core.v1.ServiceAccount,
        identity: pulumi.Input[str],
        labels: Mapping[str, str],
        **spec: Any,
    ) -> k8s.core.v1.PodTemplateSpecArgs:
        """A template of pods that run as an account, with its identity in the cloud."""
        return k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=labels,
                annotations={
                    "mlops/secret": self.fingerprint,
                    # A pod gets its credentials when it is made, so not before the identity stands.
                    "mlops/identity": identity,
                },
            ),
            spec=k8s.core.v1.PodSpecArgs(
                service_account_name=account.metadata.name,
                automount_service_account_token=False,
                # Else the Service's address would come as TRACKING_PORT and the like.
                enable_service_links=False,
                security_context=pod_security(USER),
                volumes=[
                    k8s.core.v1.VolumeArgs(
                        name="config",
                        secret=k8s.core.v1.SecretVolumeSourceArgs(
                            secret_name=self.secret,
                            items=[
                                k8s.core.v1.KeyToPathArgs(key=file, path=file) for file in ("basic_auth.ini", AUTHORIZE)
                            ],
                        ),
                    ),
                    k8s.core.v1.VolumeArgs(name="scratch", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs()),
                ],
                **spec,
            ),
        )


def basic_auth(administrator: str, writer: str, reader: str) -> str:
    """MLflow's file of accounts, for three passwords. It reads its own section alone; the Job reads the others as well.

    Who has an account sees everything, and changes what is theirs or granted to them. What writer and reader may is
    decided by ``_authorize`` first.
    """
    return (
        "[mlflow]\n"
        "default_permission = READ\n"
        f"authorization_function = {AUTHORIZE.removesuffix('.py')}:{_authorize.authorize.__name__}\n"
        f"database_uri = {DATABASE}\n"
        f"admin_username = {ADMINISTRATOR}\n"
        f"admin_password = {administrator}\n"
        "[writer]\n"
        f"username = {WRITER}\n"
        f"password = {writer}\n"
        "[reader]\n"
        f"username = {READER}\n"
        f"password = {reader}\n"
    )


def health(*, period_seconds: int, failure_threshold: int) -> k8s.core.v1.ProbeArgs:
    """Asks the one path that needs neither name nor password, and takes any Host header.

    It says nothing of the database, and so it restarts no server because of that.
    """
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path="/health", port="http"),
        timeout_seconds=5,
        period_seconds=period_seconds,
        failure_threshold=failure_threshold,
    )


def ready() -> k8s.core.v1.ProbeArgs:
    """Asks the server and its database: a server without one is no server, and that is an alert (TrackingUnavailable).

    Each time it is a process of its own, hence twice a minute and no more.
    """
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=["python", "-c", inspect.getsource(_ready), str(PORT)]),
        timeout_seconds=10,
        period_seconds=30,
        failure_threshold=3,
    )
