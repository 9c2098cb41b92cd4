"""The audit's page tells what each environment of series-a has, as it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlops_stacks.audit import AuditSettings


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_what_the_page_says_of_an_environment_is_what_it_has(environment: str, repository: Path) -> None:
    table = (repository / "docs/audit.md").read_text().partition("| `audit.` |")[2].partition("\n\n")[0]
    names, _, *rows = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.splitlines())
    told = {name: yaml.safe_load(cells[names.index(environment)]) for name, *cells in rows}
    config = yaml.safe_load((repository / f"Pulumi.{environment}.yaml").read_text())["config"]["acme:platform"]
    has = AuditSettings(**config.get("audit", {})).model_dump(exclude={"recipients"})

    assert told == has
