"""Plans in which rules must find something: for those in ``policy/<name>.py``, ``EXAMPLES`` in ``<name>.py`` here."""

from __future__ import annotations

from typing import Any

from policy import Plan, Resource


def plan(*resources: Resource) -> Plan:
    """A plan of these resources alone."""
    return Plan(resources, settings={}, outputs={})


def resource(type: str, *, protected: bool = False, **inputs: Any) -> Resource:
    """A resource that is asked to be so."""
    return Resource(type, "bad", inputs, protected, retained=protected)
