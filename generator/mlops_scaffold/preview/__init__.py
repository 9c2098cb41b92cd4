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

from mlops_scaffold.errors import nearest, unknown
from mlops_scaffold.preview import kubernetes, names, promises, rights
from mlops_scaffold.preview.plan import Finding, Plan, Program
from mlops_scaffold.preview.repository import Configuration, Repository, find, keys, sdk_modules
from mlops_scaffold.preview.session import Mode, Session

Answer = Mapping[str, Any]
MODES: tuple[Mode, ...] = ("preview", "deep")
SAME = ("aws:region", "aws:allowedAccountIds")
"""What all programs of an environment must have in common."""
PRODUCTION = {"prod", "production"}
"""The environments that people depend on, by name."""


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
            findings += [
                replace(_explained(finding, repository), program=made.project, environment=environment)
                for finding in found
            ]
            findings += promises.check(repository, made)
            quirks = [_finding(item) for answer in passes for item in answer["suppressed"]]
            suppressed += [
                replace(quirk, program=made.project, environment=environment) for quirk in dict.fromkeys(quirks)
            ]
        findings += rights.check([program for program in planned if program.environment == environment])
    findings += _apart(repository, configurations)
    findings += _as_any_other(repository, configurations)
    findings += _shared_accounts(repository, environments)
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
    for key in configuration.values:
        if key != f"{made.project}:platform" and nearest(key.rpartition(":")[2], ["platform"]):
            yield Finding(
                "error",
                "foreign-settings",
                f"'{key}' is read by nobody: the settings of this program are '{made.project}:platform'",
                source=configuration.document.where(("config", key)),
            )
    if "aws:region" in configuration.values and "aws:allowedAccountIds" not in configuration.values:
        yield Finding(
            "warning",
            "account-not-pinned",
            "the account is not pinned: it would be whichever is logged in (make bootstrap pins it)",
            source=configuration.document.where(("config",)),
        )


def _apart(repository: Repository, configurations: Mapping[tuple[str, str], Configuration]) -> Iterator[Finding]:
    """What the programs of an environment have in common, and its files do not say alike."""
    root = repository.programs[0]
    for (environment, program), own in configurations.items():
        first = configurations[environment, root]
        for key in SAME:
            here, there = own.values.get(key), first.values.get(key)
            if here and there and here != there:
                yield Finding(
                    "error",
                    "programs-apart",
                    f"{key} is {here} here, and {there} in {first.document.where(('config', key))}: the programs of an "
                    "environment are in one place. Give both files the same",
                    program=repository.project(program),
                    environment=environment,
                    source=own.document.where(("config", key)),
                )


def _as_any_other(repository: Repository, configurations: Mapping[tuple[str, str], Configuration]) -> Iterator[Finding]:
    """Which environments are production by name, and change none of the settings."""
    root = repository.programs[0]
    for environment in {environment: None for environment, _ in configurations if environment in PRODUCTION}:
        own = [each for (name, _), each in configurations.items() if name == environment]
        if (repository.folder / root / "settings.py").is_file() and not any(
            f"{each.project}:platform" in each.values for each in own
        ):
            yield Finding(
                "warning",
                "production-by-name",
                f"{environment} changes no setting, and has the defaults of settings.py: sizes, copies and retention "
                "that suit production stand in the file of an environment that the stage knows, such as prod",
                program=repository.project(root),
                environment=environment,
                source=own[0].document.where(("config",)),
            )


def _shared_accounts(repository: Repository, environments: Sequence[str]) -> Iterator[Finding]:
    """Which of these environments are production, in an account that another one is in as well."""
    root = repository.programs[0]
    configurations = {name: repository.configuration(root, name) for name in repository.environments}
    accounts = {name: each.values.get("aws:allowedAccountIds") for name, each in configurations.items()}
    for production in sorted(PRODUCTION & {*environments}):
        account = accounts[production]
        others = [name for name in repository.environments if name != production and accounts[name] == account]
        if account and others:
            yield Finding(
                "warning",
                "account-shared",
                f"{production} is in the same account as {' and '.join(others)}: whoever deploys there can come by any "
                "right here; names and tags guard against mistakes alone. Give it an account of its own",
                program=repository.project(root),
                environment=production,
                source=configurations[production].document.where(("config", "aws:allowedAccountIds")),
            )


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
    settings = [match for match in lines if match]
    for match in settings:
        where = configuration.document.where(("config", match["key"], *keys(match["path"] or "")))
        yield Finding("error", "setting", f"{match['path'] or match['key']}: {match['problem']}", source=where)
    if not settings:
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
