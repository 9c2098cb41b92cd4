"""Monitoring: what watches the platform and its models, and wakes somebody."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from pulumi import Input, Output

from mlops_stacks.component import Component, Settings, Size


class MonitoringSettings(Settings):
    """What a team may tune."""

    size: Size = "small"
    """CPU, memory and disk of the server that keeps the measurements."""


class Monitoring(Component):
    """A server that collects measurements, shows them, holds them against rules, and tells people."""

    token = "mlops:platform:Monitoring"

    url: Output[str]
    """Where measurements are asked for inside the cluster: the address of the Prometheus API."""

    @abstractmethod
    def watch(
        self, grantee: str, namespace: Input[str], port: int, *, path: str = "/metrics"
    ) -> Mapping[str, Input[str]]:
        """Measures pods: opens their port to the server.

        Args:
            grantee: whose pods, by the label ``app.kubernetes.io/name``; it names the grant, and must not change.
            namespace: where they run.
            port: the port that answers with measurements.
            path: the path at which it does.

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
