"""What a person sees: on a terminal with colour, piped without, the same words."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from mlops_scaffold.diff import Difference
    from mlops_scaffold.preview.plan import Plan
    from mlops_scaffold.project import Made


WIDE = 10_000
"""Characters that no row of a report reaches."""


def console(*, wide: bool = False) -> Console:
    """Where reports are printed.

    Args:
        wide: whether a row may be longer than the terminal is wide, and is then broken by it.
    """
    from rich.console import Console

    # Without colour there is no bold either: whoever asks for none wants no escape codes.
    return Console(
        highlight=False,
        # The middle of an ARN would be one: arn:aws:secretsmanager:…:secret:…
        emoji=False,
        soft_wrap=not sys.stdout.isatty(),
        # Of what is read by a program, and of a table whose rows are long, nothing may be cut.
        width=WIDE if wide or not sys.stdout.isatty() else None,
        force_terminal=False if _is_plain() else None,
    )


def progress(message: str) -> None:
    """Says what is going on, on a terminal only."""
    if sys.stderr.isatty():
        click.secho(message, err=True, dim=not _is_plain())


def made(result: Made) -> None:
    """What ``new`` made, and what a person needs next."""
    from rich.markup import escape

    from mlops_scaffold.compose import FIRST

    answers = result.platform.answers
    out = console()
    out.print(escape(f"{result.folder}: {answers.stage} on {answers.cloud}, {answers.region}"))
    for problem in result.problems:
        out.print(f"[yellow]warning[/yellow] {escape(problem)}")
    if result.plan:
        out.print()
        plan(result.plan, "tree")
    first = result.platform.environments[0]
    then = f"then {FIRST}" if (result.folder / FIRST).is_file() else f"then make up ENV={first}"
    versioned = any((folder / ".git").exists() for folder in result.folder.resolve().parents)
    keep = (
        {}
        if versioned
        else {'git init && git add . && git commit -m "As generated"': "what you change shows against it"}
    )
    steps = {
        f"cd {_relative(result.folder)} && make setup": "its own Python environment, from the hashed lock",
        **keep,
        "make check test": "types, style, and the plans of every environment, offline",
        f"make bootstrap ENV={first}": f"the state bucket and its key in your account; {then}",
    }
    width = max(map(len, steps))
    out.print("\nNext:")
    for command, what in steps.items():
        out.print(f"  {escape(command.ljust(width))}   [dim]# {what}[/dim]")


def plan(found: Plan, form: str) -> None:
    """A plan, in one of the formats."""
    from mlops_scaffold import cost
    from mlops_scaffold.report import markdown, text

    match form:
        case "json":
            estimates = cost.estimate(found)
            together = cost.together(each.cost for each in estimates)
            click.echo(found.json(costs=cost.document(estimates), cost=vars(together)))
        case "markdown":
            click.echo(markdown.plan(found))
        case "table":
            text.table(found)
        case _:
            text.tree(found)


def difference(found: Difference, form: str) -> None:
    """The difference between two plans, in one of the formats."""
    from mlops_scaffold.report import markdown, text

    match form:
        case "json":
            click.echo(found.json())
        case "markdown":
            click.echo(markdown.difference(found))
        case _:
            text.difference(found)


def _relative(folder: Path) -> Path:
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def _is_plain() -> bool:
    return "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
