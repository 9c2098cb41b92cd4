"""What a person chose: the few values that, with the installed packages, decide every byte of a repository."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from mlops_scaffold import document
from mlops_scaffold.clouds import CLOUDS, CLOUDS_TO_COME, check_account, check_region
from mlops_scaffold.document import Document, Place, parse
from mlops_scaffold.errors import ScaffoldError, unknown

DEFAULT_NAME = "mlops-platform"
NAME = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,19}")
"""A project's name: it starts the physical name of every resource, of which the shortest limit is an IAM role's 64
characters (IAM user guide, "IAM and AWS STS quotas"); names of buckets allow only these characters."""
RESERVED = frozenset({"app", "cluster", "mlops", "pulumi", "settings", "aws", "sts", "kube"})
"""Names that a module of the repository, a Pulumi namespace or a cloud already has."""


def check_name(name: str) -> None:
    """Refuses what cannot be a project's name.

    Raises:
        ScaffoldError: Pulumi, the cloud or the repository itself would not bear it.
    """
    if "/" in name and Path(name).name:
        raise ScaffoldError(
            f"'{name[:60]}' is a path, and NAME is the project's name alone",
            where="NAME",
            then=f"mlops-scaffold new {Path(name).name} --output {Path(name).parent}",
        )
    if not NAME.fullmatch(name):
        raise ScaffoldError(
            f"'{name[:60]}' cannot be a project's name",
            where="NAME",
            allowed="2 to 20 characters: a to z, 0 to 9 and single hyphens, beginning with a letter",
        )
    if name in RESERVED:
        raise ScaffoldError(
            f"the name '{name}' is taken: a module of the repository or a part of Pulumi or Kubernetes has it",
            where="NAME",
            then="add a word, such as the company's",
        )


@dataclass(frozen=True)
class Answers:
    """What was asked for. Checked when made.

    Raises:
        ScaffoldError: a value that Pulumi or the cloud would refuse.
    """

    name: str
    stage: str
    cloud: str
    region: str = ""
    account: str = ""
    environments: Sequence[str] = ()
    """The environments to make; those of the stage unless named."""
    use: Mapping[str, str] = field(default_factory=dict)
    """Capability to variant."""
    set: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Capability to setting to value."""
    without: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.cloud not in CLOUDS:
            raise unknown("cloud", self.cloud, CLOUDS, "--cloud", CLOUDS_TO_COME)
        object.__setattr__(self, "region", self.region or CLOUDS[self.cloud])
        check_region(self.region, self.cloud)
        check_account(self.account, self.cloud)

    def delta(self) -> Document:
        """The same choices as one more delta on the stage."""
        components: dict[str, dict[str, Any]] = {}
        lines: dict[Place, str] = {(): "the command line"}
        for capability, variant in self.use.items():
            components.setdefault(capability, {}).update(on=variant, why=f"Chosen with --use {capability}={variant}.")
            lines["components", capability] = f"--use {capability}={variant}"
        for capability, settings in self.set.items():
            for key, value in settings.items():
                components.setdefault(capability, {})[key] = value
                lines["components", capability] = lines["components", capability, key] = (
                    f"--set {capability}.{key}={value}"
                )
        for index, name in enumerate(self.without):
            lines["without", index] = f"--without {name}"
        for environment in self.environments:
            lines["environments", environment] = "--environments"
        return Document(
            {
                "components": components,
                "without": list(self.without),
                "environments": {environment: {} for environment in self.environments},
                "new_environments": list(self.environments),
            },
            lines,
        )

    def command(self) -> str:
        """The command that asks for the same."""
        options = [("--stage", self.stage), ("--cloud", self.cloud), ("--region", self.region)]
        options += [("--account", self.account)] if self.account else []
        options += [("--environments", ",".join(self.environments))] if self.environments else []
        options += [("--use", f"{name}={variant}") for name, variant in self.use.items()]
        options += [
            ("--set", f"{name}.{key}={_flow(value)}") for name, keys in self.set.items() for key, value in keys.items()
        ]
        options += [("--without", ",".join(self.without))] if self.without else []
        words = ["mlops-scaffold", "new", self.name, *(word for option in options for word in option)]
        return shlex.join(words)

    def yaml(self) -> str:
        """The answers as a file that replays them."""
        values = {key: value for key, value in vars(self).items() if value}
        return yaml.safe_dump(values | {"environments": list(self.environments)}, sort_keys=False, allow_unicode=True)


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=float("inf")).removesuffix("\n").removesuffix("\n...")


class AnswersFile(BaseModel):
    """What a file of answers may say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = DEFAULT_NAME
    stage: str
    cloud: str
    region: str = ""
    account: str = ""
    environments: list[str] = Field(default_factory=list)
    use: dict[str, str] = Field(default_factory=dict)
    set: dict[str, dict[str, Any]] = Field(default_factory=dict)
    without: list[str] = Field(default_factory=list)


def read(path: Path, name: str | None = None) -> Answers:
    """Reads a file of answers.

    Args:
        path: the file.
        name: another name for the project than the file's.

    Raises:
        ScaffoldError: the file cannot be read, or says something that it may not.
    """
    found = document.validated(document.read(path), AnswersFile)
    return Answers(**vars(found if name is None else found.model_copy(update={"name": name})))


def pairs(given: Sequence[str], option: str) -> Mapping[str, str]:
    """Reads ``key=value`` options.

    Raises:
        ScaffoldError: one has no ``=``, or a key stands twice.
    """
    found: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ScaffoldError(f"'{pair}' has no value", where=option, allowed="key=value")
        if key in found:
            raise ScaffoldError(f"'{key}' is given twice", where=option)
        found[key] = value
    return found


def listed(given: Sequence[str], option: str) -> Sequence[str]:
    """Reads an option that takes names, separated by commas or given again and again.

    Raises:
        ScaffoldError: a name is empty, or stands twice.
    """
    names = [name.strip() for part in given for name in part.split(",")]
    for name in names:
        if not name or names.count(name) > 1:
            raise ScaffoldError(
                f"'{name}' is given twice" if name else "a name is empty", where=option, allowed="such as dev,prod"
            )
    return names


def settings(given: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Reads ``--set capability.key=value`` options; a value is read as YAML, as in a blueprint.

    Raises:
        ScaffoldError: one is not of that form.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, text in pairs(given, "--set").items():
        capability, dot, setting = key.partition(".")
        if not (capability and dot and setting):
            raise ScaffoldError(f"'{key}' names no setting", where="--set", allowed="capability.key=value")
        value = parse(f"value: {text}", f"--set {key}").data["value"]
        # A version such as 1.30 is a text, not the number 1.3; where a number is meant, a text will do.
        found.setdefault(capability, {})[setting] = text.strip() if isinstance(value, float) else value
    return found
