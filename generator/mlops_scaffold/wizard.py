"""Asks a person at a terminal the few questions that matter, and shows the command that answers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from mlops_scaffold import blueprint
from mlops_scaffold.answers import ACCOUNT, CLOUDS, DEFAULT_NAME, NAME, REGION, Answers
from mlops_scaffold.catalogue import Catalogue


def ask(name: str | None, stage: str, cloud: str, **given: object) -> Answers:
    """Asks for what was not given; what has only one answer is not asked.

    Args:
        name: the project's name, if it was given.
        stage: the stage, or nothing.
        cloud: the cloud, or nothing.
        given: the other answers that were given.
    """
    name = ask_name() if name is None else name
    stage = stage or _stage(Catalogue.installed())
    cloud = cloud or _choose("Cloud", list(CLOUDS))
    region = given.pop("region", "") or _prompt(
        "Region", CLOUDS[cloud], lambda text: bool(REGION[cloud].fullmatch(text)), f"such as {CLOUDS[cloud]}"
    )
    account = given.pop("account", "") or _prompt(
        "Account (Enter to pin it later)",
        "",
        lambda text: not text or bool(ACCOUNT[cloud].fullmatch(text)),
        "the 12 digits of its id, or nothing",
    )
    answers = Answers(name, stage, cloud, region=region, account=account, **given)  # pyrefly: ignore
    click.echo(f"\nThe same again:\n  {answers.command()}\n")
    return answers


def ask_name() -> str:
    """Asks for the project's name."""
    return _prompt("Name", DEFAULT_NAME, lambda text: bool(NAME.fullmatch(text)), "lower case, such as acme-ml")


def _stage(catalogue: Catalogue) -> str:
    """Shows what each stage is for, and what it defers, and asks for one."""
    for name in catalogue.blueprints:
        whole = blueprint.load(name, catalogue.blueprint)
        click.echo(f"{name}: {whole.summary}")
        click.echo(f"  has {', '.join(whole.components)}")
        click.echo(f"  defers {', '.join(whole.deferred)}")
    return _choose("Stage", catalogue.blueprints)


def _choose(what: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        click.echo(f"{what}: {names[0]}, the only one so far")
        return names[0]
    return click.prompt(what, type=click.Choice(names))


def _prompt(what: str, default: str, fits: Callable[[str], bool], allowed: str) -> str:
    """Asks until the answer fits."""

    def check(text: str) -> str:
        if not fits(text):
            raise click.UsageError(f"'{text}' does not fit: {allowed}")
        return text

    return click.prompt(what, default=default, show_default=bool(default), value_proc=check)
