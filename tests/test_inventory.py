"""What holds data, what is public, what runs all the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mlops_blueprints
from mlops_scaffold.diff import compare
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.inventory import DATA, PUBLIC, RUNNING, inventory
from mlops_scaffold.preview.plan import Finding, Plan, Program
from mlops_scaffold.report import markdown
from mlops_scaffold.report.parts import unchecked

COMPONENT = {"urn": "c", "type": "mlops:platform:Store", "name": "store", "parent": None, "custom": False}


def plan(environment: str, kind: str, *, protect: bool = False, **inputs: Any) -> Program:
    resource = {
        "urn": f"urn:pulumi:dev::acme::{kind}::r",
        "type": kind,
        "name": "store-it",
        "parent": "c",
        "custom": True,
        "inputs": inputs,
    }
    return Program("acme", "", environment, [COMPONENT, {**resource, "protect": protect}], {})


def test_what_holds_data_is_known_by_its_type_or_its_protection() -> None:
    bucket, strange = "aws:s3/bucket:Bucket", "acme:x:Vault"
    found = inventory(
        Plan([plan("dev", bucket), plan("prod", bucket, protect=True), plan("prod", strange, protect=True)], [])
    )

    assert [(entry.type, entry.environments, entry.protected) for entry in found["holds data"]] == [
        (strange, ["prod"], ["prod"]),
        (bucket, ["dev", "prod"], ["prod"]),
    ]
    assert found["is public"] == found["runs all the time"] == []


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True}),
        ("aws:eks/cluster:Cluster", {}),
        ("aws:eks/cluster:Cluster", {"vpcConfig": {"publicAccessCidrs": ["203.0.113.7/32"]}}),
        ("aws:lb/loadBalancer:LoadBalancer", {}),
        ("aws:rds/instance:Instance", {"publiclyAccessible": True}),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"blockPublicAcls": True}),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "0.0.0.0/0"}),
        ("kubernetes:core/v1:Service", {"spec": {"type": "LoadBalancer"}}),
        ("kubernetes:eks.amazonaws.com/v1:IngressClassParams", {"spec": {"scheme": "internet-facing"}}),
    ],
)
def test_what_is_public_is_found_and_how(kind: str, inputs: dict[str, Any]) -> None:
    (entry,) = inventory(Plan([plan("dev", kind, **inputs)], []))["is public"]

    assert entry.how


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:ec2/subnet:Subnet", {}),
        ("aws:eks/cluster:Cluster", {"vpcConfig": {"endpointPublicAccess": False}}),
        ("aws:lb/loadBalancer:LoadBalancer", {"internal": True}),
        ("aws:rds/instance:Instance", {}),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.0/8"}),
        ("kubernetes:core/v1:Service", {"spec": {"type": "ClusterIP"}}),
        ("kubernetes:eks.amazonaws.com/v1:IngressClassParams", {"spec": {"scheme": "internal"}}),
    ],
)
def test_what_is_closed_is_not_called_public(kind: str, inputs: dict[str, Any]) -> None:
    assert inventory(Plan([plan("dev", kind, **inputs)], []))["is public"] == []


def test_a_type_that_nobody_knows_is_not_called_closed() -> None:
    strange = Plan([plan("dev", "aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE")], [])

    text = markdown.plan(strange)

    assert "Nothing that is known; not judged: aws:lambda/functionUrl:FunctionUrl." in text
    assert "- aws:lambda/functionUrl:FunctionUrl: whether it holds data, is public, or runs all the time" in text


OURS = (Path(mlops_blueprints.__file__).parent / "files/aws/prices/aws.yaml").read_text()
FUNCTION, CACHE = "aws:lambda/functionUrl:FunctionUrl", "aws:elasticache/replicationGroup:ReplicationGroup"


def judged(text: str, *programs: Program) -> Plan:
    return Plan([*programs], [], prices={"prices/aws.yaml": OURS, "prices/acme.yaml": text})


def test_a_price_is_no_judgement() -> None:
    priced = judged(f"free: {{a URL is free: ['{FUNCTION}']}}", plan("dev", FUNCTION, authorizationType="NONE"))

    assert "not judged: aws:lambda/functionUrl:FunctionUrl." in markdown.plan(priced)


def test_a_book_says_what_holds_data_and_runs_all_the_time() -> None:
    both = judged(
        f"judged: {{'{CACHE}': {{holds_data: true, always_on: true}}, '{FUNCTION}': {{}}}}", plan("dev", CACHE)
    )

    found = inventory(both)

    assert [entry.type for entry in found["holds data"]] == [CACHE]
    assert [entry.type for entry in found["runs all the time"]] == [CACHE]
    assert found["is public"] == []
    assert "not judged" not in markdown.plan(both)
    # What is removed has taken its book along.
    (change,) = compare(both, Plan([plan("dev", FUNCTION)], []), before="a", after="b").changes[:1]
    assert (change.kind, change.holds_data) == ("removed", True)


@pytest.mark.parametrize(
    ("public", "inputs", "how"),
    [
        ("authorizationType: NONE", {"authorizationType": "NONE"}, ['its authorizationType is "NONE"']),
        ("authorizationType: NONE", {"authorizationType": "AWS_IAM"}, None),
        ("network.open: true", {"network": {"open": True}}, ["its network.open is true"]),
        ("network.open: true", {}, None),
        ("internal: null", {}, ["its internal is not set"]),
        ("internal: null", {"internal": True}, None),
        ("network.open: true", {"network": {"$unknown": True}}, ["it may be: its network.open is known only after up"]),
    ],
)
def test_a_book_says_which_value_makes_a_type_public(
    public: str, inputs: dict[str, Any], how: list[str] | None
) -> None:
    entries = inventory(judged(f"judged: {{'{FUNCTION}': {{public: {{{public}}}}}}}", plan("dev", FUNCTION, **inputs)))[
        "is public"
    ]

    assert [entry.how for entry in entries] == ([how] if how else [])


def test_a_judgement_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ScaffoldError, match="not of the form"):
        inventory(judged(f"judged: {{'{FUNCTION}': {{holdsdata: true}}}}", plan("dev", FUNCTION)))


def test_what_was_not_checked_is_told_as_it_is() -> None:
    findings = [
        Finding("unchecked", "x", message) for message in ("A: its schema", "B: its schema", "a whole sentence")
    ]

    assert [*unchecked(Plan([], findings))][-2:] == ["A, B: its schema", "a whole sentence"]


def test_the_tables_name_types_as_pulumi_does() -> None:
    assert all(kind.count(":") == 2 for kind in (*DATA, *RUNNING, *PUBLIC))


def test_the_answers_come_first_and_say_where() -> None:
    kind = "aws:rds/instance:Instance"
    text = markdown.plan(Plan([plan("dev", kind), plan("prod", kind, protect=True)], []))

    assert text.startswith(
        "### Holds data\n\n| component | what |  |\n|---|---|---|\n| store | instance it | protected, but not in dev |"
    )
    assert "### Is public\n\nNothing." in text
    assert "| acme | **all** | 1 | 1 |" in text
