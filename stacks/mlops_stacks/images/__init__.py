"""Images: where the container images that the team builds are kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated

from pulumi import Input, Output
from pydantic import Field, StringConstraints

from mlops_stacks.component import Component, Settings

RepositoryName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=20)]
"""A name that every registry takes; 20 characters leave room for project and environment."""


class ImagesSettings(Settings):
    """Which repositories there are, and what they forget."""

    repositories: Sequence[RepositoryName] = Field(default=("app",), min_length=1)
    """The repositories. One is enough for a start: the image ``app`` carries training code, DAGs and predictor."""
    releases: int = Field(default=50, ge=2)
    """How many tagged images each repository keeps, the youngest. An image that runs must be among them, or the next
    node that needs it cannot get it: keep more than are pushed between two deployments."""
    untagged_days: int = Field(default=7, ge=1)
    """Days to keep an image without a tag: what an interrupted push leaves behind."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the repositories, and one with images in it stays."""


class Images(Component):
    """Private repositories of container images: encrypted, scanned, and with tags that never move."""

    token = "mlops:platform:Images"

    registry: Output[str]
    """The host that all repositories are on; who pushes or pulls logs in there."""
    urls: Output[Mapping[str, str]]
    """Each repository's address by its name: what stands before ``@sha256:…`` where an image is named."""
    references: Output[Mapping[str, str]]
    """Each repository's identifier in the cloud by its name: an ARN on AWS."""

    @abstractmethod
    def grant_push(self, grantee: str, identity: Input[str]) -> None:
        """Lets an identity push to every repository, pull from it, and read what a scan found. It cannot delete.

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: who pushes: a role's name on AWS.
        """

    @abstractmethod
    def grant_pull(self, grantee: str, identity: Input[str]) -> None:
        """Lets an identity pull from every repository. The cluster's nodes need no grant.

        Args:
            grantee: who asks; it names the grant, and must not change.
            identity: who pulls: a role's name on AWS.
        """
