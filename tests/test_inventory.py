"""What holds data, what is public, what runs all the time."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_scaffold.inventory import DATA, PUBLIC, RUNNING, inventory
from mlops_scaffold.preview.plan import Finding, Plan, Program
from mlops_scaffold.report import markdown
from mlops_scaffold.report.parts import unchecked

COMPONENT = {"urn": "c", "type": "mlops:platform:Store", "name": "store", "parent": None, "custom": False}


def plan(environment: str, kind: str, *, protect: bool = False, **inputs: Any) -> Program:
    resource = {"urn": "r", "type": kind, "name": "store-it", "parent": "c", "custom": True, "inputs": inputs}
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
        "### Holds data\n\n| component | what |  |\n|---|---|---|\n| store | instance it | protected in prod |"
    )
    assert "### Is public\n\nNothing." in text
    assert "| acme | **all** | 1 | 1 |" in text
