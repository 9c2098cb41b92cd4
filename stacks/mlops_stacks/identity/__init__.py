"""Identity: who CI is in the cloud, without a password, and what it may do there."""

from __future__ import annotations

import re
from typing import Annotated

from pulumi import Output
from pydantic import AfterValidator, Field

from mlops_stacks.component import Component, Settings

REPOSITORY = re.compile(r"[\w-]+/[\w.-]+|[\w-]+@\d+/[\w.-]+@\d+", re.ASCII)
"""A repository as GitHub's tokens name it: with its numbers, where it was made or renamed since 2026-07-15 (GitHub
changelog of 2026-04-23, *Immutable subject claims*), else without."""


def repository_name(text: str) -> str:
    """Refuses what names no repository.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    if text and not REPOSITORY.fullmatch(text):
        raise ValueError("a repository on GitHub, such as acme/ml, or acme@123456/ml@456789 with both numbers")
    return text


class IdentitySettings(Settings):
    """Which repository CI runs for, and what it may name."""

    repository: Annotated[str, AfterValidator(repository_name)] = ""
    """The repository on GitHub whose jobs may take the roles: ``acme/ml``, or ``acme@123456/ml@456789`` if GitHub puts
    numbers into its tokens, as it does for new repositories. Empty: nobody can take them."""
    own_provider: bool = False
    """Whether this environment makes the account's trust in GitHub's tokens itself. An account has it once, for all of
    its environments, and ``make bootstrap`` makes it."""
    domain: str = Field(default="", pattern=r"^(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.){2,}[a-z]{2,})?$", max_length=64)
    """The name whose records CI may write: that of the gateway. Empty: it writes none."""
    hosted_zone: str = Field(default="", pattern=r"^(Z[A-Z0-9]{4,31})?$")
    """The zone that holds them, by its id."""


class Identity(Component):
    """Two identities for CI, one that looks and one that deploys, and the limit of all that the platform makes."""

    token = "mlops:platform:Identity"

    repository: Output[str]
    """The repository on GitHub, as ``owner/name``; empty while there is none."""
    preview: Output[str]
    """The identity of pull requests, which reads: a role's ARN on AWS."""
    deploy: Output[str]
    """The identity of the main branch, which makes and changes: a role's ARN on AWS."""
    boundary: Output[str]
    """What no identity of the platform may exceed, whatever rights it is given: a policy's ARN on AWS."""
