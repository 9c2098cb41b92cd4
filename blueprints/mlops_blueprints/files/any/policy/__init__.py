"""The rules of the house: plain functions, each from a plan to what is wrong with it.

Every public function of a module in this folder is a rule, and ``make test`` holds the plan of every program and
environment against all of them. A rule yields a sentence for each thing that breaks it. It says in its docstring who
asks for the same, has bad examples in ``tests/bad_examples/``, and lets pass what is not known yet.

A resource for which a rule is wrong has a line in ``exemptions/<component>.txt``: ``<module>.<rule> <type>::<name>``,
and the reason. The rule then does not see it, neither in ``make test`` nor in ``make up``.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from importlib import import_module
from pathlib import Path
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


@dataclass(frozen=True)
class Exemption:
    """A resource that a rule does not hold for."""

    rule: str
    """``<module>.<rule>``."""
    key: str
    """The resource, ``type::name``."""
    reason: str


def exemptions() -> Sequence[Exemption]:
    """What stands in ``exemptions/``.

    Raises:
        ValueError: a line has no reason, or less.
    """
    found: list[Exemption] = []
    for file in sorted(file for folder in __path__ for file in Path(folder).glob("exemptions/*.txt")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line and not line.startswith("#"):
                words = line.split(maxsplit=2)
                if len(words) != 3:
                    raise ValueError(f"{file}:{number}: not of the form '<module>.<rule> <type>::<name> <reason>'")
                found.append(Exemption(*words))
    return found


def name_of(rule: Rule) -> str:
    """How an exemption calls a rule, ``<module>.<rule>``."""
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}"


def rules(*, strict: bool = False) -> Sequence[Rule]:
    """Every rule of every module in this folder.

    Args:
        strict: whether they look at what they are not to hold for, too.
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found: list[Rule] = [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    exempt = [] if strict else exemptions()
    return [_without(rule, {each.key for each in exempt if each.rule == name_of(rule)}) for rule in found]


def _without(rule: Rule, keys: set[str]) -> Rule:
    @wraps(rule)
    def narrowed(plan: Plan) -> Iterator[str]:
        return rule(replace(plan, resources=[each for each in plan.resources if each.key not in keys]))

    return narrowed if keys else rule
