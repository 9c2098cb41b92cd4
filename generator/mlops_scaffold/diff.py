"""The difference between two plans: two folders, two commits, or two environments."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from mlops_scaffold.cost import book, estimate
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.inventory import holds_data
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan, Program
from mlops_scaffold.preview.repository import find

Kind = Literal["removed", "changed", "added"]

Resource = Mapping[str, Any]

OPTIONS = ("protect", "retainOnDelete")
"""Besides its inputs, what matters about a resource."""


@dataclass(frozen=True)
class Value:
    """A property that differs."""

    path: str
    """Dotted; into a text that is JSON, too."""
    before: Any
    """None where it was not there."""
    after: Any
    """None where it is not there any more."""


@dataclass(frozen=True)
class Change:
    """A resource that is on one side only, or differs."""

    kind: Kind
    environment: str
    program: str
    component: str
    name: str
    type: str
    holds_data: bool
    values: Sequence[Value] = ()


@dataclass(frozen=True)
class Difference:
    """What differs between two plans."""

    before: str
    """What the first is called."""
    after: str
    environments: Sequence[str]
    """Those that both have; two that are compared with each other are one, such as «dev → prod»."""
    changes: Sequence[Change]
    """By environment, then what is removed, changed, added."""
    costs: Mapping[str, tuple[str, str]]
    """What each environment costs a month, before and after."""
    regions: Mapping[str, tuple[str, str]]
    """Where each environment is, before and after; empty for two environments, which may be in two places."""

    def json(self) -> str:
        """The document that docs/reference/plan.md describes."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)


def diff(before: str, after: str, *, progress: Callable[[str], None] | None = None) -> Difference:
    """Compares two plans.

    Args:
        before: a folder, an environment of the repository in the current folder, or a commit of it.
        after: the same.
        progress: told what is going on.

    Raises:
        ScaffoldError: one of them is none of these, or cannot be planned.
    """
    environments = _environments()
    first, second = (_planned(side, environments, progress) for side in (before, after))
    if before in environments and after in environments:
        both = f"{before} → {after}"
        nameless = _one_of_two(first, before, both), _one_of_two(second, after, both)
        # What is used depends on the name.
        return replace(
            compare(*nameless, before=before, after=after),
            regions={},
            costs={both: (_costs(first, second)[before], _costs(second, second)[after])},
        )
    return compare(first, second, before=before, after=after)


def compare(first: Plan, second: Plan, *, before: str, after: str) -> Difference:
    """The difference between two plans of a repository, in the environments that both have."""
    sides = [{(program.environment, program.folder): program for program in plan.programs} for plan in (first, second)]

    def holds(resource: Resource) -> bool:  # What is removed may have taken along what says so.
        return any(holds_data(resource, plan) for plan in (first, second))

    environments = [
        environment
        for environment in dict.fromkeys(environment for environment, _ in sides[1])
        if any(environment == other for other, _ in sides[0])
    ]
    changes = [
        change
        for key in dict.fromkeys((*sides[1], *sides[0]))
        if key[0] in environments
        for change in _changes(holds, *(side.get(key) for side in sides))
    ]
    order = ("removed", "changed", "added")
    changes.sort(key=lambda change: (environments.index(change.environment), order.index(change.kind)))
    old, new = _costs(first, second), _costs(second, second)
    costs = {environment: (old[environment], new[environment]) for environment in environments}
    regions = {environment: (_region(first, environment), _region(second, environment)) for environment in environments}
    return Difference(before, after, environments, changes, costs, regions)


def _region(plan: Plan, environment: str) -> str:
    """Where the providers of an environment work; empty where none says."""
    providers = (
        resource["inputs"].get("region")
        for program in plan.programs
        if program.environment == environment
        for resource in program.resources
        if resource["type"].startswith("pulumi:providers:")
    )
    return next((region for region in providers if isinstance(region, str)), "")


def _costs(plan: Plan, priced_as: Plan) -> Mapping[str, str]:
    """By one book on both sides: a price that was corrected is no change of the platform."""
    return {found.environment: str(found.cost) for found in estimate(plan, book(priced_as.prices))}


def _changes(holds: Callable[[Resource], bool], before: Program | None, after: Program | None) -> Iterator[Change]:
    old, new = _by_place(before), _by_place(after)
    for place in dict.fromkeys((*old, *new)):
        if place not in new:
            yield _change("removed", *old[place], holds)
        elif place not in old:
            yield _change("added", *new[place], holds)
        elif values := [*_values("", _told(old[place][1]), _told(new[place][1]))]:
            yield replace(_change("changed", *new[place], holds), values=values)


def _by_place(program: Program | None) -> Mapping[str, tuple[Program, Mapping[str, Any]]]:
    """The resources by their types and name: the part of an URN that no environment and no project changes."""
    if program is None:
        return {}
    return {resource["urn"].split("::", 2)[2]: (program, resource) for resource in program.made}


def _change(kind: Kind, program: Program, resource: Resource, holds: Callable[[Resource], bool]) -> Change:
    component = program.component(resource)
    place = (program.environment, program.project, component, resource["name"], resource["type"])
    return Change(kind, *place, holds_data=holds(resource))


def _told(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**resource.get("deepInputs", resource["inputs"]), **{name: resource[name] for name in OPTIONS}}


def _values(path: str, before: Any, after: Any) -> Iterator[Value]:
    before, after = _opened(before), _opened(after)
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _values(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _values(f"{path}[{index}]", one, other)
    else:
        yield Value(path, before, after)


def _opened(value: Any) -> Any:
    """What a text says that is JSON, such as a policy; any other value as it is."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _one_of_two(plan: Plan, environment: str, both: str) -> Plan:
    """A plan of one environment, made comparable with another's: without its name, and what is made up from it."""
    name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(environment)}(?![A-Za-z0-9])")

    def nameless(value: Any) -> Any:
        match value:
            case str():
                return name.sub("<environment>", value)
            case dict():
                return {key: nameless(item) for key, item in value.items()}
            case list():
                return [nameless(item) for item in value]
            case _:
                return value

    def comparable(program: Program) -> Program:
        resources = [{**each, "inputs": nameless(each["inputs"])} for each in program.resources]
        for resource in resources:
            resource.pop("deepInputs", None)
        return replace(program, environment=both, resources=resources)

    return replace(plan, programs=[*map(comparable, plan.programs)])


# -- what there is to compare -----------------------------------------------------------------------


def _planned(side: str, environments: Sequence[str], progress: Callable[[str], None] | None) -> Plan:
    if side in environments:
        return _succeeded(preview(Path(), [side], progress=progress), side)
    if Path(side).is_dir():
        return _succeeded(preview(Path(side), progress=progress), side)
    with _checked_out(side, environments) as folder:
        return _succeeded(preview(folder, progress=progress), side)


def _succeeded(plan: Plan, side: str) -> Plan:
    if plan.failed:
        raise ScaffoldError(f"'{side}' cannot be planned:\n{plan.failures()}")
    return plan


def _environments() -> Sequence[str]:
    try:
        return find(Path()).environments
    except ScaffoldError:
        return []


@contextmanager
def _checked_out(commit: str, environments: Sequence[str]) -> Iterator[Path]:
    """The current folder as it was in a commit, for a while."""
    shown = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if shown is None:
        raise ScaffoldError(
            f"'{commit}' is nothing that could be compared",
            where="A or B",
            allowed=", ".join(["a folder", "a commit of the current folder", *environments]),
        )
    prefix = (_git("rev-parse", "--show-prefix") or b"").decode().strip()
    archive = _git("archive", f"{shown.decode().strip()}:{prefix}")
    if archive is None:
        raise ScaffoldError(f"the commit '{commit}' has no folder '{prefix}'", where="A or B")
    with TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
        yield Path(folder)


def _git(*arguments: str) -> bytes | None:
    """What git says; None where it fails, or is not there."""
    try:
        command = ["git", *arguments]
        result = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the user's own git
    except FileNotFoundError:
        return None
    return None if result.returncode else result.stdout
