"""Registry: where a model becomes a version, and a version becomes the one in use."""

from __future__ import annotations

from pulumi import Output

from mlops_stacks.component import Component


class Registry(Component):
    """A model registry: named models, numbered versions, and aliases such as ``champion``."""

    token = "mlops:platform:Registry"

    url: Output[str]
    """Where clients connect."""
