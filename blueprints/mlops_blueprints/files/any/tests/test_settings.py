"""What an environment's file sets is read: Pulumi passes over a key that no program asks for, and says nothing."""

from __future__ import annotations

import plans
import pytest
import yaml

READ = {"platform"}
"""The keys of its own that a program reads; add yours if a program of yours reads another."""


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
@pytest.mark.parametrize("program", plans.PROGRAMS)
def test_every_key_is_one_that_the_program_reads(program: str, environment: str) -> None:
    folder = plans.ROOT / program
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
    keys = yaml.safe_load((folder / f"Pulumi.{environment}.yaml").read_text())["config"]

    named = [key.rpartition(":")[::2] for key in keys]
    assert {name for namespace, name in named if namespace in ("", project)} <= READ
    assert {namespace for namespace, name in named if name in READ} <= {"", project}
