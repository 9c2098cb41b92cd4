"""Makes a repository: resolve, compose, render, look at its plan, move it into place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlops_scaffold import blueprint, render, requirements
from mlops_scaffold.answers import Answers
from mlops_scaffold.catalogue import Block, Catalogue
from mlops_scaffold.claims import OURS, PICTURE
from mlops_scaffold.clouds import regions, strange_region
from mlops_scaffold.compose import DATA, FIRST, LAST, LOCK, Platform, compose, drawn, every_repository
from mlops_scaffold.errors import ScaffoldError, nearest
from mlops_scaffold.resolve import resolve

if TYPE_CHECKING:
    from mlops_scaffold.preview.plan import Plan

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """A repository that has just been made."""

    folder: Path
    platform: Platform
    plan: Plan | None
    """Unless it was made without preview."""
    problems: list[str]
    """What could not be read, environments that the stage does not know, and without a plan imports beyond the lock."""


def platform(answers: Answers, catalogue: Catalogue) -> Platform:
    """Resolves what was asked for.

    Raises:
        ScaffoldError: it cannot be built; the message says which line or option is to blame.
    """
    for package in catalogue.packages:
        place = package.folder.parents[package.name.count(".")]
        if (place / OURS).is_dir():
            raise ScaffoldError(
                f"the '{package.name}' of a repository hides the one that is installed",
                where=str(package.folder),
                then="leave the repository out of PYTHONPATH, and call 'mlops-scaffold' rather than 'python -m'",
            )
    for name in answers.environments:
        blueprint.check_environment(name, "--environments")
    stage = blueprint.load(answers.stage, catalogue.blueprint)
    wanted = blueprint.merge(stage, answers.delta())
    for option, names in (("--use", answers.use), ("--set", answers.set)):
        for name in names:
            if name not in stage.components and name not in catalogue.capabilities:
                raise catalogue.missing("capability", name, catalogue.capabilities, option)
    made = Platform(answers, stage, wanted, resolve(wanted, answers.cloud, catalogue))
    _check_region(made, catalogue)
    if not made.environments:
        raise ScaffoldError(
            "the blueprint has no environment", where=wanted.where("environments"), then="name some with --environments"
        )
    return made


def _check_region(made: Platform, catalogue: Catalogue) -> None:
    answers = made.answers
    for node in made.nodes:
        ours = node.block.module == f"mlops_stacks.network.{answers.cloud}"
        if ours and answers.region not in (known := regions(catalogue, answers.cloud)) and known:
            named = [node.given, *node.changes.values()]
            if not any(settings.get("zone_ids") for settings in named):
                raise strange_region(answers.region, known)


def new(answers: Answers, output: Path, *, plan: bool = True, progress: Progress | None = None) -> Made:
    """Makes a repository in a folder of its own; nothing is there unless all went well.

    Args:
        answers: what was asked for.
        output: the folder that the repository's folder is made in.
        plan: whether to plan every environment first.
        progress: told what is going on.

    Raises:
        ScaffoldError: the choice cannot be built, its plan fails, or the place cannot be written to.
    """
    catalogue = Catalogue.installed()
    wanted = platform(answers, catalogue)
    problems = [*catalogue.problems, *strangers(wanted)]
    beyond = unlocked(wanted, catalogue)
    if not plan:
        problems += beyond  # A plan has them among its findings.
    target = output.absolute() / answers.name
    with render.staging(target) as folder:
        build(wanted, catalogue, folder)
        found = None
        if plan:
            from mlops_scaffold.preview import preview

            found = preview(folder, progress=progress)
            if found.failed:
                raise ScaffoldError(
                    f"the repository does not plan, and was not written:\n{found.failures()}",
                    where=answers.name,
                    then="change the options or answers that it was made from; --no-preview writes it as it is, to "
                    "look into",
                )
    return Made(target, wanted, found, problems)


def strangers(wanted: Platform) -> Iterator[str]:
    """Environments that the stage has no settings for: nothing in them is as in its production."""
    known = wanted.stage.environments
    for name in wanted.environments:
        if name not in known:
            hint = nearest(name, known)
            yield (
                f"{wanted.answers.stage} does not know the environment '{name}' ({', '.join(known)}): "
                f"it gets the settings of settings.py alone{f'; {hint}' if hint else ''}"
            )


def unlocked(wanted: Platform, catalogue: Catalogue) -> Iterator[str]:
    """What its blocks import and its lock does not hold.

    Raises:
        ScaffoldError: one imports the generator.
    """
    imported = catalogue.library.outside(wanted.modules)
    if importer := imported.get("mlops_scaffold"):
        raise ScaffoldError(
            "a block imports mlops_scaffold, and a repository never does",
            where=str(importer.path),
            allowed="the standard library, pulumi, its providers, pydantic, and other blocks",
        )
    lock = every_repository(wanted.answers.cloud)[LOCK].read_text(encoding="utf-8")
    return requirements.unlocked(lock, imported)


def build(wanted: Platform, catalogue: Catalogue, folder: Path) -> None:
    """Writes all files of a repository into an empty folder."""
    files = compose(wanted, catalogue)
    books = {str(path): content.decode() for path, content in sorted(files.items()) if path.match("prices/*.yaml")}
    if len(books) > 1:  # Two that do not go together would stop every preview.
        _check_prices(books, wanted)
    drawing = drawn(files)
    files[PICTURE] = drawing.picture.encode()
    render.shell(DATA / "shell", {**context(wanted), "diagram": drawing.mermaid}, folder)
    render.write(files, folder)
    distributions = {
        package.distribution
        for package in catalogue.packages
        if any(module.startswith(f"{package.name}.") for module in wanted.modules)
    }
    render.remember(folder, wanted.answers.yaml(), sorted(distributions))


def _check_prices(books: Mapping[str, str], wanted: Platform) -> None:
    """Refuses books of prices that cannot be one, by the files of whoever wrote them.

    Raises:
        ScaffoldError: names file and line.
    """
    from mlops_scaffold import cost

    try:
        cost.book(books)
    except ScaffoldError as error:
        for node in wanted.nodes:
            for path, source in node.block.files(wanted.names).items():
                if str(path) in books:
                    error.where = (error.where or "").replace(str(path), str(source))
        error.then = "docs/costs.md of any repository explains the parts of a book"
        raise


def context(wanted: Platform) -> Mapping[str, Any]:
    """What the shell may substitute and repeat."""
    answers = wanted.answers
    by_component = {"all": dict(every_repository(answers.cloud))} | {
        node.name: {**node.block.page, **node.block.files(wanted.names)} for node in wanted.nodes
    }
    brought = {path: source for files in by_component.values() for path, source in files.items()}
    runbooks = {name: _titled(files, "docs/runbooks/*.md") for name, files in by_component.items()}
    tops = {module.split(".")[0] for module in wanted.modules} | {"mlops_stacks"}
    return {
        "name": answers.name,
        "stage": answers.stage,
        "cloud": answers.cloud,
        "region": answers.region,
        "summary": wanted.blueprint.summary,
        "environments": wanted.environments,
        "programs": [
            {
                "folder": str(program.folder),
                "project": program.project,
                "components": [
                    {"name": node.name, "summary": node.block.summary, "why": f" *Why: {node.why}*" if node.why else ""}
                    for node in program.nodes
                ],
            }
            for program in wanted.programs
        ],
        "pages": _titled(brought, "docs/*.md"),
        "runbooks": [{"name": name, "pages": pages} for name, pages in runbooks.items() if pages],
        "first": _titled(brought, str(FIRST)),
        "last": _titled(brought, str(LAST)),
        "makers": " and ".join(f"`{top}/`" for top in sorted(tops)),
        "catalogue": [page for node in wanted.nodes for page in _described(node.block)],
        "deferred": [{"name": name, "why": why} for name, why in wanted.blueprint.deferred.items()],
        "packages": sorted(tops),
        "dependencies": _lines(DATA / "locks" / f"{answers.cloud}.in"),
        "tools": _lines(DATA / "locks" / "tools.in"),
    }


def _described(block: Block) -> Sequence[Mapping[str, str]]:
    """Where a block is described: its page, or without one its own source."""
    title = block.capability.replace("_", " ").capitalize()
    source = {"path": f"{block.module.replace('.', '/')}.py", "title": f"{title}, without a page"}
    return _titled(block.page, "*/README.md") or [source]


def _titled(files: Mapping[PurePosixPath, Path], pattern: str) -> list[Mapping[str, str]]:
    """Some pages of a repository: where each is, and its heading."""
    return [
        {
            "path": str(path),
            "title": source.read_text(encoding="utf-8", errors="replace").partition("\n")[0].removeprefix("# "),
        }
        for path, source in files.items()
        if path.match(pattern)
    ]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
