"""Runners: where CI runs, inside the network."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Component, LogDays, Settings


class RunnersSettings(Settings):
    """How CI reaches its machines, and how many there may be."""

    connection: str = Field(default="", pattern=r"^(arn:aws[a-z-]*:(codeconnections|codestar-connections):.+)?$")
    """What connects the account with GitHub: the ARN of a connection that a person has confirmed (docs/ci.md). Empty:
    there are no runners yet."""
    at_once: int = Field(default=4, ge=1, le=60)
    """How many jobs run at the same time; more of them wait."""
    minutes: int = Field(default=60, ge=5, le=480)
    """How long a job may take, in minutes."""
    log_days: LogDays = 365
    """Days to keep what jobs print."""


class Runners(Component):
    """Machines inside the network for jobs of CI, each for one job, none while there is none."""

    token = "mlops:platform:Runners"

    label: Output[str]
    """What a job's ``runs-on`` begins with; empty while there are no runners."""
