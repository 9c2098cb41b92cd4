"""What a person sees: on a terminal with colour, piped without, the same words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlops_scaffold.catalogue import Block, Catalogue
from mlops_scaffold.errors import unknown

if TYPE_CHECKING:
    from rich.console import Console

    from mlops_scaffold.preview.plan import Plan, Program, Severity
    from mlops_scaffold.project import Made

STYLES: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}
"""How the word for each kind of finding looks, the worst first."""


def _console() -> Console:
    from rich.console import Console

    # Without colour there is no bold either: whoever asks for none wants no escape codes.
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), force_terminal=False if _is_plain() else None)


def _is_plain() -> bool:
    return "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"


def progress(message: str) -> None:
    """Says what is going on, on a terminal only."""
    if sys.stderr.isatty():
        click.secho(message, err=True, dim=not _is_plain())


def made(result: Made) -> None:
    """What ``new`` made, and what a person needs next."""
    from rich.markup import escape

    answers = result.platform.answers
    console = _console()
    console.print(escape(f"{result.folder}: {answers.stage} on {answers.cloud}, {answers.region}"))
    for problem in result.problems:
        console.print(f"[yellow]warning[/yellow] {escape(problem)}")
    if result.plan:
        console.print()
        plan(result.plan)
    first = result.platform.environments[0]
    steps = {
        f"cd {_relative(result.folder)} && make setup": "its own Python environment, from the hashed lock",
        "make check test": "types, style, and the plans of every environment, offline",
        f"make bootstrap ENV={first}": f"the state bucket and its key in your account; then make up ENV={first}",
    }
    width = max(map(len, steps))
    console.print("\nNext:")
    for command, what in steps.items():
        console.print(f"  {escape(command.ljust(width))}   [dim]# {what}[/dim]")


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
    ordered = [finding for severity in STYLES for finding in found.of(severity)]
    findings = grouped(ordered)
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
        console.print(f"[dim]Note: {escape(note)}[/dim]")


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
            table.add_row(capability, "", _fulfilled(found, capability), "")
    console.print(table)
    console.print(f"\nblueprints: {', '.join(found.blueprints)}")
    for problem in found.problems:
        console.print(f"[yellow]warning[/yellow] {escape(problem)}")


def show(found: Catalogue, name: str) -> None:
    """One capability or blueprint."""
    if name in found.blueprints:
        _show_blueprint(found, name)
    elif name in found.capabilities:
        _show_capability(found, name)
    else:
        raise unknown("capability or blueprint", name, [*found.capabilities, *found.blueprints], "NAME")


def _show_blueprint(found: Catalogue, name: str) -> None:
    """A blueprint as it is once all that it extends has been merged."""
    from rich.markup import escape

    from mlops_scaffold import blueprint

    console = _console()
    whole = blueprint.load(name, found.blueprint, asked_by="NAME")
    above = found.blueprint(name, "NAME").data.get("extends")
    console.print(f"[bold]{name}[/bold]{f' (extends {above})' if above else ''}: {escape(whole.summary)}\n")
    for component, choice in whole.components.items():
        settings = {key: value for key, value in choice.items() if key != "why"}
        console.print(f"  [bold]{component}[/bold]{escape(_given(settings))}: {escape(str(choice.get('why', '')))}")
    console.print("\nenvironments:")
    for environment, changes in whole.environments.items():
        given = "; ".join(f"{component}{_given(settings)}" for component, settings in changes.items())
        console.print(f"  [bold]{environment}[/bold]: {escape(given or 'as above')}")
    console.print("\ndeferred:")
    for deferred, why in whole.deferred.items():
        console.print(f"  [bold]{deferred}[/bold]: {escape(why)}")


def _given(settings: Mapping[str, object]) -> str:
    return f" ({', '.join(f'{key}: {value}' for key, value in settings.items())})" if settings else ""


def _show_capability(found: Catalogue, name: str) -> None:
    from rich.markup import escape

    console = _console()
    console.print(escape(found.summary(name)))
    blocks = [block for block in found.blocks() if block.capability == name]
    for block in blocks:
        console.print(f"\n[bold]{name}.{block.variant}[/bold]: {escape(block.summary)}")
        console.print(f"  needs: {', '.join(block.needs) or 'nothing'}")
        console.print(f"  gives: {', '.join(found.outputs(block.cls))}")
    if not blocks:
        console.print(f"\n{_fulfilled(found, name)}")
    for models in {block.settings: block for block in blocks}.values():
        console.print("\nsettings:")
        for setting, kind, default, text in settings(models):
            console.print(f"  [bold]{setting}[/bold] ({escape(kind)}, {escape(default)}): {escape(text)}")


def _fulfilled(found: Catalogue, capability: str) -> str:
    return f"fulfilled by {', '.join(found.fulfilling(found.contract(capability)))}"


def settings(block: Block) -> Sequence[tuple[str, str, str, str]]:
    """Name, type, default and description of each setting of a block."""
    from mlops_scaffold.reference import settings_of

    return settings_of(block)
