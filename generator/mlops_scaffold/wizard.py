"""Asks a person at a terminal the few questions that matter, and shows the command that answers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click
from pydantic import ValidationError

from mlops_scaffold import blueprint
from mlops_scaffold.answers import ACCOUNT, CLOUDS, DEFAULT_NAME, NAME, REGION, Answers
from mlops_scaffold.catalogue import Catalogue
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.project import platform
from mlops_scaffold.resolve import Node


@dataclass(frozen=True)
class Question:
    """A setting that only its owner can know."""

    capability: str
    key: str
    text: str
    after: str = ""
    """The setting of the same component that must have been answered, for this one makes no sense without."""
    also: Sequence[str] = ()
    """Other components whose setting of the same name has the same answer."""
    one_of: bool = False
    """Whether the setting is a list, and the answer the one entry that it begins with."""


QUESTIONS = (
    Question(
        "identity", "repository", "Repository on GitHub whose CI may act, such as acme/ml (Enter to name it later)"
    ),
    Question(
        "gateway",
        "domain",
        "Domain of the predictor in production, such as predict.example.com (Enter for none)",
        # CI may write the records of that name alone.
        also=("identity",),
    ),
    Question("gateway", "hosted_zone", "Id of the Route 53 zone that holds it", after="domain", also=("identity",)),
    Question(
        "budget",
        "recipients",
        "E-mail address that hears of costs, attacks and a full database (Enter for nobody yet)",
        also=("audit", "database"),
        one_of=True,
    ),
)
"""What is asked where the platform has the component, and the setting was not given."""


def ask(name: str | None, stage: str, cloud: str, **given: Any) -> Answers:
    """Asks for what was not given; what has only one answer is not asked.

    Args:
        name: the project's name, if it was given.
        stage: the stage, or nothing.
        cloud: the cloud, or nothing.
        given: the other answers that were given.

    Raises:
        ScaffoldError: what was given cannot be built.
    """
    catalogue = Catalogue.installed()
    name = ask_name() if name is None else name
    stage = stage or _stage(catalogue)
    cloud = cloud or _choose("Cloud", list(CLOUDS))
    given["region"] = given["region"] or _prompt(
        "Region", CLOUDS[cloud], lambda text: bool(REGION[cloud].fullmatch(text)), f"such as {CLOUDS[cloud]}"
    )
    given["account"] = given["account"] or _prompt(
        "Account (Enter to pin it later)",
        "",
        lambda text: not text or bool(ACCOUNT[cloud].fullmatch(text)),
        "the 12 digits of its id, or nothing",
    )
    answers = Answers(name, stage, cloud, **given)
    nodes = {node.name: node for node in platform(answers, catalogue).nodes}
    for question in QUESTIONS:
        if node := nodes.get(question.capability):
            others = [name for name in question.also if name in nodes]
            answers = _settle(replace(question, also=others), node, answers)
    click.echo(f"\nThe same again:\n  {answers.command()}\n")
    return answers


def _settle(question: Question, node: Node, answers: Answers) -> Answers:
    """The answers with what a person says to a question, if it is to be asked and is answered."""
    known = {**node.given, **answers.set.get(question.capability, {})}
    if question.key in known or (question.after and not known.get(question.after)):
        return answers

    def fits(text: str) -> bool:
        try:
            node.block.model.model_validate({question.key: ([text] if text else []) if question.one_of else text})
        except ValidationError:
            return False
        return True

    said = _prompt(question.text, "", fits, node.block.settings.descriptions.get(question.key, ""))
    if not said:
        return answers
    value = [said] if question.one_of else said
    told = dict(answers.set)
    for name in (question.capability, *question.also):
        own = told.get(name, {})
        # What was given for another component stays.
        told[name] = {**own, question.key: own.get(question.key, value)}
    return replace(answers, set=told)


def ask_name() -> str:
    """Asks for the project's name."""
    return _prompt("Name", DEFAULT_NAME, lambda text: bool(NAME.fullmatch(text)), "lower case, such as acme-ml")


def _stage(catalogue: Catalogue) -> str:
    """Shows what each stage is for, and what it defers, and asks for one."""
    offered: list[str] = []
    for name in catalogue.blueprints:
        try:
            whole = blueprint.load(name, catalogue.blueprint)
        except ScaffoldError as error:
            click.echo(f"{name} cannot be read: {error.what} ({error.where})")
            continue
        offered.append(name)
        click.echo(f"{name}: {whole.summary}")
        click.echo(f"  has {', '.join(whole.components)}")
        click.echo(f"  defers {', '.join(whole.deferred)}")
    return _choose("Stage", offered)


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
