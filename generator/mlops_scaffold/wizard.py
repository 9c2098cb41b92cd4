"""Asks a person at a terminal the few questions that matter, and shows the command that answers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from mlops_scaffold import blueprint
from mlops_scaffold.answers import DEFAULT_NAME, Answers, check_name, listed
from mlops_scaffold.catalogue import Catalogue
from mlops_scaffold.clouds import CLOUDS, check_account, check_region, regions, strange_region
from mlops_scaffold.errors import ScaffoldError, nearest
from mlops_scaffold.project import platform
from mlops_scaffold.render import refuse_taken
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
    form: str = ""
    """What an answer looks like, for one that does not fit; what the setting says of itself unless given."""


QUESTIONS = (
    Question(
        "identity",
        "repository",
        "Repository on GitHub whose CI may act, such as acme/ml (Enter to name it later)",
        form="owner/name, such as acme/ml",
    ),
    Question(
        "cluster",
        "admin_cidrs",
        "Your public address range, from which people reach the cluster, such as 203.0.113.7/32 (Enter to name it "
        "later)",
        one_of=True,
        form="a range of addresses with its length, such as 203.0.113.7/32 for one address",
    ),
    Question(
        "gateway",
        "domain",
        "Domain of the predictor in production, such as predict.example.com (Enter for none)",
    ),
    Question("gateway", "hosted_zone", "Id of the Route 53 zone that holds it", after="domain"),
    Question(
        "budget",
        "recipients",
        "E-mail address that hears of costs, attacks and a full database; alerts go to Slack or PagerDuty, which come "
        "later (Enter for nobody yet)",
        also=("audit", "database"),
        one_of=True,
        form="an e-mail address, such as platform@example.com",
    ),
)
"""What is asked where the platform has the component, and the setting was not given."""


def ask(name: str | None, stage: str, cloud: str, output: Path, **given: Any) -> Answers:
    """Asks for what was not given; what has only one answer is not asked.

    Args:
        name: the project's name, if it was given.
        stage: the stage, or nothing.
        cloud: the cloud, or nothing.
        output: the folder that the repository's folder is to be made in.
        given: the other answers that were given.

    Raises:
        ScaffoldError: what was given cannot be built.
    """
    catalogue = Catalogue.installed()
    if name is None:
        name = ask_name(output)
    else:
        _check_name(name, output)
    stage = stage or _stage(catalogue)
    cloud = cloud or _choose("Cloud", list(CLOUDS))
    # What is wrong with that and with what was given else is said before the next question.
    platform(Answers(name, stage, cloud, **given), catalogue)
    zones = given["set"].get("network", {}).get("zone_ids")
    given["region"] = given["region"] or _prompt(
        "Region", CLOUDS[cloud], lambda text: _check_region(text, cloud, [] if zones else regions(catalogue, cloud))
    )
    given["account"] = given["account"] or _prompt(
        "Account (Enter to pin it later)", "", lambda text: check_account(text, cloud)
    )
    given["environments"] = given["environments"] or _environments(stage, catalogue)
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

    def check(text: str) -> None:
        try:
            node.block.model.model_validate({question.key: ([text] if text else []) if question.one_of else text})
        except ValidationError:
            allowed = question.form or node.block.settings.descriptions.get(question.key, "")
            raise ScaffoldError(allowed) from None

    said = _prompt(question.text, "", check)
    if not said:
        return answers
    told = dict(answers.set)
    for name in (question.capability, *question.also):
        own = told.get(name, {})
        # What was given for another component stays.
        # Each has a list of its own: of one that several have, a file would say that it is the same.
        told[name] = {**own, question.key: own.get(question.key, [said] if question.one_of else said)}
    return replace(answers, set=told)


def ask_name(output: Path) -> str:
    """Asks for the project's name, which its folder in ``output`` has too."""
    return _prompt("Name", DEFAULT_NAME, lambda text: _check_name(text, output))


def _check_name(name: str, output: Path) -> None:
    check_name(name)
    refuse_taken(output.absolute() / name)


def _check_region(region: str, cloud: str, known: Sequence[str]) -> None:
    check_region(region, cloud)
    if known and region not in known:
        raise strange_region(region, known)


def _environments(stage: str, catalogue: Catalogue) -> Sequence[str]:
    """Asks which environments to make; nothing if those of the stage."""
    known = ",".join(blueprint.load(stage, catalogue.blueprint).environments)

    def check(text: str) -> None:
        for name in listed([text], "Environments"):
            blueprint.check_environment(name, "Environments")
            if text != known and name not in known.split(",") and (hint := nearest(name, known.split(","))):
                raise ScaffoldError(f"{stage} has no '{name}'", then=hint)

    said = _prompt("Environments", known, check)
    return [] if said == known else listed([said], "Environments")


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


def _prompt(what: str, default: str, check: Callable[[str], None]) -> str:
    """Asks until ``check`` raises nothing."""

    def checked(text: str) -> str:
        try:
            check(text)
        except ScaffoldError as error:
            told = ScaffoldError(error.what, allowed=error.allowed, then=error.then)  # The place is the question.
            named = str(told).startswith(f"'{text}'")
            raise click.UsageError(str(told) if named else f"'{text}' does not fit: {told}") from None
        return text

    return click.prompt(what, default=default, show_default=bool(default), value_proc=checked)
