"""The command line: it parses, calls and prints, and nothing else. What is slow to import is imported when needed."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path

import click

from mlops_scaffold import __version__
from mlops_scaffold.errors import ScaffoldError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlops-scaffold")
def main() -> None:
    """Generates a deployable Pulumi project for an MLOps platform, by maturity stage and cloud.

    It previews the whole plan with no Pulumi CLI, no account, no cluster and no network.
    """


@main.command()
@click.argument("name", required=False)
@click.option("--stage", default="", help="How mature the platform is: a blueprint, such as series-a.")
@click.option("--cloud", default="", help="Where it runs, such as aws.")
@click.option("--region", default="", help="The cloud's region; us-east-1 on aws, unless named.")
@click.option("--account", default="", help="The cloud account; every program then refuses any other.")
@click.option("--environments", multiple=True, metavar="NAMES", help="Which to make, such as dev,prod; else all.")
@click.option("--use", multiple=True, metavar="CAPABILITY=VARIANT", help="Choose a variant. Repeatable.")
@click.option("--set", "settings", multiple=True, metavar="CAPABILITY.KEY=VALUE", help="Change a setting. Repeatable.")
@click.option("--without", multiple=True, metavar="CAPABILITIES", help="What to leave out, such as tracking.")
@click.option(
    "--answers",
    "file",
    type=click.Path(path_type=Path),
    help="Take all choices from a file, such as a repository's .mlops-scaffold/answers.yaml.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path(), help="The folder in which its folder is made."
)
@click.option("--preview/--no-preview", default=True, help="Whether to plan the repository before it is put in place.")
def new(
    name: str | None,
    stage: str,
    cloud: str,
    region: str,
    account: str,
    environments: tuple[str, ...],
    use: tuple[str, ...],
    settings: tuple[str, ...],
    without: tuple[str, ...],
    file: Path | None,
    output: Path,
    preview: bool,
) -> None:
    """Makes a repository NAME (mlops-platform unless named): a platform at STAGE on CLOUD.

    On a terminal, it asks for what is not given.
    """
    from mlops_scaffold import answers, project, report

    given = {
        "region": region,
        "account": account,
        "environments": answers.listed(environments, "--environments"),
        "use": answers.pairs(use, "--use"),
        "set": answers.settings(settings),
        "without": answers.listed(without, "--without"),
    }
    if file:
        if stage or cloud or any(given.values()):
            raise click.UsageError("--answers holds all choices: change them there, or leave it out")
        chosen = answers.read(file, name)
    elif stage and cloud:
        chosen = answers.Answers(_name(output) if name is None else name, stage, cloud, **given)
    elif _on_terminal():
        from mlops_scaffold import wizard

        chosen = wizard.ask(name, stage, cloud, output, **given)
    else:
        from mlops_scaffold.catalogue import Catalogue
        from mlops_scaffold.clouds import CLOUDS

        option, known = ("--cloud", CLOUDS) if stage else ("--stage", Catalogue.installed().blueprints)
        raise ScaffoldError(f"Missing option '{option}'", allowed=", ".join(known))
    made = project.new(chosen, output, plan=preview, progress=report.progress)
    report.made(made)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--env", "environment", help="One environment; all of them unless named.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "table", "markdown", "json"]),
    default="tree",
    help="By component, by resource, for a pull request, or as one document.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def preview(folder: Path, environment: str | None, form: str) -> None:
    """Plans the repository in FOLDER with nothing at hand: every program, every environment."""
    from mlops_scaffold import report
    from mlops_scaffold.preview import preview as plan

    found = plan(folder, None if environment is None else [environment], progress=report.progress)
    report.plan(found, form)
    if found.failed:
        raise click.exceptions.Exit(2)


@main.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="For a person, for a pull request, or as one document.",
)
def diff(before: str, after: str, form: str) -> None:
    """Says what differs between two plans, A and B.

    Each is a folder, an environment of the repository in the current folder, or a commit of it.
    """
    from mlops_scaffold import report
    from mlops_scaffold.diff import diff as compare

    report.difference(compare(before, after, progress=report.progress), form)


@main.command()
def catalogue() -> None:
    """Lists the capabilities, their components, and the blueprints."""
    from mlops_scaffold.catalogue import Catalogue
    from mlops_scaffold.report import catalogue

    catalogue.everything(Catalogue.installed())


@main.command()
@click.argument("name")
def show(name: str) -> None:
    """Describes a capability or a blueprint."""
    from mlops_scaffold.catalogue import Catalogue
    from mlops_scaffold.report import catalogue

    catalogue.one(Catalogue.installed(), name)


def run() -> None:
    """The console script: the command line in a process of its own.

    What a command makes it needs until it ends: a collector that looks through it finds nothing, and takes a fifth of
    the time of ``new``.
    """
    for stream in ("stdin", "stdout", "stderr"):
        if getattr(sys, stream) is None:  # It was closed, and the next file to be opened would take its place.
            setattr(sys, stream, Path(os.devnull).open("r+"))  # noqa: SIM115 (for as long as we run)
    gc.disable()
    atexit.register(gc.freeze)
    try:
        main(prog_name="mlops-scaffold")
    except OSError as error:  # A reader of our output that has gone is none: click ends without a word.
        refused = _refused(error)
        refused.show()
        sys.exit(refused.exit_code)


def _refused(error: OSError) -> ScaffoldError:
    """What the operating system refused, in words."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return ScaffoldError("the folder that you are in is gone", then="go to another one")
    where = os.fsdecode(error.filename) if error.filename else None
    return ScaffoldError(error.strerror or str(error), where=where)


def _name(output: Path) -> str:
    from mlops_scaffold import answers, wizard

    return wizard.ask_name(output) if _on_terminal() else answers.DEFAULT_NAME


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
