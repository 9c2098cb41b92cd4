"""Orchestration: what runs the steps of a pipeline, in order, on time, and again when one fails."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, Settings, Size


class OrchestrationSettings(Settings):
    """What a team may tune."""

    size: Size = "small"
    """CPU and memory of each server: for tens of pipelines, hundreds, or a thousand."""
    replicas: int = Field(default=1, ge=1, le=3)
    """How many schedulers and API servers share the work; from two on, one may fail without notice."""
    tasks: Size = "small"
    """What one task gets: 1 CPU and 2 GiB, 2 CPUs and 8 GiB, or 8 CPUs and 32 GiB."""
    image: str = Field(default="", pattern=r"^(\S+@sha256:[0-9a-f]{64})?$")
    """The image that holds the pipelines, by digest (`make dags-image`). Empty: everything runs, with no pipeline."""
    schedule: str = Field(default="@daily", pattern=r"^(@(once|hourly|daily|weekly|monthly)|\S+( \S+){4})$")
    """When the training pipeline starts, in UTC: a cron expression, or one of Airflow's names for it."""
    history_days: int = Field(default=90, ge=7)
    """Days to keep the records of runs. Logs stay in the bucket."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the key under which people's own passwords lie in the database."""


class Orchestration(Component):
    """A server that runs pipelines: their schedule, their retries, their logs."""

    token = "mlops:platform:Orchestration"

    url: Output[str]
    """Where its web page and its API are, inside its own namespace."""
    username: Output[str]
    """The administrator's name."""
    password: Output[str]
    """The administrator's password; a secret."""
