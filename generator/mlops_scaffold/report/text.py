"""A plan on a terminal, or piped: first what matters most, then what to mind, then what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlops_scaffold.diff import Difference, Kind
from mlops_scaffold.preview.plan import ABOUT, Plan, Severity, describe
from mlops_scaffold.report import console, parts
from mlops_scaffold.report.parts import counted

STYLES: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}
"""How the word for each kind of finding looks."""
ALONE = "in no component"
SIGNS: Mapping[Kind, str] = {"removed": "[red]-[/red]", "changed": "[yellow]~[/yellow]", "added": "[green]+[/green]"}


def tree(plan: Plan) -> None:
    """A plan with its components, and how many resources each has."""
    out = console()
    _first(out, plan)
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    rows.add_column("resources")
    for environment in parts.environments(plan):
        rows.add_column(environment, justify="right")
    for row in parts.rows(plan):
        name = f"[bold]{escape(row.program)}[/bold]" if row.component is None else f"  {escape(row.component) or ALONE}"
        rows.add_row(name, *("[dim]-[/dim]" if count == "0" else count for count in row.resources))
    out.print(rows)
    _last(out, plan)


def table(plan: Plan) -> None:
    """A plan with every resource."""
    out = console(wide=True)
    _first(out, plan)
    rows = Table(box=None, pad_edge=False)
    for heading in ("environment", "program", "component", "resource", "type", "where"):
        rows.add_column(heading)
    for program in plan.programs:
        for resource in program.made:
            component = program.component(resource)
            place = (program.environment, program.project, component, resource["name"], resource["type"])
            rows.add_row(*map(escape, place), escape(resource.get("source") or ""))
    out.print(rows)
    _last(out, plan)


def difference(found: Difference) -> None:
    """What differs between two plans."""
    out = console()
    for environment in found.environments:
        changes = [change for change in found.changes if change.environment == environment]
        out.print(f"[bold]{escape(environment)}[/bold]: {parts.summary(found, environment)}")
        for danger in parts.dangers(found, environment):
            out.print(f"  [bold red]{escape(danger)}[/bold red]")
        for change in changes:
            data = " [bold red]holds data[/bold red]" if change.holds_data and change.kind != "added" else ""
            out.print(f"  {SIGNS[change.kind]} {escape(parts.titled(change))}{data}")
            for value in change.values:
                out.print(escape(f"      {value.path}: {parts.shown(value.before)} → {parts.shown(value.after)}"))


def _first(out: Console, plan: Plan) -> None:
    if failed := parts.failed(plan):
        out.print(f"[bold red]{escape(failed)}[/bold red]")
        _findings(out, plan, ["error"])
        out.print()
    partial = f" ({parts.incomplete(plan)})" if plan.incomplete else ""
    for question, rows in parts.stock(plan):
        answer = partial if rows else f": {parts.none(plan)}{partial}"
        out.print(f"[bold]{question.capitalize()}[/bold]{escape(answer)}")
        if rows:
            things = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
            for component, what, more in rows:
                things.add_row(f"  {escape(component)}", escape(what), f"[dim]{escape(more)}[/dim]")
            out.print(things)
    out.print()
    _findings(out, plan, [severity for severity in parts.SEVERITIES if severity != "error"])
    if plan.suppressed:
        out.print(f"{counted(len(plan.suppressed), 'finding')} suppressed; --json gives the reasons")
    out.print()


def _findings(out: Console, plan: Plan, severities: Sequence[Severity]) -> None:
    for finding, times in parts.findings(plan):
        if finding.severity not in severities:
            continue
        style = STYLES[finding.severity]
        often = f" [dim](in {times} places)[/dim]" if times > 1 else ""
        out.print(f"[{style}]{finding.severity}[/{style}] {escape(describe(finding))}{often}")


def _costs(out: Console, found: parts.Costs) -> None:
    (_, *environments), *rows, together = found.rows
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("costs")
    for environment in environments:
        table.add_column(environment, justify="right")
    for row in rows:
        table.add_row(f"  {escape(row[0])}", *row[1:])
    table.add_row(*(f"[bold]{cell}[/bold]" for cell in together))
    out.print(table)
    out.print(f"[dim]{found.legend}; --format markdown says what it rests on.[/dim]")
    for line in found.unknown:
        out.print(f"[yellow]unknown[/yellow] {escape(line)}")


def _last(out: Console, plan: Plan) -> None:
    out.print()
    _costs(out, parts.costs(plan))
    out.print()
    out.print(f"[dim]This is an {ABOUT}. Not checked:[/dim]")
    for line in parts.unchecked(plan):
        out.print(f"[dim]  - {escape(line)}[/dim]")
    for note in plan.notes:
        out.print(f"[dim]Note: {escape(note)}[/dim]")
    if failed := parts.failed(plan):
        # Again: the end is what a reader sees first, and all that one sees of `| tail`.
        out.print()
        _findings(out, plan, ["error"])
        out.print(f"[bold red]{escape(failed)}[/bold red]")
