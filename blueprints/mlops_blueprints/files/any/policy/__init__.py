"""The rules of the house: plain functions, each from a plan to what is wrong with it.

Every public function of a module in this folder is a rule, and ``make test`` holds the plan of every program and
environment against all of them. A rule yields a sentence for each thing that breaks it. It says in its docstring who
asks for the same, has bad examples in ``tests/bad_examples/``, and lets pass what is not known yet.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One resource of a plan."""

    type: str
    """As Pulumi writes it, such as ``aws:s3/bucket:Bucket``."""
    name: str
    """Its logical name, which with the type makes up its identity."""
    inputs: Mapping[str, Any]
    """What the cloud would be asked for; None where that is known only later."""
    protected: bool
    """Whether Pulumi refuses to delete it."""
    retained: bool
    """Whether it stays in the cloud when Pulumi gives it up."""
    made_at: Sequence[str] = ()
    """The calls that make it, each ``file:line``, the innermost first."""
    computed_from: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Input to the resources that it is computed from, each by its ``key``."""
    urn: str = ""
    """Its name in the whole world."""
    parent: str = ""
    """The URN of what it is part of."""
    custom: bool = True
    """Whether a provider makes it: a component is not custom."""

    @property
    def key(self) -> str:
        """What makes up its identity, ``type::name``."""
        return f"{self.type}::{self.name}"


@dataclass(frozen=True)
class Plan:
    """What one program would make in one environment."""

    resources: Sequence[Resource]
    settings: Mapping[str, Mapping[str, Any]]
    """Component to setting to value."""
    outputs: Mapping[str, Any]
    """What it exports; a stand-in where that is known only later."""

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of some types."""
        return (resource for resource in self.resources if resource.type in types)


Rule = Callable[[Plan], Iterator[str]]


def rules() -> Sequence[Rule]:
    """Every rule of every module in this folder."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
