"""Previews a repository with nothing at hand: no Pulumi CLI, no account, no cluster, no network.

Each program runs twice in each environment. The *preview* pass knows as little as the engine does before anything
exists; the *deep* pass gives every output a typed placeholder, so that every ``apply`` runs and every manifest is
whole. The cluster program is fed with what the cloud program would output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlops_scaffold.errors import unknown
from mlops_scaffold.preview import kubernetes, names, promises, rights, settings
from mlops_scaffold.preview.plan import Finding, Plan, Program
from mlops_scaffold.preview.repository import Configuration, Repository, find, keys, sdk_modules
from mlops_scaffold.preview.session import Mode, Session

Answer = Mapping[str, Any]
MODES: tuple[Mode, ...] = ("preview", "deep")


def preview(
    folder: Path,
    environments: Sequence[str] | None = None,
    *,
    progress: Callable[[str], None] | None = None,
    session: Session | None = None,
    references: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """Plans the programs of a repository.

    Args:
        folder: the repository.
        environments: which environments; all unless named.
        progress: told what is going on.
        session: a warm process to use; one is started and ended unless given.
        references: what programs outside of the repository output, by the name of the stack (``organization/…``).

    Raises:
        ScaffoldError: there is no repository, no such environment, or its interpreter cannot run Pulumi programs.
    """
    repository = find(folder)
    for environment in environments or ():
        if environment not in repository.environments:
            raise unknown("environment", environment, repository.environments, "--env")
    wanted = list(environments or repository.environments)
    if session:
        return _plan(repository, wanted, session, progress, references or {})
    with open_session(repository) as own:
        return _plan(repository, wanted, own, progress, references or {})


def open_session(repository: Repository) -> Session:
    """A warm process for the programs of a repository."""
    return Session(repository.interpreter, sdk_modules(repository))


def _plan(
    repository: Repository,
    environments: Sequence[str],
    session: Session,
    progress: Callable[[str], None] | None,
    references: Mapping[str, Mapping[str, Any]],
) -> Plan:
    programs = repository.programs
    pending: dict[int, tuple[str, Mode, int]] = {}
    answers: dict[tuple[str, str, Mode], Answer] = {}
    configurations = {
        (environment, program): repository.configuration(program, environment)
        for environment in environments
        for program in programs
    }

    def start(environment: str, mode: Mode, step: int) -> None:
        program = programs[step]
        before = {
            f"organization/{repository.project(other)}/{environment}": answers[environment, other, mode]["raw_outputs"]
            for other in programs[:step]
        }
        configuration = configurations[environment, program]
        request = _request(repository, program, environment, mode, configuration, {**references, **before})
        pending[session.send(request)] = (environment, mode, step)

    for environment in environments:
        for mode in MODES:
            start(environment, mode, 0)
    while pending:
        answer = session.receive()
        environment, mode, step = pending.pop(answer["id"])
        answers[environment, programs[step], mode] = answer
        if progress:
            progress(f"{answer['project']} in {environment}: {mode} pass")
        if step + 1 < len(programs) and not answer["error"]:
            start(environment, mode, step + 1)

    planned: list[Program] = []
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    incomplete: dict[str, list[str]] = {}
    for environment in environments:
        for program in programs:
            passes = [answers[environment, program, mode] for mode in MODES if (environment, program, mode) in answers]
            if not passes or any(answer["error"] for answer in passes):
                incomplete.setdefault(environment, []).append(repository.project(program))
            if not passes:
                why = "not planned: the program that it builds on fails"
                findings.append(Finding("unchecked", "not-planned", f"{repository.project(program)}: {why}"))
                continue
            made = _program(program, environment, passes)
            planned.append(made)
            configuration = configurations[environment, program]
            found = [*_found(made, passes, configuration, _kubernetes_version(planned, environment))]
            # All programs name what they make by the first one's project (``pulumi:autonaming``, compose.py).
            found += names.check(made.made, repository.project(programs[0]), environment)
            found += promises.check(repository, made)
            findings += [
                replace(_explained(finding, repository), program=made.project, environment=environment)
                for finding in found
            ]
            quirks = [_finding(item) for answer in passes for item in answer["suppressed"]]
            suppressed += [
                replace(quirk, program=made.project, environment=environment) for quirk in dict.fromkeys(quirks)
            ]
        findings += rights.check([program for program in planned if program.environment == environment])
    findings += settings.check_together(repository, configurations, planned)
    findings += [Finding("warning", "not-locked", message) for message in repository.unlocked()]
    return Plan(planned, findings, suppressed, _notes(repository), repository.prices, incomplete)


def _request(
    repository: Repository,
    program: str,
    environment: str,
    mode: Mode,
    configuration: Configuration,
    references: Mapping[str, Any],
) -> Mapping[str, Any]:
    return {
        "root": str(repository.folder),
        "program": str(repository.folder / program),
        "project": repository.project(program),
        "environment": environment,
        "config": configuration.values,
        "secret_keys": configuration.secret_keys,
        "mode": mode,
        "references": references,
        "path": [] if repository.has_own_interpreter else [str(repository.folder)],
        "expected_packages": {name: str(folder) for name, folder in repository.packages.items()},
    }


def _notes(repository: Repository) -> Sequence[str]:
    if repository.has_own_interpreter:
        return []
    return ["planned with the tool's own packages: 'make setup' gives the repository its own"]


def _program(folder: str, environment: str, passes: Sequence[Answer]) -> Program:
    """Both passes as one: the resources of the preview pass, each with the deep pass's inputs where they differ."""
    shallow, *deeper = passes
    deep = {resource["urn"]: resource for answer in deeper for resource in answer["resources"]}
    resources: list[dict[str, Any]] = []
    for resource in shallow["resources"]:
        other = deep.pop(resource["urn"], resource)
        differs = other["inputs"] != resource["inputs"]
        resources.append({**resource, "deepInputs": other["inputs"]} if differs else dict(resource))
    # What is made inside an apply, the engine's preview cannot show either.
    resources += [{**resource, "onlyDeep": True} for resource in deep.values()]
    return Program(shallow["project"], folder, environment, resources, shallow["outputs"])


def _found(
    made: Program, passes: Sequence[Answer], configuration: Configuration, version: str | None
) -> Iterator[Finding]:
    """Everything to be said about a program, each thing once."""
    seen: dict[tuple[Any, ...], Finding] = {}
    for answer in passes:
        for finding in _answered(answer, configuration):
            seen.setdefault((finding.code, finding.urn, finding.path, finding.message), finding)
    yield from seen.values()
    yield from kubernetes.check(made.resources, version)
    for resource in made.resources:
        if resource.get("onlyDeep"):
            yield Finding(
                "note",
                "made-in-apply",
                "is made inside an apply: a preview by the engine does not show it before the first up",
                urn=resource["urn"],
                source=resource.get("source"),
            )
    yield from settings.check(made, configuration)


def _answered(answer: Answer, configuration: Configuration) -> Iterator[Finding]:
    if answer["error"]:
        yield from _failure(answer["error"], configuration)
    sources = {resource["urn"]: resource.get("source") for resource in answer["resources"]}
    for diagnostic in answer["diagnostics"]:
        if diagnostic["severity"] in ("error", "warning"):
            urn, message = diagnostic.get("urn"), diagnostic["message"]
            source = configuration.named_in(message) or sources.get(urn)
            yield Finding(diagnostic["severity"], "program", message, urn=urn, source=source)
    yield from map(_finding, answer["findings"])
    for message in answer["unchecked"]:
        yield Finding("unchecked", "unchecked", message)


def _finding(item: Mapping[str, Any]) -> Finding:
    return Finding(
        item.get("severity", "note"),
        item["code"],
        item["message"],
        urn=item.get("urn"),
        path=item.get("path"),
        source=item.get("source"),
        reason=item.get("reason"),
    )


SETTING = re.compile(r"Pulumi\.[\w.-]+\.yaml: (?P<place>(?P<key>[\w-]+:\w+)(\.(?P<path>\S+))?): (?P<problem>.+)")
"""How ``mlops_stacks.component.load`` words a setting that is not allowed."""


def _failure(error: Mapping[str, Any], configuration: Configuration) -> Iterator[Finding]:
    """What ended a program; a setting that is not allowed is traced to its line."""
    lines = [SETTING.fullmatch(line) for line in error["message"].splitlines()]
    matches = [match for match in lines if match]
    for match in matches:
        where = configuration.document.where(("config", match["key"], *keys(match["path"] or "")))
        yield Finding("error", "setting", f"{match['path'] or match['key']}: {match['problem']}", source=where)
    if not matches:
        frames = "".join(f"\n  at {frame}" for frame in error["frames"])
        source = configuration.named_in(error["message"]) or error.get("source")
        yield Finding("error", "program", f"{error['type']}: {error['message']}{frames}", source=source)


MISSING = re.compile(r"ModuleNotFoundError: No module named '(?P<top>\w+)")


def _explained(finding: Finding, repository: Repository) -> Finding:
    """With what to do where a module is missing: it is not locked, or not installed."""
    missing = MISSING.match(finding.message)
    if not missing or missing["top"] in repository.packages:
        return finding
    says = f" imports '{missing['top']}', which requirements.txt"
    generally = (
        "if the lock, requirements.txt, holds it, run 'make setup'; if not, name it in pyproject.toml first, and "
    )
    why = next((found for found in repository.unlocked() if says in found), f"{generally}run 'make lock'")
    return replace(finding, message=f"{finding.message}\n  {why}")


def _kubernetes_version(programs: Sequence[Program], environment: str) -> str | None:
    """The version of the cluster that a program of the same environment makes."""
    properties = {"aws:eks/cluster:Cluster": "version", "gcp:container/cluster:Cluster": "minMasterVersion"}
    resources = (resource for program in programs if program.environment == environment for resource in program.made)
    return next(
        (
            resource["inputs"].get(properties[resource["type"]])
            for resource in resources
            if resource["type"] in properties
        ),
        None,
    )
