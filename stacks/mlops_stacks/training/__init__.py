"""Training: where jobs wait for machines, and machines for jobs."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings, Size
from mlops_stacks.workspace import NamespaceName


class TrainingSettings(Settings):
    """How much may train at once, and on which machines."""

    namespaces: Sequence[NamespaceName] = ("models",)
    """The namespaces whose jobs are queued, of the workspace's for people; every job there is."""
    cpu: int = Field(default=16, ge=1)
    """The CPUs that jobs without a GPU may request together. They run on spot machines."""
    memory_gb: int = Field(default=64, ge=1)
    """The memory, in GiB, that jobs without a GPU may request together."""
    gpu_size: Size = "small"
    """The memory of one GPU: about 24, 48, or 80 GB and more."""
    gpus: int = Field(default=1, ge=0)
    """The GPUs that jobs may have on spot machines together. AWS sells them by one, four and eight to a machine."""
    gpus_on_demand: int = Field(default=0, ge=0)
    """The GPUs that jobs may have at the full price, once those on spot are taken or when a job asks for it."""
    disk_gb: int = Field(default=500, ge=100, le=16_000)
    """The disk of a machine, in GiB, for images, data sets and scratch; it goes with the machine."""


class Training(Component):
    """A queue for jobs, with quotas, and machines that come when a job's turn comes and go when they are idle."""

    token = "mlops:platform:Training"

    queue: Output[str]
    """The queue, by the name it has in each namespace. A job that names none is put into it."""
    service_account: Output[str]
    """The service account, in each namespace, with the rights that a job needs in the cloud."""
    environment: Output[str]
    """The ConfigMap and the Secret, in each namespace, that hold the environment variables of a job."""
