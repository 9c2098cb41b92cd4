"""``scripts/plan.py``: the page that a pull request shows. ``tests/engine`` gives it what the real engine prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_scaffold import cost
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.session import Session

STACK = "urn:pulumi:dev::acme"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is not known (pulumi, ``UnknownStringValue``)."""


def step(op: str, of: str, **more: Any) -> dict[str, Any]:
    """A step of the engine's digest."""
    values = {"password": "hunter2", "tags": {"a": "b"}}
    state = resource(of, **values)
    return {"op": op, "urn": state["urn"], "newState": state, "oldState": state, **more}


def resource(of: str, parent: str = "", **inputs: Any) -> dict[str, Any]:
    """A resource as the engine's digest has it: its name is in its URN alone."""
    types, _, _ = of.rpartition("::")
    kind = types.rpartition("$")[2]
    above = {"parent": f"{STACK}::{parent}"} if parent else {}
    return {"urn": f"{STACK}::{of}", "type": kind, "custom": not kind.startswith("mlops:"), "inputs": inputs, **above}


@pytest.fixture
def page(repository: Path) -> Callable[..., str]:
    """Makes the page of dev from previews."""

    def make(*previews: Any, script: Path = repository / "scripts/plan.py", **environment: str) -> str:
        given = "\n".join(preview if isinstance(preview, str) else json.dumps(preview) for preview in previews)
        done = subprocess.run(
            [sys.executable, script, "dev"],
            env={**{name: value for name, value in os.environ.items() if "GITHUB" not in name}, **environment},
            input=given,
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
        )
        return done.stdout

    return make


STEPS = [
    step("same", "pulumi:pulumi:Stack::acme-dev"),
    step("create", "mlops:platform:Keys$aws:kms/key:Key::keys-data"),
    step("update", "aws:s3/bucket:Bucket::data", diffReasons=["tags"]),
    step("create-replacement", "aws:rds/instance:Instance::database", replaceReasons=["kmsKeyId"]),
    step("replace", "aws:rds/instance:Instance::database", replaceReasons=["kmsKeyId"], diffReasons=["kmsKeyId", "x"]),
    step("delete-replaced", "aws:rds/instance:Instance::database"),
    step("delete", "aws:sqs/queue:Queue::<b>|`x`"),
]
COUNTS = {"same": 1, "create": 1, "update": 1, "replace": 1, "delete": 1}


def test_what_is_lost_comes_first_and_no_value_is_told(page: Callable[..., str]) -> None:
    said = page({"steps": STEPS, "changeSummary": COUNTS}, {"steps": STEPS[:1], "changeSummary": {"same": 1}})

    assert said.startswith("### dev\n\n**cost**: ")
    assert "**acme**: 1 to delete, 1 to replace, 1 to create, 1 to update; 1 stay as they are" in said
    rows = [line for line in said.partition("| step |")[2].splitlines() if line.startswith("| ")]
    assert rows == [
        "| delete | `aws:sqs/queue:Queue` | &#60;b&#62;&#124;&#96;x&#96; |  |",
        "| replace | `aws:rds/instance:Instance` | database | kmsKeyId |",
        "| create | `aws:kms/key:Key` | keys-data |  |",
        "| update | `aws:s3/bucket:Bucket` | data | tags |",
    ]
    assert "**acme**: no change; 1 stay as they are" in said
    assert "hunter2" not in said


def test_what_the_program_says_is_told_as_text(page: Callable[..., str]) -> None:
    said = page(
        {
            "diagnostics": [
                {"severity": "warning", "message": "warning: look at @everyone <img src=x>\n\n# and\n| this |"},
                {"severity": "error", "message": "x" * 5000},
                {"severity": "info", "message": "nothing"},
            ]
        }
    )

    assert "- *warning*: look at &#64;everyone &#60;img src=x&#62; &#35; and &#124; this &#124;\n" in said
    assert f"- *error*: {'x' * 500}\n" in said
    assert "nothing" not in said


def test_a_long_plan_is_cut_between_two_lines(page: Callable[..., str]) -> None:
    many = [step("create", f"acme:x:Bücket::bücket-{number}") for number in range(5000)]

    said = page({"steps": many, "changeSummary": {"create": 5000}})

    assert len(said) < 15_200
    assert said.count("- unknown: ") == 10
    assert "- and 4991 more" in said  # one of them: the cluster program is missing
    *_, row, empty, last = said.splitlines()
    assert row.endswith("|  |")
    assert (empty, last[-17:]) == ("", " shows all of it.")


def test_a_preview_that_failed_is_said(page: Callable[..., str]) -> None:
    for nothing in ("", "error: no credentials"):
        assert "**The preview failed**" in page(nothing)
        assert "There is no plan" in page(nothing)
    whole = {"steps": STEPS, "changeSummary": COUNTS}
    error = {"diagnostics": [{"severity": "error", "message": "error: it broke"}]}

    assert "**The preview failed**" not in page(whole, whole)
    for found in (page(whole), page(whole, error), page(whole, {**whole, **error})):
        assert "**The preview failed**" in found
        assert "+ ?`" in found or "`?`" in found
        assert "- unknown: not every program could be previewed" in found


NETWORK = "mlops:platform:Network::network"
GATEWAY = "mlops:platform:Network$aws:ec2/natGateway:NatGateway::nat"
CLUSTER = "aws:eks/cluster:Cluster::cluster"
DATABASE = "mlops:platform:Database$aws:rds/instance:Instance::database"


def database(machine: str) -> dict[str, Any]:
    inputs = {"engine": "postgres", "instanceClass": machine, "storageType": "gp3", "allocatedStorage": 20}
    return resource(DATABASE, "mlops:platform:Database::database", **inputs)


def change() -> list[dict[str, Any]]:
    """A NAT gateway is added, a cluster goes, a database gets a larger machine, and is replaced for it."""
    network, gateway, cluster = resource(NETWORK), resource(GATEWAY, NETWORK), resource(CLUSTER)
    above = resource("mlops:platform:Database::database")
    small, large = database("db.t4g.small"), database("db.t4g.medium")
    return [
        {"op": "same", "urn": network["urn"], "oldState": network, "newState": network},
        {"op": "same", "urn": above["urn"], "oldState": above, "newState": above},
        {"op": "create", "urn": gateway["urn"], "newState": gateway},
        {"op": "create-replacement", "urn": small["urn"], "oldState": small, "newState": large},
        {"op": "replace", "urn": small["urn"], "oldState": small, "newState": large},
        {"op": "delete-replaced", "urn": small["urn"], "oldState": small},
        {"op": "delete", "urn": cluster["urn"], "oldState": cluster},
    ]


def costs_of(said: str) -> list[str]:
    return [line for line in said.partition("|---|")[2].partition("</details>")[0].splitlines() if line[:2] == "| "]


def test_what_a_change_costs(page: Callable[..., str]) -> None:
    said = page({"steps": change(), "changeSummary": {"same": 2}}, {"steps": []})

    # By hand: a gateway is $0.045 an hour and for each of 100 GB (vpc/pricing); a db.t4g.medium $0.065 an hour, a small
    # one $0.032, and 20 GB $0.115 each (rds/postgresql/pricing); a cluster $0.10 an hour (eks/pricing).
    assert costs_of(said) == [
        f"| database | `${730 * 0.065 + 2.3:.0f}` | `+${730 * 0.033:.0f}` |",
        "| network | `$33 + ~$4.50` | `+$33 +~$4.50` |",
        "| - | `free` | `-$73` |",
        f"| together | `${730 * 0.065 + 2.3 + 32.85:.0f} + ~$4.50` | `-$16 +~$4.50` |",
    ]
    assert "**cost**: `$83 + ~$4.50` a month after this change, `-$16 +~$4.50` against now\n" in said
    assert "<details open>" in said
    assert "(docs/costs.md)" in said


def test_a_change_that_costs_nothing_is_folded(page: Callable[..., str]) -> None:
    said = page({"steps": change()[:2], "changeSummary": {"same": 2}}, {"steps": []})

    assert "the same as now" in said
    assert "<details><summary>" in said


def test_what_is_not_known_yet_is_named_and_no_secret_is_told(page: Callable[..., str]) -> None:
    made = {**database(UNKNOWN), "outputs": {"password": "hunter2"}}
    strange = resource("acme:queue/lake:Lake::lake", password="hunter2")
    steps = [{"op": "create", "urn": it["urn"], "newState": it} for it in (made, strange)]

    said = page({"steps": steps, "changeSummary": {"create": 2}}, {"steps": []})

    assert "- unknown: aws:rds/instance:Instance (database): what it is charged by is not in the plan: " in said
    assert "'instanceClass' is known only after up" in said
    assert "- unknown: acme:queue/lake:Lake (lake): the price book has no entry for this type" in said
    assert UNKNOWN not in said
    assert "hunter2" not in said


def test_a_preview_without_what_stays_has_no_costs(page: Callable[..., str]) -> None:
    said = page({"steps": change()[2:], "changeSummary": {"same": 2}}, {"steps": []})

    assert "**cost**: not known: the preview leaves out what stays as it is" in said
    assert "**acme**: " in said


def test_a_broken_book_costs_the_plan_nothing(page: Callable[..., str], repository: Path, tmp_path: Path) -> None:
    for folder in ("scripts", "prices"):
        shutil.copytree(repository / folder, tmp_path / folder)
    (tmp_path / "prices/mine.yaml").write_text("prices: {eks: {}}")

    said = page({"steps": change(), "changeSummary": {"same": 2}}, script=tmp_path / "scripts/plan.py")

    assert (
        "cannot be read at 'eks' under 'prices': it has no usd and no per and no page and no date (prices/mine.yaml:1)"
        in said
    )
    assert "| delete | `aws:eks/cluster:Cluster` | cluster |" in said


def test_on_github_the_link_is_one(page: Callable[..., str]) -> None:
    there = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/ml"}

    assert "(https://github.com/acme/ml/blob/HEAD/docs/costs.md)" in page({"steps": change()}, **there)


def test_the_tool_and_the_repository_tell_the_same(repository: Path, session: Session) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/costs.py", "dev", "prod"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": f"tests{os.pathsep}{repository}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = cost.table(cost.estimate(preview(repository, ["dev", "prod"], session=session)))
    assert [line.split() for line in done.stdout.partition("\n\n")[0].splitlines()] == [
        " ".join(row).split() for row in found
    ]
    assert len(found) > 10


def comment(repository: Path, folder: Path, environments: str) -> str:
    """What the workflow would post, with these pages in the folder."""
    workflow = yaml.safe_load((repository / ".github/workflows/preview.yml").read_text())
    *_, last = workflow["jobs"]["comment"]["steps"]
    (folder / "bin").mkdir()
    (folder / "bin/gh").write_text('#!/bin/sh\necho "$@" >&2\ncat\n')
    (folder / "bin/gh").chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", last["run"]],
        cwd=folder,
        env={"PATH": path, "ENVIRONMENTS": environments, "RUN": "https://x/runs/1", "PULL_REQUEST": "https://x/1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "comment https://x/1 --edit-last --create-if-none --body-file -" in done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq, which GitHub's machines have")
def test_an_environment_without_a_page_is_in_the_comment(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "dev.md").write_text("### dev\n\nfine\n")
    (tmp_path / "staging.md").write_text("")

    said = comment(repository, tmp_path, '[{"environment":"dev"},{"environment":"staging"},{"environment":"prod"}]')

    failed = "**The preview failed** before there was a plan: [why](https://x/runs/1)."
    assert said == f"### dev\n\nfine\n\n### staging\n\n{failed}\n\n### prod\n\n{failed}\n\n"
