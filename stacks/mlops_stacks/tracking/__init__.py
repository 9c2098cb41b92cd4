"""Tracking: where experiments, parameters and metrics are recorded."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from pulumi import Input, Output
from pydantic import Field

from mlops_stacks.component import Component, Settings, Size


class TrackingSettings(Settings):
    """What a team may tune."""

    size: Size = "small"
    """CPU and memory of one server: for a few people, a team, or several teams."""
    replicas: int = Field(default=1, ge=1, le=5)
    """How many servers share the work; from two on, one may fail without notice."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the key under which people's own keys lie in the database."""


class Tracking(Component):
    """A tracking server that training jobs and notebooks write to."""

    token = "mlops:platform:Tracking"

    url: Output[str]
    """Where clients inside the cluster connect."""
    writer_username: Output[str]
    """The name of who records: adds experiments, runs, models and aliases, and deletes nothing."""
    writer_password: Output[str]
    """The writer's password; a secret."""
    reader_username: Output[str]
    """The name of who sees everything, and can change nothing."""
    reader_password: Output[str]
    """The reader's password; a secret."""

    def environment(self, *, reading: bool = False) -> Mapping[str, Output[str]]:
        """The environment variables by which a client finds and enters the server.

        None enters it as the administrator: that account is for people.

        Args:
            reading: as the reader, and not as the writer: for whoever answers strangers.
        """
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_USERNAME": self.reader_username if reading else self.writer_username,
            "MLFLOW_TRACKING_PASSWORD": self.reader_password if reading else self.writer_password,
        }

    @abstractmethod
    def grant_connect(self, grantee: str, namespace: Input[str]) -> None:
        """Admits the pods of a namespace of the platform; those for people's own work are admitted anyway.

        Args:
            grantee: who asks; it names the grant, and must not change.
            namespace: the pods' namespace.
        """
