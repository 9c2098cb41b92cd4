"""The difference between two plans."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import write

import mlops_blueprints
from mlops_scaffold import report
from mlops_scaffold.diff import Value, compare, diff
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview.plan import Plan, Program
from mlops_scaffold.report import markdown


def plan(*resources: dict[str, Any], environment: str = "dev") -> Plan:
    return Plan([Program("acme", "", environment, [*resources], {})], [])


def bucket(name: str = "data", *, protect: bool = False, **inputs: Any) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:dev::acme::aws:s3/bucket:Bucket::{name}",
        "type": "aws:s3/bucket:Bucket",
        "name": name,
        "parent": None,
        "custom": True,
        "inputs": inputs,
        "protect": protect,
        "retainOnDelete": protect,
    }


def test_what_is_on_one_side_only_was_removed_or_added() -> None:
    found = compare(plan(bucket("old")), plan(bucket("new")), before="a", after="b")

    assert [(change.kind, change.name, change.holds_data) for change in found.changes] == [
        ("removed", "old", True),
        ("added", "new", True),
    ]


def test_another_region_and_what_holds_data_are_read_first(capsys: pytest.CaptureFixture[str]) -> None:
    def somewhere(region: str) -> Plan:
        provider = {"urn": "urn:p", "type": "pulumi:providers:aws", "name": "default", "parent": None, "custom": True}
        vpc = {**bucket("network"), "type": "aws:ec2/vpc:Vpc", "urn": "urn:pulumi:dev::acme::aws:ec2/vpc:Vpc::network"}
        there = [{**each, "inputs": {"region": region}} for each in (vpc, bucket())]
        return plan({**provider, "inputs": {"region": region}, "protect": False, "retainOnDelete": False}, *there)

    found = compare(somewhere("us-east-1"), somewhere("us-west-2"), before="a", after="b")
    report.difference(found, "text")

    first, region, data, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("dev: 2 changed")
    assert "the region changes from us-east-1 to us-west-2" in region
    assert data.strip() == "holds data, and is changed: bucket data in acme"
    assert rest
    assert "- the region changes" in markdown.difference(found)
    same = compare(somewhere("us-east-1"), somewhere("us-east-1"), before="a", after="b")
    assert "region" not in markdown.difference(same)


def test_a_changed_property_is_named_with_both_values() -> None:
    before = plan(bucket(tags={"a": "1"}, rules=[{"days": 7}]))
    after = plan(bucket(tags={"b": "2"}, rules=[{"days": 9}], protect=True))

    (change,) = compare(before, after, before="a", after="b").changes

    assert change.values == [
        Value("tags.a", "1", None),
        Value("tags.b", None, "2"),
        Value("rules[0].days", 7, 9),
        Value("protect", before=False, after=True),
        Value("retainOnDelete", before=False, after=True),
    ]


def test_a_policy_is_compared_by_what_it_says() -> None:
    one, other = ({"Statement": [{"Action": action}]} for action in ("s3:GetObject", "s3:*"))
    before, after = plan(bucket(policy=json.dumps(one))), plan(bucket(policy=json.dumps(other, indent=2)))

    (change,) = compare(before, after, before="a", after="b").changes

    assert change.values == [Value("policy.Statement[0].Action", "s3:GetObject", "s3:*")]


def test_the_same_plan_has_no_difference() -> None:
    assert compare(plan(bucket()), plan(bucket()), before="a", after="b").changes == []


def test_the_pull_request_sees_first_what_concerns_data() -> None:
    text = markdown.difference(compare(plan(bucket(a="x|y")), plan(bucket(a="z")), before="a", after="b"))

    assert text.index("**holds data**, and is changed: bucket data in acme") < text.index("<details>")
    assert "| changed | bucket data in acme | `a`: x&#124;y → z |" in text


def test_two_sums_by_use_strike_nothing_out() -> None:
    one, two = plan(bucket("a")), plan(bucket("a"), bucket("b"))

    text = markdown.difference(compare(one, two, before="one", after="two"))

    assert text.count("&#126;$") == 2
    assert "~" not in text, "GitHub strikes out what stands between two of them"


PROGRAM = {
    "Pulumi.yaml": "name: x\nruntime: python\n",
    "Pulumi.dev.yaml": "config:\n  x:length: 8\n",
    "Pulumi.prod.yaml": "config:\n  x:length: 16\n",
    "__main__.py": (
        "import pulumi, pulumi_random as random\n"
        "random.RandomPassword('it', length=pulumi.Config().require_int('length'),"
        " override_special=f'{pulumi.get_stack()}!')\n"
    ),
}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_commit_is_compared_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, PROGRAM)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    write(tmp_path, {"Pulumi.dev.yaml": "config:\n  x:length: 9\n"})
    monkeypatch.chdir(tmp_path)

    (change,) = diff("HEAD", ".").changes

    assert (change.environment, change.name, change.values) == ("dev", "it", [Value("length", 8, 9)])


def test_environments_differ_by_more_than_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, PROGRAM))

    (change,) = diff("dev", "prod").changes

    assert (change.environment, change.values) == ("dev → prod", [Value("length", 8, 16)])


def test_what_cannot_be_compared_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, PROGRAM))

    with pytest.raises(ScaffoldError, match="'--output=x' is nothing that could be compared"):
        diff("dev", "--output=x")


def test_a_price_that_was_corrected_is_no_difference() -> None:
    ours = (Path(mlops_blueprints.__file__).parent / "files/aws/prices/aws.yaml").read_text()
    mine = {"prices/aws.yaml": ours.replace("eks: {usd: 0.10,", "eks: {usd: 0.50,")}
    cluster = plan({**bucket("cluster"), "type": "aws:eks/cluster:Cluster"})

    found = compare(cluster, replace(cluster, prices=mine), before="a", after="b")

    # 730 hours at the second side's price.
    assert found.costs == {"dev": ("$365", "$365")}
