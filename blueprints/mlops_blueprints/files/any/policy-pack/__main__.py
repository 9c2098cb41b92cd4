"""Hands the rules of ``policy/`` to Pulumi's engine: where one is broken, ``make preview`` and ``make up`` end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

# Pulumi puts the folder of this file on the path, and nothing else of the repository.
sys.path.insert(0, str(Path(__file__).parents[1]))

from policy import Plan, Resource, Rule, rules

asked: dict[str, Mapping[str, Any]] = {}
"""URN to what the resource is asked to be. At the end of a run the engine shows what came of it, and that has more."""


def note(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Notes down what a resource is asked to be."""
    asked[args.urn] = known(args.props)


def known(value: Any) -> Any:
    """A plain value, with None where it is known only later."""
    if isinstance(value, Mapping):
        return {key: at(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [at(value, index) for index in range(len(value))]
    return value


def at(values: Any, place: Any) -> Any:
    """What is there, or None."""
    try:
        return known(values[place])
    except UnknownValueError:
        return None


def key(resource: PolicyResource) -> str:
    """A resource as rules know it."""
    return f"{resource.resource_type}::{resource.name}"


def plan(resources: Iterable[PolicyResource]) -> Plan:
    """The plan of the program that runs."""
    return Plan(
        [
            Resource(
                resource.resource_type,
                resource.name,
                asked[resource.urn],
                resource.opts.protect,
                # The engine does not say. The tests hold that the two go together.
                resource.opts.protect,
                computed_from={name: [*map(key, found)] for name, found in resource.property_dependencies.items()},
            )
            for resource in resources
            if resource.urn in asked
        ],
        settings={},
        outputs={},
    )


def policy(rule: Rule) -> StackValidationPolicy:
    """A rule as the engine takes it, under its name and that of its module."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for sentence in rule(plan(args.resources)):
            report(sentence, None)

    name = f"{rule.__module__.rpartition('.')[2]}-{rule.__name__}".replace("_", "-")
    return StackValidationPolicy(name, (rule.__doc__ or name).partition("\n")[0], validate, EnforcementLevel.MANDATORY)


PolicyPack(
    "rules",
    [
        ResourceValidationPolicy("note", "Notes what each resource is asked to be", note, EnforcementLevel.ADVISORY),
        *map(policy, rules()),
    ],
)
