"""A plan as Markdown: what a pull request shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlops_scaffold.diff import Difference, Value
from mlops_scaffold.preview.plan import ABOUT, Plan
from mlops_scaffold.report import parts
from mlops_scaffold.report.parts import counted


def plan(found: Plan) -> str:
    """A plan in the order of the other formats, its long parts folded."""
    failed = [f"**{_sentence(parts.failed(found))}.**"] if found.failed else []
    told = [*_stock(found), *_findings(found), *_resources(found), *_costs(found), *_unchecked(found)]
    return "\n".join([*failed, *([""] if failed else []), *told, *([""] if failed else []), *failed])


def difference(found: Difference) -> str:
    """What differs between two plans: in short, then what concerns data, then all of it, folded."""
    return "\n".join(_difference(found))


def _difference(found: Difference) -> Iterator[str]:
    yield f"### From {found.before} to {found.after}\n"
    for environment in found.environments:
        changes = [change for change in found.changes if change.environment == environment]
        yield f"**{environment}**: {plain(parts.summary(found, environment))}\n"
        for danger in parts.dangers(found, environment):
            yield f"- {plain(danger).replace('holds data', '**holds data**', 1)}"
        rows = [(change.kind, parts.titled(change), "\n".join(map(_value, change.values))) for change in changes]
        if rows:
            yield "\n<details><summary>All of it</summary>\n"
            yield from rows_of(["", "resource", "what"], rows)
            yield "</details>\n"


def _value(value: Value) -> str:
    return f"`{value.path}`: {parts.shown(value.before)} → {parts.shown(value.after)}"


def _stock(found: Plan) -> Iterator[str]:
    for question, rows in parts.stock(found):
        yield f"### {question.capitalize()}\n"
        if rows and found.incomplete:
            yield f"{_sentence(parts.incomplete(found))}.\n"
        yield from rows_of(["component", "what", ""], rows) if rows else [f"{_sentence(parts.none(found))}.\n"]


def _findings(found: Plan) -> Iterator[str]:
    yield "### Findings\n"
    rows = [
        (finding.severity, finding.message, finding.source or "", str(times))
        for finding, times in parts.findings(found)
    ]
    yield from rows_of(["", "what", "where", "times"], rows) if rows else ["None.\n"]


def _resources(found: Plan) -> Iterator[str]:
    yield "### Resources\n"
    rows = [
        (row.program, "**all**" if row.component is None else row.component, *row.resources)
        for row in parts.rows(found)
    ]
    yield from rows_of(["program", "component", *parts.environments(found)], rows)


def _costs(found: Plan) -> Iterator[str]:
    costs = parts.costs(found)
    yield "### Costs\n"
    yield from rows_of(costs.rows[0], costs.rows[1:])
    yield f"{plain(costs.legend)}.\n"
    yield from (f"- unknown: {line}" for line in costs.unknown)
    yield "\n<details><summary>What that rests on</summary>\n"
    for environment, assumptions in costs.assumptions.items():
        yield f"**{environment}**\n"
        yield from (f"- {line}" for line in assumptions)
        yield ""
    yield from (f"- {note}" for note in costs.notes)
    yield "\n</details>\n"


def _unchecked(found: Plan) -> Iterator[str]:
    lines = parts.unchecked(found)
    yield f"<details><summary>An {ABOUT}: {counted(len(lines), 'thing')} not checked</summary>\n"
    yield from (f"- {line}" for line in lines)
    yield "\n</details>"


def rows_of(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table, and the empty line that ends it."""
    yield f"| {' | '.join(headings)} |"
    yield "|---" * len(headings) + "|"
    for row in rows:
        yield f"| {' | '.join(plain(cell).replace(chr(10), '<br>') for cell in row)} |"
    yield ""


def plain(text: str) -> str:
    """A text in which no sum (``~$12``) strikes out what follows, and nothing ends a cell."""
    return text.replace("|", "&#124;").replace("~", "&#126;")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
