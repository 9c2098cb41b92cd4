"""What is wrong with the settings of a repository's environments, before any program reads them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlops_scaffold.blueprint import PRODUCTION
from mlops_scaffold.clouds import ACCOUNT
from mlops_scaffold.errors import nearest
from mlops_scaffold.preview.plan import Finding, Program
from mlops_scaffold.preview.repository import Configuration, Repository

Configurations = Mapping[tuple[str, str], Configuration]
"""Environment and program to what the program is configured with there."""

SAME = ("aws:region", "aws:allowedAccountIds")
"""What all programs of an environment must have in common."""
RANGES = {"aws:ec2/vpc:Vpc": "cidrBlock"}
"""The types that are networks, each with the property that holds its range of addresses."""


def check(made: Program, configuration: Configuration) -> Iterator[Finding]:
    """Settings that nobody reads, an account that is none, or anybody's, and the tag of another environment."""
    for key in configuration.values:
        if key != f"{made.project}:platform" and nearest(key.rpartition(":")[2], ["platform"]):
            yield Finding(
                "error",
                "foreign-settings",
                f"'{key}' is read by nobody: the settings of this program are '{made.project}:platform'",
                source=configuration.document.where(("config", key)),
            )
    accounts = _parsed(configuration, "aws:allowedAccountIds")
    if accounts and not (isinstance(accounts, list) and all(ACCOUNT["aws"].fullmatch(str(each)) for each in accounts)):
        yield Finding(
            "error",
            "no-account",
            f"aws:allowedAccountIds is {json.dumps(accounts)}: it is a list of accounts, each the 12 digits of its id "
            "in quotes and without hyphens, such as ['123456789012']",
            source=configuration.document.where(("config", "aws:allowedAccountIds")),
        )
    tags = _parsed(configuration, "aws:defaultTags")
    tag = tags.get("tags", {}).get("environment", made.environment) if isinstance(tags, dict) else made.environment
    if tag != made.environment:
        yield Finding(
            "warning",
            "tag-of-another",
            f"the tag 'environment' says {tag} in the file of {made.environment}: budgets and the rights of CI go by "
            f"it. Make it '{made.environment}'",
            source=configuration.document.where(("config", "aws:defaultTags", "tags", "environment")),
        )
    if "aws:region" in configuration.values and not accounts:
        yield Finding(
            "warning",
            "account-not-pinned",
            "the account is not pinned: it would be whichever is logged in (make bootstrap pins it)",
            source=configuration.document.where(("config",)),
        )


def _parsed(configuration: Configuration, key: str) -> Any:
    """A value that is a list or a mapping; a text as it stands, and nothing for what is not there."""
    value = configuration.values.get(key)
    try:
        return json.loads(value) if value else None
    except ValueError:
        return value


def check_together(
    repository: Repository, configurations: Configurations, planned: Sequence[Program]
) -> Iterator[Finding]:
    """What is wrong only beside another program, or another environment."""
    yield from _apart(repository, configurations)
    yield from _as_any_other(repository, configurations)
    yield from _shared_accounts(repository, configurations)
    yield from _shared_ranges(planned)


def _apart(repository: Repository, configurations: Configurations) -> Iterator[Finding]:
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


def _as_any_other(repository: Repository, configurations: Configurations) -> Iterator[Finding]:
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


def _shared_accounts(repository: Repository, configurations: Configurations) -> Iterator[Finding]:
    """Which of these environments are production, in an account that another one is in as well."""
    root = repository.programs[0]
    # Also those that are not planned now.
    every = {name: repository.configuration(root, name) for name in repository.environments}
    accounts = {name: each.values.get("aws:allowedAccountIds") for name, each in every.items()}
    for production in sorted(PRODUCTION & {environment for environment, _ in configurations}):
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
                source=every[production].document.where(("config", "aws:allowedAccountIds")),
            )


def _shared_ranges(planned: Sequence[Program]) -> Iterator[Finding]:
    """Which networks of different environments have the same addresses."""
    networks: dict[str, list[tuple[Program, Mapping[str, Any]]]] = defaultdict(list)
    for program in planned:
        for resource in program.made:
            if isinstance(cidr := resource["inputs"].get(RANGES.get(resource["type"], "")), str):
                networks[cidr].append((program, resource))
    for cidr, found in networks.items():
        environments = list(dict.fromkeys(program.environment for program, _ in found))
        if len(environments) > 1:
            program, resource = found[-1]
            yield Finding(
                "warning",
                "range-shared",
                f"{' and '.join(environments)} have the same addresses, {cidr}, so they can never be joined, even in "
                "two accounts. Set network.cidr of one of them before its first 'up', which fixes it",
                program=program.project,
                environment=program.environment,
                urn=resource["urn"],
                source=resource.get("source"),
            )
