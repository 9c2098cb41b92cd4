"""Whatever a page of a repository tells its reader to type exists: commands, their options, files, settings, outputs.

That it does what the page says is tried where it can be: ``tests/shell`` and ``tests/engine``.
"""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import jmespath
import kubernetes_validate
import pytest
import yaml
from awscli.clidriver import create_clidriver
from conftest import ours

from mlops_scaffold import project
from mlops_scaffold.answers import Answers
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview.plan import Plan
from mlops_stacks.cluster import VERSION
from mlops_stacks.component import Settings
from mlops_stacks.database import aws as database

PULUMI = Path(__file__).parents[1] / "build" / "engine" / "pulumi"
KUBECTL = shutil.which("kubectl")

BETWEEN = "();|&\n"
"""The signs that end a command of the shell."""

COMMENT = re.compile(r"(?<=\s)# .*$", re.MULTILINE)
BLOCK = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)
SETTING = re.compile(r"\bplatform\.(\w+)\.(\w+)")
EITHER = re.compile(r"`(\w+)\.(\w+)(?:: [\w-]+)?`")
"""A setting, or an output, as prose speaks of it."""
OUTPUT = re.compile(r"pulumi stack output (\w+)\.(\w+)")
FILE = re.compile(r"(?<![\w/:$.-])(?:[\w-]+/)+[\w.-]+\.(?:md|mk|py|yaml)\b")
"""The path of a file of the repository; what follows a ``:`` or a ``$`` is elsewhere."""


@pytest.fixture(scope="session")
def pages(repository: Path) -> dict[str, str]:
    """The pages of a repository, path to text."""
    return pages_of(repository)


def pages_of(repository: Path) -> dict[str, str]:
    return {str(page.relative_to(repository)): page.read_text() for page in sorted((repository / "docs").rglob("*.md"))}


def commands(pages: dict[str, str], program: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Every call of a program in the blocks of the pages: where, and the words that follow the program's name."""
    for page, text in pages.items():
        for block in BLOCK.findall(text):
            words: list[str] = []
            for word in [*tokens(COMMENT.sub("", block).replace("\\\n", " ")), "\n"]:
                if set(word) <= set(BETWEEN):
                    if words[:1] == [program]:
                        yield f"{page}: {' '.join(words)}", words[1:]
                    words = []
                else:
                    words.append(word)


def tokens(block: str) -> Sequence[str]:
    """The words of a block, and the signs between its commands. Of a command within double quotes nothing is seen."""
    lexer = shlex.shlex(block, posix=True, punctuation_chars=BETWEEN)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " ", True, ""
    return list(lexer)


def options(words: Sequence[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if word.startswith("--")}


def test_there_is_something_to_look_at(pages: dict[str, str]) -> None:
    found = {program: len(list(commands(pages, program))) for program in ("aws", "kubectl", "make", "pulumi")}

    assert all(count > 20 for count in found.values()), found


def test_make(repository: Path) -> None:
    assert [*made_up(repository)] == []


OPTIONAL = ["audit", "budget", "drift", "gateway", "images", "orchestration", "runners", "training"]
"""The components of series-a that no other needs; and, together, those that only one of these needs."""


@pytest.mark.parametrize("left_out", [*([each] for each in OPTIONAL), ["serving", "gateway"], OPTIONAL], ids="-".join)
def test_a_platform_that_does_without(left_out: list[str], tmp_path: Path) -> None:
    """What a component brings stands with the component, so that neither page nor workflow outlives it."""
    answers = Answers("acme", "series-a", "aws", account="123456789012", without=left_out)
    made = project.new(answers, tmp_path, plan=False).folder

    assert [*made_up(made)] == []


def test_nothing_else_can_be_left_out(tmp_path: Path) -> None:
    everything = {block.capability for block in ours().blocks()}
    for each in everything - {*OPTIONAL}:
        with pytest.raises(ScaffoldError):
            project.new(Answers("acme", "series-a", "aws", without=[each]), tmp_path, plan=False)


def made_up(repository: Path) -> Iterator[str]:
    """Where a page, the README, a workflow or a Makefile calls a target that no Makefile of the repository has."""
    makefiles = [repository / "Makefile", *repository.glob("make/*.mk")]
    targets = set(re.findall(r"^([a-z-]+):", "\n".join(file.read_text() for file in makefiles), re.MULTILINE))
    pages = {**pages_of(repository), "README.md": (repository / "README.md").read_text()}
    asked = [*commands(pages, "make")]
    asked += [(page, call.split()) for page, text in pages.items() for call in re.findall(r"`make ([^`]+)`", text)]
    for file in [*makefiles, *repository.glob(".github/workflows/*.yml")]:
        calls = re.findall(r"\b(?:run: |; )make (?:--silent )?([a-z-]+)|: make ([a-z-]+) [A-Z]+=", file.read_text())
        asked += [(f"{file.name}: make {''.join(call)}", ["".join(call)]) for call in calls]

    for where, words in asked:
        for word in words:
            if word not in targets and not re.fullmatch(r"[A-Z]+=.+", word):
                yield f"{where}: {word}"


def test_who_raises_kubernetes_is_told_of_all_that_must_follow(pages: dict[str, str], production: Plan) -> None:
    """EKS raises no add-on with the cluster, and no chart knows a version that is newer than itself."""
    made = [resource for each in production.programs for resource in each.made]
    addons = {each["inputs"]["addonName"] for each in made if each["type"] == "aws:eks/addon:Addon"}
    charts = {
        each["inputs"]["chart"].rpartition("/")[2] for each in made if each["type"] == "kubernetes:helm.sh/v3:Release"
    }

    assert addons
    assert charts
    for name in addons | charts:
        assert f"`{name}`" in pages["docs/runbooks/upgrade-kubernetes.md"], name


def test_aws(pages: dict[str, str]) -> None:
    driver = create_clidriver()
    everywhere = set(driver._get_argument_table())

    for where, words in commands(pages, "aws"):
        command: Any = driver._get_command_table()[words[0]]
        depth = 1
        while depth < len(words) and (below := subcommands(command)):
            assert words[depth] in below, where
            command, depth = below[words[depth]], depth + 1
        known = everywhere | set(command.arg_table)
        assert {option.removeprefix("--") for option in options(words)} <= known, where
        required = {name for name, argument in command.arg_table.items() if argument.required and name != "paths"}
        assert {f"--{name}" for name in required} <= options(words), where
        if "--query" in words:
            query = jmespath.compile(words[words.index("--query") + 1]).parsed
            assert {*fields(query)} <= {*members(command._operation_model.output_shape)}, where


def fields(query: Any) -> Iterator[str]:
    """The names that a query looks up."""
    if query["type"] == "field":
        yield query["value"]
    for child in query["children"]:
        if isinstance(child, dict):  # else a bound of a slice
            yield from fields(child)


def members(shape: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The names in an answer of a service, at any depth."""
    if shape.name in above:
        return
    for name, member in getattr(shape, "members", {}).items():
        yield name
        yield from members(member, (*above, shape.name))
    if shape.type_name == "list":
        yield from members(shape.member, (*above, shape.name))


def subcommands(command: Any) -> dict[str, Any]:
    """What stands under a service, or under its ``wait``; nothing under an operation."""
    if hasattr(command, "_get_command_table"):
        return command._get_command_table()
    return getattr(command, "subcommand_table", {})


@pytest.mark.skipif(not PULUMI.exists(), reason="needs make engine")
def test_pulumi(pages: dict[str, str]) -> None:
    for where, words in commands(pages, "pulumi"):
        grouped = words[0] in {"config", "stack", "state"} and not words[1].startswith("-")
        said = helped(str(PULUMI), *words[: 1 + grouped])
        name = words[grouped]
        assert re.search(rf"^  pulumi .*\b{name}\b|^Aliases:\n.*\b{name}\b", said, re.MULTILINE), where
        assert options(words) <= set(re.findall(r"--[\w-]+", said)), where


@pytest.mark.skipif(not KUBECTL, reason="needs kubectl")
def test_kubectl(pages: dict[str, str]) -> None:
    listed = subprocess.run([str(KUBECTL), "options"], capture_output=True, text=True, check=True).stdout
    everywhere = set(re.findall(r"--[\w-]+", listed))

    for where, words in commands(pages, "kubectl"):
        start = 2 if words[0] == "--kubeconfig" else 0
        verb = words[start : start + 1 + (words[start] in {"auth", "create", "rollout", "top"})]
        said = helped(str(KUBECTL), *verb)
        assert f"kubectl {' '.join(verb)}" in said, where
        assert options(words) <= everywhere | set(re.findall(r"--[\w-]+", said)), where


@cache
def helped(*command: str) -> str:
    """What a command says of itself."""
    return subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout


def settings(component: str) -> type[Settings]:
    module = importlib.import_module(f"mlops_stacks.{component}")
    return getattr(module, f"{component.title()}Settings")


def test_settings_and_outputs(pages: dict[str, str]) -> None:
    catalogue = ours()

    for page, text in pages.items():
        for component, name in SETTING.findall(text):
            assert name in settings(component).model_fields, f"{page}: {component}.{name}"
        for component, name in OUTPUT.findall(text):
            assert name in catalogue.outputs(catalogue.contract(component)), f"{page}: {component}.{name}"
        for component, name in EITHER.findall(text):
            if component in catalogue.capabilities:
                known = {*settings(component).model_fields, *catalogue.outputs(catalogue.contract(component))}
                assert name in known, f"{page}: {component}.{name}"


def test_files(pages: dict[str, str], repository: Path) -> None:
    for page, text in pages.items():
        for file in FILE.findall(text.replace(".ENV.", ".dev.")):
            near = (repository / page).parent / file
            assert (repository / file).exists() or near.exists(), f"{page}: {file}"


def test_what_is_replaced_is_one_resource(pages: dict[str, str], production: Plan) -> None:
    urns = [resource["urn"] for program in production.programs for resource in program.resources]
    patterns = [pattern for text in pages.values() for pattern in re.findall(r"[`'](\*\*[^`' ]+)[`']", text)]

    assert patterns
    for pattern in patterns:
        assert len([urn for urn in urns if fnmatchcase(urn, pattern)]) == 1, pattern


def test_every_alarm_of_the_cloud_has_its_page(pages: dict[str, str], production: Plan) -> None:
    alarms = [
        resource
        for program in production.programs
        for resource in program.made
        if resource["type"] == "aws:cloudwatch/metricAlarm:MetricAlarm"
    ]

    assert alarms
    for alarm in alarms:
        page = pages[alarm["deepInputs"]["alarmDescription"].split()[-1]]
        # The component's name comes before what it is about.
        assert f"| `{alarm['name'].rpartition('-')[2]}` |" in page, alarm["name"]
        assert "## It is over when" in page


def test_every_runbook_is_in_the_readme(pages: dict[str, str], repository: Path) -> None:
    readme = (repository / "README.md").read_text()
    runbooks = [page for page in pages if page.startswith("docs/runbooks/")]

    assert runbooks
    for page in runbooks:
        assert f"[{pages[page].splitlines()[0].removeprefix('# ')}]({page})" in readme


def test_the_job_that_copies_a_database_is_one(repository: Path) -> None:
    job = yaml.safe_load((repository / "docs/runbooks/copy-database.yaml").read_text().replace("SERVICE", "tracking"))

    kubernetes_validate.validate(job, VERSION, strict=True)
    assert job["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":{database.VERSION}")
