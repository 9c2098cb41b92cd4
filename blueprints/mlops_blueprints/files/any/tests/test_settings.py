"""What an environment's file sets is read: Pulumi passes over a key that no program asks for, and says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import plans
import pytest
import yaml

READ = {"platform"}
"""The keys of its own that a program reads; add yours if a program of yours reads another."""

SAME = ("aws:region", "aws:allowedAccountIds")
"""What the programs of an environment must have in common: they are in one place."""


def config(program: str, environment: str) -> Mapping[str, Any]:
    """What an environment's file sets for a program."""
    return yaml.safe_load((plans.ROOT / program / f"Pulumi.{environment}.yaml").read_text())["config"]


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
@pytest.mark.parametrize("key", SAME)
def test_the_programs_of_an_environment_are_in_one_place(key: str, environment: str) -> None:
    places = {program: config(program, environment).get(key) for program in plans.PROGRAMS}

    assert len({str(place) for place in places.values()}) == 1, f"{key} of {environment} differs: {places}"


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
@pytest.mark.parametrize("program", plans.PROGRAMS)
def test_an_account_is_one_and_the_tag_names_its_environment(program: str, environment: str) -> None:
    found = config(program, environment)
    file = f"{program}/Pulumi.{environment}.yaml"

    for account in found.get("aws:allowedAccountIds", []):
        assert re.fullmatch("[0-9]{12}", str(account)), f"{file}: {account} is no account: 12 digits, no hyphens"
    tag = found.get("aws:defaultTags", {}).get("tags", {}).get("environment", environment)
    assert tag == environment, f"{file}: the tag 'environment' says {tag}: budgets and the rights of CI go by it"


def test_no_file_was_copied_with_its_addresses() -> None:
    """Networks with the same addresses can never be joined; of those that no file sets, a preview tells."""
    ranges = {
        environment: settings["network"]["cidr"]
        for environment in plans.ENVIRONMENTS
        for key, settings in config(".", environment).items()
        if key.endswith(":platform") and "cidr" in settings.get("network", {})
    }
    shared = {name: cidr for name, cidr in ranges.items() if [*ranges.values()].count(cidr) > 1}

    assert not shared, f"{shared}: set network.cidr in Pulumi.<environment>.yaml before the first 'make up'"


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
@pytest.mark.parametrize("program", plans.PROGRAMS)
def test_every_key_is_one_that_the_program_reads(program: str, environment: str) -> None:
    project = yaml.safe_load((plans.ROOT / program / "Pulumi.yaml").read_text())["name"]
    keys = config(program, environment)

    named = [key.rpartition(":")[::2] for key in keys]
    assert {name for namespace, name in named if namespace in ("", project)} <= READ
    assert {namespace for namespace, name in named if name in READ} <= {"", project}
