"""What a person sees: on a terminal with colour, piped without, the same words."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlops_scaffold.catalogue import Block, Catalogue
from mlops_scaffold.errors import unknown

if TYPE_CHECKING:
    from rich.console import Console

    from mlops_scaffold.preview.plan import Plan, Program
    from mlops_scaffold.project import Made

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def progress(message: str) -> None:
    """Says what is going on, on a terminal only."""
    if sys.stderr.isatty():
        click.secho(message, err=True, dim=True)


def made(result: Made) -> None:
    """What ``new`` made, and what a person needs next."""
    answers = result.platform.answers
    click.echo(f"{result.folder}: {answers.stage} on {answers.cloud}, {answers.region}")
    for problem in result.problems:
        click.echo(f"{click.style('warning', 'yellow')} {problem}")
    if result.plan:
        click.echo()
        plan(result.plan)
    click.echo("\nNext:")
    click.echo(f"  cd {_relative(result.folder)} && make setup   # its own Python environment, from the hashed lock")
    click.echo("  make check test            # types, style, and the plans of every environment, offline")
    click.echo("  make bootstrap ENV=dev     # the state bucket and its key in your account; then make up ENV=dev")


def _relative(folder: Path) -> Path:
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def plan(found: Plan) -> None:
    """A plan: what each program makes, what to mind, what nobody could check."""
    from rich.markup import escape
    from rich.tree import Tree

    from mlops_scaffold.preview.plan import ABOUT, CANNOT, describe, grouped

    console = _console()
    for environment in dict.fromkeys(program.environment for program in found.programs):
        tree = Tree(f"[bold]{environment}[/bold]")
        for program in found.programs:
            if program.environment == environment:
                branch = tree.add(f"{program.project}: {_count(len(program.made), 'resource')}")
                for line in _components(program):
                    branch.add(line)
        console.print(tree)
    findings = grouped([finding for finding in found.findings if finding.severity != "unchecked"])
    for finding, times in findings:
        style = STYLES[finding.severity]
        often = f" [dim](in {times} places)[/dim]" if times > 1 else ""
        console.print(f"[{style}]{finding.severity}[/{style}] {escape(describe(finding))}{often}")
    if found.suppressed:
        console.print(f"{_count(len(found.suppressed), 'finding')} suppressed; --json gives the reasons")
    unchecked = grouped(found.of("unchecked"))
    console.print(f"[dim]This is an {ABOUT}. Not checked:[/dim]")
    for line in [*CANNOT, *(finding.message for finding, _ in unchecked)]:
        console.print(f"[dim]  - {escape(line)}[/dim]")
    for note in found.notes:
        console.print(f"[dim]{escape(note)}[/dim]")


def _components(program: Program) -> Iterator[str]:
    """Each component with the number of resources below it, then those that belong to none."""
    parents = {resource["urn"]: resource["parent"] for resource in program.resources}
    components = {
        resource["urn"]: resource["name"]
        for resource in program.resources
        if not resource["custom"] and resource["type"] != "pulumi:pulumi:Stack"
    }
    counts = dict.fromkeys(components, 0)
    alone = 0
    for resource in program.made:
        above = resource["parent"]
        while above and above not in components:
            above = parents.get(above)
        if above:
            counts[above] += 1
        else:
            alone += 1
    for urn, name in components.items():
        if counts[urn]:
            yield f"{name} [dim]{counts[urn]}[/dim]"
    if alone:
        yield f"[dim]outside of any component {alone}[/dim]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def catalogue(found: Catalogue) -> None:
    """Every capability with its components, and every blueprint."""
    from rich.markup import escape
    from rich.table import Table

    console = _console()
    blocks = [*found.blocks()]
    table = Table(box=None, pad_edge=False)
    for column in ("capability", "component", "what it is", "where"):
        table.add_column(column)
    for capability in found.capabilities:
        own = [block for block in blocks if block.capability == capability]
        for block in own:
            table.add_row(capability, block.variant, block.summary, "cluster" if block.in_cluster else "cloud")
        if not own:
            contract = found.contract(capability)
            others = [f"{block.capability}.{block.variant}" for block in blocks if block.cls.extends(contract)]
            table.add_row(capability, "", f"fulfilled by {', '.join(others)}", "")
    console.print(table)
    console.print(f"\nblueprints: {', '.join(found.blueprints)}")
    for problem in found.problems:
        console.print(f"[yellow]warning[/yellow] {escape(problem)}")


def show(found: Catalogue, name: str) -> None:
    """One capability or blueprint."""
    from rich.markup import escape

    console = _console()
    if name in found.blueprints:
        document = found.blueprint(name, "NAME")
        console.print(f"[bold]{name}[/bold]: {document.data.get('summary', '')}")
        for component, choice in document.data.get("components", {}).items():
            console.print(f"  {component}: {(choice or {}).get('why', '')}")
        for deferred, why in document.data.get("deferred", {}).items():
            console.print(f"  [dim]deferred, {deferred}: {why}[/dim]")
        return
    if name not in found.capabilities:
        raise unknown("capability or blueprint", name, [*found.capabilities, *found.blueprints], "NAME")
    console.print(found.summary(name))
    blocks = [block for block in found.blocks() if block.capability == name]
    for block in blocks:
        console.print(f"\n[bold]{name}.{block.variant}[/bold]: {block.summary}")
        console.print(f"  needs: {', '.join(block.needs) or 'nothing'}")
        console.print(f"  gives: {', '.join(found.outputs(block.cls))}")
    if blocks:
        console.print("\nsettings:")
        for row in settings(blocks[0]):
            console.print(f"  {row[0]} ({row[1]}, {row[2]}): {escape(row[3])}")


def settings(block: Block) -> Sequence[tuple[str, str, str, str]]:
    """Name, type, default and description of each setting of a block."""
    from mlops_scaffold.reference import settings_of

    return settings_of(block)
