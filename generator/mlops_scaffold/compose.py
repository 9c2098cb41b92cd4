"""Composes a repository in memory: the two programs as prose, their configuration, and the blocks they need."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from mlops_scaffold.answers import Answers
from mlops_scaffold.blueprint import Blueprint
from mlops_scaffold.catalogue import Catalogue, beside
from mlops_scaffold.claims import PROGRAM, Claims, Files
from mlops_scaffold.printer import WIDTH, call, comment, docstring, laid, literal, ordered
from mlops_scaffold.reference import filled
from mlops_scaffold.resolve import Node
from mlops_scaffold.scripts import DATA, script

LOCK = PurePosixPath("requirements.txt")
"""The repository's lock: exact versions, with hashes."""

FIRST = PurePosixPath("docs/runbooks/first-up.md")
"""What is to be done before a platform with a cluster can come up, if it has one."""

LAST = PurePosixPath("docs/runbooks/destroy.md")
"""How such a platform is taken down to the end."""

GIVEN_UP = PurePosixPath("tests/given_up.txt")
"""Whose data nobody would miss; the repository's tests hold on to all other."""

REPOSITORY_ITSELF = b"""\
# For `pulumi install` in this folder: the program finds its blocks because the repository is installed. Run it in the
# folder above first, where the lock with the hashes is; `make setup` does both.
-e ..
"""


@dataclass(frozen=True)
class Program:
    """One of the two Pulumi programs."""

    folder: PurePosixPath
    project: str
    """Its Pulumi project."""
    nodes: Sequence[Node]
    """Its components, in order."""
    imports: Sequence[Node]
    """The components of the other program that it uses."""


@dataclass(frozen=True)
class Platform:
    """All that a repository is composed from."""

    answers: Answers
    stage: Blueprint
    """As it is shipped."""
    blueprint: Blueprint
    """The stage, and over it what was asked for."""
    nodes: Sequence[Node]

    @property
    def environments(self) -> Sequence[str]:
        """The environments to make, in the blueprint's order unless named."""
        return list(self.answers.environments or self.blueprint.environments)

    @property
    def names(self) -> Sequence[str]:
        """The names of its components."""
        return [node.name for node in self.nodes]

    @property
    def modules(self) -> Sequence[str]:
        """The dotted names of its blocks' modules."""
        return [node.block.module for node in self.nodes]

    @property
    def programs(self) -> Sequence[Program]:
        """The cloud program, and the cluster program where anything runs inside a cluster."""
        outside = [node for node in self.nodes if not node.in_cluster]
        inside = [node for node in self.nodes if node.in_cluster]
        used = {wire for node in inside for wire in node.wires.values()} | {"cluster"}
        programs = [Program(PurePosixPath(), self.answers.name, outside, [])]
        if inside:
            imports = [node for node in outside if node.name in used]
            programs.append(Program(PurePosixPath("cluster"), f"{self.answers.name}-cluster", inside, imports))
        return programs

    def tags(self, environment: str) -> Mapping[str, str]:
        """The tags of every resource: who it is for, who made it, and where its cost belongs."""
        return {
            "project": self.answers.name,
            "environment": environment,
            "owner": f"{self.answers.name}-platform",
            "managed-by": "pulumi",
            "cost-center": self.answers.name,
        }


def every_repository(cloud: str) -> Mapping[PurePosixPath, Path]:
    """What every repository on a cloud has, whatever its components, by path there."""
    return beside(DATA, cloud)


def compose(platform: Platform, catalogue: Catalogue) -> Files:
    """Every file that depends on the choice of components.

    Raises:
        ScaffoldError: two of them claim the same path, or the same target of ``make``, or one of them what the tool
            writes itself.
    """
    claims = Claims()
    add, files = claims.add, claims.files
    for program in platform.programs:
        add(program.folder / "__main__.py", main(program, platform).encode(), PROGRAM)
        add(program.folder / "settings.py", settings(program).encode(), PROGRAM)
        add(program.folder / "Pulumi.yaml", project(program, platform).encode(), PROGRAM)
        for environment in platform.environments:
            text = configuration(program, environment, platform)
            add(program.folder / f"Pulumi.{environment}.yaml", text.encode(), PROGRAM)
        if program.imports:
            add(program.folder / "cloud.py", cloud(program, platform).encode(), PROGRAM)
            add(program.folder / "requirements.txt", REPOSITORY_ITSELF, PROGRAM)
    add(GIVEN_UP, given_up(platform).encode(), PROGRAM)
    needed = list(platform.modules)
    needed += [node.block.package for node in platform.nodes]
    if any(node.in_cluster for node in platform.nodes):
        needed.append("mlops_stacks.kubernetes")
    for path, source in catalogue.library.closure(needed).items():
        add(path, source.read_bytes(), "the building blocks")
    for node in platform.nodes:
        for path, source in node.block.page.items():
            if path in files and path.parent != PurePosixPath(*node.block.package.split(".")):
                continue  # It is the page of the component that this one extends, and that one is there as well.
            page = source.read_text(encoding="utf-8", errors="surrogateescape")
            add(path, filled(page, node.block).encode(errors="surrogateescape"), "the building blocks")
    brought = {"every repository": every_repository(platform.answers.cloud)} | {
        f"{node.name} ({node.block.distribution})": node.block.files(platform.names) for node in platform.nodes
    }
    for owner, sources in brought.items():
        for path, source in sources.items():
            add(path, source.read_bytes(), owner)
    claims.keep_targets_apart()
    return files


@dataclass(frozen=True)
class Drawing:
    """The diagram of a platform, in both forms."""

    mermaid: str
    picture: str
    """SVG."""


def drawn(files: Files) -> Drawing:
    """Draws the programs among some files, by the script that the repository will draw them with again."""
    diagram = script("diagram")
    programs = [
        diagram.read(files[PurePosixPath(path)].decode(), title)
        for path, title in diagram.SOURCES.items()
        if PurePosixPath(path) in files
    ]
    return Drawing(diagram.mermaid(programs), diagram.svg(programs))


# -- programs ---------------------------------------------------------------------------------------


def main(program: Program, platform: Platform) -> str:
    """The source of a program: one assignment a component."""
    answers = platform.answers
    title = f"{answers.name}, {answers.stage} on {answers.cloud}: "
    imports = [imported(node) for node in program.nodes]
    if program.imports:
        title += "what runs inside Kubernetes. "
        more = "What it runs on is made by the program one folder up."
        imports += [from_cloud(program)]
        after = []
    else:
        title += "what the cloud's API makes. "
        more = "What runs inside Kubernetes is in cluster/." if len(platform.programs) > 1 else ""
        imports += ["from mlops_stacks.component import export"]
        after = ["", call("export", [node.name for node in program.nodes])]
    components = [[*comment(first_sentence(node.why)), assignment(node), ""] for node in program.nodes]
    lines = [*docstring(title, more), "", *ordered(imports), "from settings import settings", ""]
    return "\n".join([*lines, *itertools.chain(*components)][:-1] + after) + "\n"


def cloud(program: Program, platform: Platform) -> str:
    """The source of what a program imports from the cloud program."""
    lines = [
        '"""What the cloud program made: objects with the same outputs, and the same rights to grant."""',
        "",
        *ordered(
            [
                *map(imported, program.imports),
                "from mlops_stacks.component import program",
                "from mlops_stacks.kubernetes import inside",
            ]
        ),
        "",
        f'cloud = program("{platform.programs[0].project}")',
        "",
        *(f'{node.name} = {node.block.cls.name}.imported("{node.name}", cloud)' for node in program.imports),
        "",
        "# Whatever this program makes of Kubernetes, it makes in that cluster.",
        "inside(cluster)",
    ]
    return "\n".join(lines) + "\n"


def imported(node: Node) -> str:
    """The line that imports a component's class."""
    return f"from {node.block.module} import {node.block.cls.name}"


def from_cloud(program: Program) -> str:
    """The statement that imports the components of the cloud program."""
    names = sorted(node.name for node in program.imports)
    flat = f"from cloud import {', '.join(names)}"
    return flat if len(flat) <= WIDTH else call("from cloud import ", names)


def first_sentence(text: str) -> str:
    """What a program says of a reason; the rest of it stands in the README."""
    return re.split(r"(?<=[.?!])\s", text, maxsplit=1)[0]


def assignment(node: Node) -> str:
    """One component, wired."""
    arguments = [f'"{node.name}"', f"settings.{node.name}"]
    arguments += [f"{keyword}={wire}" for keyword, wire in node.wires.items()]
    return call(f"{node.name} = {node.block.cls.name}", arguments)


def settings(program: Program) -> str:
    """The source of a program's settings: one typed field a component."""
    imports = {f"from {node.block.settings.module.name} import {node.block.settings.name}" for node in program.nodes}
    imports.add("from mlops_stacks.component import Settings, load")
    fields = []
    for node in program.nodes:
        kind = node.block.settings.name
        values = [f"{key}={literal(value)}" for key, value in node.given.items()]
        broken = [f"{key}={laid(value, 8, len(key) + 2)}" for key, value in node.given.items()]
        fields.append(call(f"{node.name}: {kind} = {kind}", values, "    ", broken))
    return "\n".join(
        [
            '"""What each component is set to. Pulumi.<environment>.yaml changes it for one environment."""',
            "",
            *ordered(imports),
            "",
            "",
            "class Platform(Settings):",
            '    """One field a component."""',
            "",
            *fields,
            "",
            "",
            "settings = load(Platform)",
            "",
        ]
    )


# -- configuration ----------------------------------------------------------------------------------


def project(program: Program, platform: Platform) -> str:
    """A program's Pulumi.yaml."""
    inside = "what runs inside the cluster" if program.imports else "what the cloud's API makes"
    up = "../" * len(program.folder.parts)
    return f"""\
name: {program.project}
description: {platform.answers.name}, {inside}
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {up}.venv
config:
  # The physical name of every resource in the cloud says whose it is.
  pulumi:autonaming:
    value:
      pattern: {platform.answers.name}-${{stack}}-${{name}}-${{hex(7)}}
"""


def configuration(program: Program, environment: str, platform: Platform) -> str:
    """A program's Pulumi.<environment>.yaml: where it runs, and what is different here."""
    answers = platform.answers
    config: dict[str, Any] = {"aws:region": answers.region}
    if answers.account:
        config["aws:allowedAccountIds"] = [answers.account]
    config["aws:defaultTags"] = {"tags": dict(platform.tags(environment))}
    changes = {node.name: dict(node.changes[environment]) for node in program.nodes if node.changes.get(environment)}
    text = yaml.safe_dump({"config": config}, sort_keys=False, width=WIDTH)
    if changes:
        body = yaml.safe_dump({f"{program.project}:platform": changes}, sort_keys=False, width=WIDTH)
        text += "  # What is different here from settings.py.\n" + textwrap.indent(body, "  ")
    return text


def given_up(platform: Platform) -> str:
    """The environments, and of each the components, whose data the blueprint lets go."""
    lines = [
        f"{environment} {node.name}"
        for environment in platform.environments
        for node in platform.nodes
        if {**node.given, **node.changes.get(environment, {})}.get("protected") is False
    ]
    return "\n".join(
        [
            "# Whose data nobody would miss: an environment and a component a line. Where the settings say",
            "# 'protected: false' of any other, 'make test' fails.",
            *lines,
            "",
        ]
    )
