"""The parts of a plan as rows of words, which every format shows in its own way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mlops_scaffold import cost
from mlops_scaffold.diff import Change, Difference
from mlops_scaffold.inventory import Entry, Question, inventory, unjudged
from mlops_scaffold.preview.plan import CANNOT, Finding, Plan, Severity, grouped

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first."""

LONGEST = 80
"""Characters of a value that are shown."""


def environments(plan: Plan) -> Sequence[str]:
    """The environments that were planned, in order."""
    return list(dict.fromkeys(program.environment for program in plan.programs))


def stock(plan: Plan) -> Iterator[tuple[Question, Sequence[tuple[str, str, str]]]]:
    """What holds data, is public, runs all the time: for each question component, things, and what to add."""
    everywhere = environments(plan)
    for question, entries in inventory(plan).items():
        rows: list[tuple[str, str, str]] = []
        for (component, where, protected, how), alike in groupby(entries, _alike):
            notes = [*how]
            if where != everywhere:
                notes.append(f"in {_listed(where)}")
            if question == "holds data":
                notes.append(_protection(protected, where))
            rows.append((component, "; ".join(_things(component, alike)), "; ".join(notes)))
        yield question, rows


def none(plan: Plan) -> str:
    """What to say where a question has no answer: of a type that nobody knows, there is none either."""
    if plan.incomplete:
        return "not known"
    strange = unjudged(plan)
    return f"nothing that is known; not judged: {', '.join(strange)}" if strange else "nothing"


def incomplete(plan: Plan) -> str:
    """Of which programs not all is known, such as «not planned whole: acme-cluster in dev»; empty if of none."""
    where: dict[tuple[str, ...], list[str]] = {}
    for environment, projects in plan.incomplete.items():
        where.setdefault(tuple(projects), []).append(environment)
    told = [f"{_listed(projects)} in {_listed(environments)}" for projects, environments in where.items()]
    return f"not planned whole: {'; '.join(told)}" if told else ""


def failed(plan: Plan) -> str:
    """Such as «failed: 1 error; not planned whole: acme in dev»; empty if it did not."""
    errors = counted(len(grouped(plan.of("error"))), "error")
    return "; ".join(filter(None, [f"failed: {errors}", incomplete(plan)])) if plan.failed else ""


def findings(plan: Plan) -> Iterator[tuple[Finding, int]]:
    """Each finding and how often it occurs, the worst first."""
    return iter(grouped([finding for severity in SEVERITIES for finding in plan.of(severity)]))


@dataclass(frozen=True)
class Row:
    """A program, or a component of one, with a figure for each environment."""

    program: str
    component: str | None
    """None for the program as a whole; empty for what is in no component."""
    resources: Sequence[str]
    """With a ``?`` where that is not all."""


def rows(plan: Plan) -> Iterator[Row]:
    """Each program with the number of its resources in each environment, and below it its components."""
    planned = environments(plan)
    missed = [project for projects in plan.incomplete.values() for project in projects]
    for project in dict.fromkeys([*(program.project for program in plan.programs), *missed]):
        counts = {
            program.environment: Counter(map(program.component, program.made))
            for program in plan.programs
            if program.project == project
        }
        sums = [counts.get(environment, Counter()).total() for environment in planned]
        partial = [project in plan.incomplete.get(environment, ()) for environment in planned]
        yield Row(project, None, [*map(_number, sums, partial)])
        for component in sorted(set().union(*counts.values()), key=lambda name: (not name, name)):
            own = [counts.get(environment, Counter())[component] for environment in planned]
            yield Row(project, component, [*map(_number, own, partial)])


def _number(count: int, partial: bool) -> str:
    if partial:
        return f"{count} + ?" if count else "?"
    return str(count)


@dataclass(frozen=True)
class Costs:
    """What a plan costs a month."""

    rows: Sequence[Sequence[str]]
    """A head with the environments, the components with the dearest first, and the sums."""
    legend: str
    unknown: Sequence[str]
    """What is not in the sums, and why."""
    assumptions: Mapping[str, Sequence[str]]
    """What the sums rest on, by environment."""
    notes: Sequence[str]


def costs(plan: Plan) -> Costs:
    """What each environment of a plan costs a month."""
    estimates = cost.estimate(plan)
    gaps = [gap for found in estimates for gap in found.cost.gaps]
    signs = {"~": "~ by assumed use", "?": "? unknown"}
    told = "".join(str(found.cost) for found in estimates)
    legend = ["US dollars a month", *(what for sign, what in signs.items() if sign in told)]
    regions = dict.fromkeys(region for found in estimates for region in found.elsewhere)
    legend += [f"priced as {estimates[0].region} though it runs in {_listed([*regions])}"] if regions else []
    return Costs(
        rows=cost.table(estimates),
        legend=", ".join(legend),
        unknown=[f"{gap}{_often(times)}" for gap, times in Counter(gaps).items()],
        assumptions={found.environment: [*map(str, found.assumptions)] for found in estimates},
        notes=[*dict.fromkeys(note for found in estimates for note in found.notes)],
    )


def _often(times: int) -> str:
    return f" (in {times} places)" if times > 1 else ""


def unchecked(plan: Plan) -> Sequence[str]:
    """What nobody looked at; kinds of which the same is to be said, together."""
    kinds: dict[str, list[str]] = {}
    for finding, _ in grouped(plan.of("unchecked")):
        subject, _, why = finding.message.rpartition(": ")
        kinds.setdefault(why, []).append(subject)
    if strange := unjudged(plan):
        kinds["whether it holds data, is public, or runs all the time"] = [*strange]
    return [*CANNOT, *(": ".join(filter(None, (", ".join(subjects), why))) for why, subjects in kinds.items())]


def summary(found: Difference, environment: str) -> str:
    """How many resources of an environment are removed, changed, added, and what that costs."""
    counts = Counter(change.kind for change in found.changes if change.environment == environment)
    told = [f"{counts[kind]} {kind}" for kind in ("removed", "changed", "added") if counts[kind]]
    before, after = found.costs[environment]
    told += [f"{before} a month → {after}"] if before != after else []
    return ", ".join(told) or "no difference"


def dangers(found: Difference, environment: str) -> Iterator[str]:
    """What to read first: that all moves to another region, and what happens to what holds data."""
    before, after = found.regions.get(environment, ("", ""))
    if before != after:
        yield (
            f"the region changes from {before} to {after}: nothing moves there. All is made anew and empty, and what "
            f"is in {before} is deleted, or stays behind where it is protected"
        )
    for change in found.changes:
        if change.environment == environment and change.holds_data and change.kind != "added":
            yield f"holds data, and is {change.kind}: {titled(change)}"


def titled(change: Change) -> str:
    """A changed resource in a few words."""
    return f"{noun(change.type)} {change.name} in {change.program}"


def counted(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _alike(entry: Entry) -> tuple[str, Sequence[str], Sequence[str], Sequence[str]]:
    return entry.component, entry.environments, entry.protected, entry.how


def _things(component: str, entries: Iterable[Entry]) -> Iterator[str]:
    """Such as «buckets data, logs»: a noun for each type, and the names that the component's own does not say."""
    for kind, alike in groupby(sorted(entries, key=lambda entry: entry.type), lambda entry: entry.type):
        names = [entry.name.removeprefix(f"{component}-") for entry in alike]
        yield noun(kind) if names == [component] else f"{noun(kind)} {', '.join(names)}"


def _protection(protected: Sequence[str], where: Sequence[str]) -> str:
    if not protected:
        return "not protected"
    others = [environment for environment in where if environment not in protected]
    return f"protected, but not in {_listed(others)}" if others else "protected"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def shown(value: Any) -> str:
    """A value of a plan on one line, cut where it is long."""
    match value:
        case None:
            return "nothing"
        case {"$secret": True}:
            return "a secret"
        case {"$unknown": True}:
            return "known after up"
        case str():
            text = value
        case _:
            text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def noun(kind: str) -> str:
    """A type as words: «nat gateway»."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.rpartition(":")[2]).lower()
