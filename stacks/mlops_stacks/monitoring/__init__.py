"""Monitoring: what watches the platform and its models, and wakes somebody."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated

from pulumi import Input, Output
from pydantic import Field, StringConstraints

from mlops_stacks.component import Component, LogDays, Settings, Size

Entry = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$", max_length=19)]
"""An entry of the secret store, by its name in ``secrets.names``; empty for none."""


class MonitoringSettings(Settings):
    """What a team may tune. A named entry must have its value first (``make secret``): alerts wait for it."""

    size: Size = "small"
    """How many series one server keeps: about 200,000, half a million, or a million."""
    replicas: int = Field(default=1, ge=1, le=2)
    """How many servers measure, and how many send alerts; with two, one may fail without notice."""
    retention_days: int = Field(default=15, ge=1, le=90)
    """Days to keep measurements, unless the disk is full before."""
    slack: Entry = ""
    """The entry with the address of a Slack webhook, which hears of every alert. Empty: Slack hears nothing."""
    pagerduty: Entry = ""
    """The entry with a PagerDuty integration key, for what must wake somebody. Empty: nobody is woken."""
    heartbeat: Entry = ""
    """The entry with the address of a service that expects to be called every five minutes and tells people when it is
    not. Empty: nobody hears when monitoring itself is down."""
    log_days: LogDays = 30
    """Days to keep what pods print."""


class Monitoring(Component):
    """A server that collects measurements, shows them, holds them against rules, and tells people."""

    token = "mlops:platform:Monitoring"

    url: Output[str]
    """Where measurements are asked for inside the cluster: the address of the Prometheus API."""

    @abstractmethod
    def watch(
        self,
        grantee: str,
        namespace: Input[str],
        port: int,
        *,
        path: str = "/metrics",
        parameters: Mapping[str, Input[str]] | None = None,
    ) -> Mapping[str, Input[str]]:
        """Measures pods: opens their port to the server.

        Args:
            grantee: whose pods, by the label ``app.kubernetes.io/name``; it names the grant, and must not change.
            namespace: where they run.
            port: the port that answers with measurements.
            path: the path at which it does.
            parameters: what follows the path after a ``?``, by name, such as whom a prober is to ask.

        Returns:
            The annotations by which the server finds the pods.
        """

    @abstractmethod
    def grant_query(self, grantee: str, namespace: Input[str]) -> None:
        """Lets the pods of a namespace ask for measurements at ``url``.

        Args:
            grantee: who asks; it names the grant, and must not change.
            namespace: where it runs.
        """

    @abstractmethod
    def hear(self, grantee: str, namespace: Input[str]) -> Mapping[str, Input[str]]:
        """Hears of what no measurement shows: lets the pods of a namespace send alerts of their own.

        Args:
            grantee: who sends; it names the grant, and must not change.
            namespace: where it runs.

        Returns:
            What the pods have in their environment: ``ALERTMANAGER_URL``, of whose host every address is told, and
            ``ALERT_LABELS``, a JSON object of labels that each alert bears beside ``alertname`` and ``severity``.
        """
