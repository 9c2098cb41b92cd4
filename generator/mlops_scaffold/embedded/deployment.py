"""What is deployed, and where."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from .wire import UNKNOWN


@dataclass(frozen=True)
class Deployment:
    """One program in one environment."""

    root: str
    """The repository's folder."""
    project: str
    environment: str
    config: Mapping[str, str]
    secret_keys: frozenset[str]
    dry_run: bool
    """As in a preview: what a cloud would compute is unknown."""
    organization: str = "organization"
    """What a backend without organisations calls itself."""

    def provider_id(self, urn: str) -> str:
        """A provider's id; before anything is created the engine has the unknown string for it, never an empty one."""
        return UNKNOWN if self.dry_run else str(uuid.uuid5(uuid.NAMESPACE_URL, urn))
