"""Secrets in the open.

In a preview the value of a secret is a canary, ``[secret:<key>]``. Wherever one is seen outside a secret, the program
has taken the secret out of its wrapper: the real one would stand in state, in logs and in the cloud's console.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import wire
from .wire import SECRET, Wire

CANARY = "[secret:"


def leaks(value: Wire, path: str = "") -> Iterator[str]:
    """The paths at which a secret stands in the open."""
    if isinstance(value, str) and CANARY in value:
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaks(item, f"{path}[{index}]")
    elif isinstance(value, dict) and wire.signature(value) != SECRET:
        for key, item in value.items():
            yield from leaks(item, f"{path}.{key}" if path else key)
