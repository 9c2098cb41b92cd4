"""What a plan costs a month: by the script, and by the books of prices, that its repository has too.

docs/reference/cost.md says how; docs/adr/0016-costs-are-the-repositorys.md why there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from mlops_scaffold.catalogue import beside
from mlops_scaffold.errors import ScaffoldError, unknown
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.scripts import DATA, script

if TYPE_CHECKING:
    import costs
    from costs import Book, Charge, Cost, Estimate, Judged, Line
else:
    costs = script("costs")
    Book, Charge, Cost = costs.Book, costs.Charge, costs.Cost
    Estimate, Judged, Line = costs.Estimate, costs.Judged, costs.Line

BY_PROPERTIES, document, table, together = costs.BY_PROPERTIES, costs.document, costs.table, costs.together


def book(files: Mapping[str, str] | None = None) -> Book:
    """The books of a repository as one.

    Args:
        files: the text of each, by path; those that the tool brings along where there is none.

    Raises:
        ScaffoldError: one cannot be read, or two have a line for the same.
    """
    return _book(tuple((files or _shipped()).items()))


@cache
def _book(files: Sequence[tuple[str, str]]) -> Book:
    try:
        return costs.book(dict(files))
    except costs.CostError as error:
        raise ScaffoldError(
            error.what, where=error.where, then="docs/costs.md in the repository explains the parts of a book"
        ) from error


@cache
def _shipped() -> Mapping[str, str]:
    files = beside(DATA, "aws").items()
    return {str(path): source.read_text(encoding="utf-8") for path, source in files if path.match("prices/*.yaml")}


def estimate(
    plan: Plan, prices: Book | None = None, usage: Mapping[str, Mapping[str, float]] | None = None
) -> Sequence[Estimate]:
    """What each environment of a plan costs a month.

    Args:
        plan: the plan.
        prices: the book; that of the plan's repository unless given.
        usage: environment to name to quantity, for what is known better than the book assumes.

    Raises:
        ScaffoldError: ``usage`` names an environment or something that is not there, or the book cannot be read.
    """
    prices, usage = prices or book(plan.prices), usage or {}
    environments = list(dict.fromkeys(program.environment for program in plan.programs))
    for environment, amounts in usage.items():
        if environment not in environments:
            raise unknown("environment", environment, environments, "usage")
        for name in amounts:
            if name not in prices.usage:
                raise unknown("usage", name, prices.usage, f"usage of {environment}")
    estimates = [costs.estimate(name, _resources(plan, name), prices, usage.get(name)) for name in environments]
    return [replace(each, lines=[*each.lines, *_unplanned(plan, each.environment)]) for each in estimates]


def _unplanned(plan: Plan, environment: str) -> Iterator[Line]:
    """A line for each program of which not all is known, so that no sum looks whole."""
    for project in plan.incomplete.get(environment, ()):
        urn = f"urn:pulumi:{environment}::{project}::pulumi:pulumi:Stack::{project}-{environment}"
        yield Line(project, "pulumi:pulumi:Stack", urn, [], ["not planned whole: see the errors"], "")


def _resources(plan: Plan, environment: str) -> Sequence[Mapping[str, Any]]:
    """The resources of an environment as the engine would write them, with all that is known of their inputs."""
    return [
        {**resource, "inputs": _written(resource.get("deepInputs", resource.get("inputs", {})))}
        for program in plan.programs
        if program.environment == environment
        for resource in program.resources
    ]


def _written(value: Any) -> Any:
    match value:
        case {"$unknown": True}:
            return costs.UNKNOWN
        case {"$secret": True}:
            return costs.SECRET
        case dict():
            return {key: _written(item) for key, item in value.items()}
        case list():
            return [_written(item) for item in value]
        case _:
            return value
