"""Reads a repository of Pulumi programs: which there are, and how each environment configures them."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_scaffold import document
from mlops_scaffold.document import Document, Place
from mlops_scaffold.errors import ScaffoldError, unknown
from mlops_scaffold.requirements import unlocked
from mlops_scaffold.source import Library, Module

PROGRAMS = ("", "cluster")
"""Where programs stand, in the order in which they are brought up."""

NAMED = re.compile(r"[\w-]+(?:[.:][\w-]+)+")
"""A dotted name, or one with a namespace."""

BROUGHT_UP = re.compile(r"(?m)^ENVIRONMENTS *:?= *(.*)$")
"""The line of the Makefile that says in which order environments are brought up."""


@dataclass(frozen=True)
class Configuration:
    """A program's configuration in one environment, as the engine would pass it."""

    values: Mapping[str, str]
    secret_keys: Sequence[str]
    document: Document
    """The file that it comes from, for the line of a value."""
    project: str

    def named_in(self, message: str) -> str | None:
        """The line of the first value that a message names and this file sets; that is the place to mend it.

        Messages name a value as the file does: ``network.zones`` for a setting, ``aws:region`` for all others.
        """
        for word in NAMED.findall(message):
            for place in (("config", word), ("config", f"{self.project}:platform", *keys(word))):
                if place in self.document.lines:
                    return self.document.lines[place]
        return None


@dataclass(frozen=True)
class Repository:
    """A folder with one or two Pulumi programs."""

    folder: Path
    _documents: dict[Path, Document] = field(default_factory=dict, repr=False, compare=False)
    """What has been read, once for all questions."""

    @property
    def programs(self) -> Sequence[str]:
        """The programs' folders, relative."""
        return [part for part in PROGRAMS if (self.folder / part / "Pulumi.yaml").is_file()]

    @property
    def environments(self) -> Sequence[str]:
        """The names of the environments, in the order of the Makefile; those that it does not name come after."""
        names = {path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in self.folder.glob("Pulumi.*.yaml")}
        makefile = self.folder / "Makefile"
        text = makefile.read_text("utf-8", errors="replace") if makefile.is_file() else ""
        named = found[1].split() if (found := BROUGHT_UP.search(text)) else []
        others = sorted(names - {*named}, key=lambda name: ({"dev": 0, "prod": 2}.get(name, 1), name))
        return [*(name for name in dict.fromkeys(named) if name in names), *others]

    @property
    def packages(self) -> Mapping[str, Path]:
        """The packages that the repository holds, by name; none of them may come from elsewhere."""
        return {path.parent.name: path.parent for path in sorted(self.folder.glob("*/__init__.py"))}

    @property
    def prices(self) -> Mapping[str, str]:
        """The text of its books of prices, by path."""
        books = sorted(self.folder.glob("prices/*.yaml"))
        return {str(path.relative_to(self.folder)): path.read_text("utf-8", errors="replace") for path in books}

    @cached_property
    def library(self) -> Library:
        """The source of these packages."""
        return Library(self.packages)

    @cached_property
    def promises(self) -> Set[str] | None:
        """What holds data and keeps its name, each ``type::name``; None if the repository has no test of that."""
        tests = self.folder / "tests"
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in tests.glob("promises/*.txt")]
        return {line for text in texts for line in text.split()} if (tests / "test_promises.py").is_file() else None

    def unlocked(self) -> Sequence[str]:
        """What the programs import and the repository's lock does not hold; without a lock, nobody knows."""
        lock = self.folder / "requirements.txt"
        try:
            return list(unlocked(lock.read_text(encoding="utf-8"), self._imported())) if lock.is_file() else []
        except ScaffoldError:
            return []  # The run itself reports what is no Python, with its line.

    def _imported(self) -> Mapping[str, Module]:
        """The packages from elsewhere that the programs import, each with a module that imports it."""
        found: dict[str, Module] = {}
        for program in self.programs:
            path = self.folder / program / "__main__.py"
            main = Module(self.library, "__main__", PurePosixPath(program, path.name), path)
            ours = self.packages.keys() | {other.stem for other in path.parent.glob("*.py")}
            tops = {name.partition(".")[0] for name in main.early_imports}
            found |= dict.fromkeys(sorted(tops - ours), main)
            found |= self.library.outside(main.early_imports)
        return found

    @property
    def interpreter(self) -> Path:
        """The Python that runs the programs: the repository's own where it has one, else ours."""
        own = self.folder / ".venv" / "bin" / "python"
        return own if own.exists() else Path(sys.executable)

    @property
    def has_own_interpreter(self) -> bool:
        """Whether ``make setup`` has been run in it."""
        return self.interpreter != Path(sys.executable)

    def project(self, program: str) -> str:
        """The name of a program's Pulumi project."""
        path = self.folder / program / "Pulumi.yaml"
        found = self._read(path)
        if not isinstance(name := found.data.get("name"), str):
            raise ScaffoldError("the program has no name", where=found.where(("name",)), then="add 'name:'")
        return name

    def configuration(self, program: str, environment: str) -> Configuration:
        """What the engine would pass to a program: the project's defaults, and the environment's values over them.

        A secret comes as a word that must not surface anywhere; it is never decrypted.
        """
        project = self.project(program)
        shared = self._read(self.folder / program / "Pulumi.yaml")
        path = self.folder / program / f"Pulumi.{environment}.yaml"
        if not (path.exists() or path.is_symlink()):
            raise unknown("environment", environment, self.environments, str(self.folder / program))
        own = self._read(path)
        values: dict[str, str] = {}
        secrets: list[str] = []
        given = {**_defaults(_config(shared)), **_config(own)}
        for key, value in given.items():
            full = key if ":" in key else f"{project}:{key}"
            plain = _without_secrets(value, full)
            if plain != value:
                secrets.append(full)
            # As the engine writes it: a program may go through an object in order.
            values[full] = plain if isinstance(plain, str) else _compact(plain)
        return Configuration(values, secrets, own, project)

    def _read(self, path: Path) -> Document:
        if path not in self._documents:
            self._documents[path] = document.read(path, str(path.relative_to(self.folder)))
        return self._documents[path]


def find(folder: Path) -> Repository:
    """The repository in a folder.

    Raises:
        ScaffoldError: there is none.
    """
    repository = Repository(folder.resolve())  # What Python imports from there, it names without '..'.
    if repository.folder.name in PROGRAMS and (repository.folder.parent / "Pulumi.yaml").is_file():
        raise ScaffoldError(
            f"'{repository.folder.name}' is one of two programs, and builds on the other",
            where=str(folder),
            then="run this in the folder above",
        )
    if not repository.programs:
        raise ScaffoldError(
            "there is no Pulumi program here",
            where=str(folder),
            allowed="a folder with a Pulumi.yaml",
            then="make one with 'mlops-scaffold new'",
        )
    if not repository.environments:
        raise ScaffoldError("there is no environment here", where=str(folder), allowed="a Pulumi.<environment>.yaml")
    return repository


def keys(path: str) -> Place:
    """The keys and indexes of a dotted path."""
    return tuple(int(part) if part.isdecimal() else part for part in path.split(".") if part)


def _config(read: Document) -> Mapping[str, Any]:
    found = read.data.get("config")
    if not isinstance(found, Mapping | None):
        raise ScaffoldError("'config' is no mapping", where=read.where(("config",)), allowed="key: value, a line each")
    return found or {}


def _defaults(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values of a Pulumi.yaml's ``config``: each plain, or a mapping with ``value`` or ``default``."""
    found: dict[str, Any] = {}
    for key, declared in config.items():
        if not isinstance(declared, Mapping):
            found[key] = declared
        elif choice := next((name for name in ("value", "default") if name in declared), None):
            found[key] = declared[choice]
    return found


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _without_secrets(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return f"[secret:{key}]"
        return {name: _without_secrets(item, key) for name, item in value.items()}
    return [_without_secrets(item, key) for item in value] if isinstance(value, list) else value


SETTINGS = {"pydantic.fields", "pydantic.functional_validators", "pydantic.main", "pydantic.types"}
"""What every program's settings import."""


def sdk_modules(repository: Repository) -> Sequence[str]:
    """The modules of others that the programs touch: importing them once is most of a preview's time."""
    modules: set[Module] = set()
    for program in repository.programs:
        for path in (repository.folder / program).glob("*.py"):
            own = Module(repository.library, path.stem, PurePosixPath(program, path.name), path)
            try:
                modules |= {own, *repository.library.reached(own.imports)}
            except ScaffoldError:
                continue  # The run itself reports it, with its line.
    return sorted(SETTINGS.union(*(_touched(module.tree) for module in modules)))


def _touched(tree: ast.Module) -> set[str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    found = {name for name in names.values() if name.startswith("pulumi_")}
    for node in ast.walk(tree):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and names.get(node.id, "").startswith("pulumi_"):
            modules = [part for part in parts if part.islower()]
            found.add(".".join([names[node.id], *modules[: 2 if "kubernetes" in names[node.id] else 1]]))
    return {name for name in found if not name.rpartition(".")[2][:1].isupper()}
