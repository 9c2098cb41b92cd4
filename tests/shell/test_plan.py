"""``scripts/plan.py``: the page that a pull request shows. ``tests/engine`` gives it what the real engine prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlops_stacks

SCRIPT = Path(mlops_stacks.__file__).parent / "runners/files/aws/scripts/plan.py"
STACK = "urn:pulumi:dev::acme"


def step(op: str, of: str, **more: Any) -> dict[str, Any]:
    """A step of the engine's digest."""
    values = {"password": "hunter2", "tags": {"a": "b"}}
    return {"op": op, "urn": f"{STACK}::{of}", "newState": {"inputs": values}, "oldState": {"inputs": values}, **more}


def page(*previews: Any) -> str:
    given = "\n".join(preview if isinstance(preview, str) else json.dumps(preview) for preview in previews)
    done = subprocess.run(
        [sys.executable, SCRIPT, "dev"], input=given, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return done.stdout


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


def test_what_is_lost_comes_first_and_no_value_is_told() -> None:
    said = page({"steps": STEPS, "changeSummary": COUNTS}, {"steps": STEPS[:1], "changeSummary": {"same": 1}})

    assert said.splitlines()[:3] == [
        "### dev",
        "",
        "**acme**: 1 to delete, 1 to replace, 1 to create, 1 to update; 1 stay as they are",
    ]
    rows = [line for line in said.splitlines() if line.startswith("| ")][1:]
    assert rows == [
        "| delete | `aws:sqs/queue:Queue` | &#60;b&#62;&#124;&#96;x&#96; |  |",
        "| replace | `aws:rds/instance:Instance` | database | kmsKeyId |",
        "| create | `aws:kms/key:Key` | keys-data |  |",
        "| update | `aws:s3/bucket:Bucket` | data | tags |",
    ]
    assert "**acme**: no change; 1 stay as they are" in said
    assert "hunter2" not in said


def test_what_the_program_says_is_told_as_text() -> None:
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


def test_a_long_plan_is_cut_between_two_lines() -> None:
    many = [step("create", f"aws:s3/bucket:Bucket::bücket-{number}") for number in range(5000)]

    said = page({"steps": many, "changeSummary": {"create": 5000}})

    assert len(said) < 15_200
    *_, row, empty, last = said.splitlines()
    assert row.endswith("|  |")
    assert (empty, last[-17:]) == ("", " shows all of it.")


def test_a_preview_that_failed_early_is_said() -> None:
    assert "There is no plan" in page("")
    assert "There is no plan" in page("error: no credentials")
