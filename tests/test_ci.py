"""What CI may do fits what the platform is made of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CONNECTED

from mlops_scaffold.preview.plan import Plan
from mlops_stacks.identity import IdentitySettings
from mlops_stacks.identity._rights import Place, encryption, make
from mlops_stacks.images import ImagesSettings

IAM_NAMES = {
    "cloudwatch/eventRule": "events",
    "cloudwatch/eventTarget": "events",
    "cloudwatch/logGroup": "logs",
    "vpc": "ec2",
    "cfg": "config",
    "costexplorer": "ce",
}
"""Services, and types of resources, that IAM knows by another service's name."""

LIMIT = 6144
"""The most characters of a managed policy, white space apart (IAM User Guide, IAM and AWS STS quotas)."""


def resources(plan: Plan) -> Iterator[dict[str, Any]]:
    return (resource for program in plan.programs for resource in program.made)


def policies(plan: Plan) -> dict[str, str]:
    """The policies of the platform, name to text."""
    return {
        resource["name"]: resource["deepInputs"]["policy"]
        for resource in resources(plan)
        if resource["type"] == "aws:iam/policy:Policy"
    }


def rights(plan: Plan) -> list[dict[str, Any]]:
    """What the role that deploys may do."""
    return [
        statement
        for name, text in policies(plan).items()
        if name not in ("identity", "identity-preview")
        for statement in json.loads(text)["Statement"]
    ]


def test_ci_may_make_something_of_every_service_that_is_used(production: Plan) -> None:
    used = {resource["type"].split(":")[1] for resource in resources(production) if "aws:" in resource["type"]}
    allowed = {action.split(":")[0] for statement in rights(production) for action in statement["Action"]}

    services = {IAM_NAMES.get(kind, kind.split("/")[0]) for kind in used}
    assert {IAM_NAMES.get(service, service) for service in services} <= allowed


def test_ci_cannot_make_a_network_its_own_by_a_tag(production: Plan) -> None:
    """Whoever tags another environment's network as this one's may delete it.

    Without a condition, ``CreateTags`` holds for what exists, too (EC2 User Guide, *Grant permission to tag Amazon EC2
    resources during creation*).
    """
    tagging = [statement for statement in rights(production) if "ec2:CreateTags" in statement["Action"]]

    assert tagging
    for statement in tagging:
        (keys,) = statement["Condition"].values()
        assert keys["aws:ResourceTag/environment"] == "prod"


def test_ci_attaches_the_policies_of_aws_that_the_platform_needs_and_no_other(production: Plan) -> None:
    """Whoever may attach any policy may attach AdministratorAccess (IAM User Guide, *Permissions boundaries*)."""
    needed = {
        resource["deepInputs"]["policyArn"]
        for resource in resources(production)
        if resource["type"] == "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        # CI's own roles are not CI's to change.
        and not resource["name"].startswith("identity-")
    }
    attaching = [
        statement
        for text in policies(production).values()
        for statement in json.loads(text)["Statement"]
        if {"iam:AttachRolePolicy", "iam:DetachRolePolicy"} & {*statement.get("Action", [])}
    ]

    assert needed
    assert len(attaching) == 2, "of the role and of the boundary"
    for statement in attaching:
        named = {*statement["Condition"]["ArnEquals"]["iam:PolicyARN"]}
        assert needed <= named
        assert not any("*" in arn or arn.endswith(("AdministratorAccess", "IAMFullAccess")) for arn in named)


def test_ci_decrypts_nothing_by_itself(production: Plan) -> None:
    """It uses keys through services, and grants them to services (KMS Developer Guide, *Condition keys*)."""
    key, secrets = (f"arn:aws:kms:us-east-1:123456789012:key/{name}" for name in ("data", "secrets"))
    place = Place("aws", "us-east-1", "123456789012", "acme", "prod")

    for statement in encryption(place, data=key, secrets=secrets):
        conditions = {key for test in statement.get("Condition", {}).values() for key in test}
        if "kms:CreateGrant" in statement["Action"]:
            assert conditions == {"kms:GrantIsForAWSResource"} or statement["Resource"] == [secrets]
        if {"kms:Decrypt", "kms:GenerateDataKey"} & {*statement["Action"]}:
            assert conditions == {"kms:ViaService"}
    using = [statement for statement in rights(production) if "kms:Decrypt" in statement["Action"]]
    assert all(statement["Condition"] for statement in using)


def test_dev_keeps_more_images_than_it_makes_between_two_releases(repository: Path) -> None:
    """There CI builds one for each commit; what runs is forgotten like the rest (ECR: sorted by ``pushed_at_time``)."""
    settings = yaml.safe_load((repository / "Pulumi.dev.yaml").read_text())["config"]["acme:platform"]

    assert settings["images"]["releases"] >= 4 * ImagesSettings().releases


def test_ci_writes_the_records_of_the_gateway_and_no_other(production: Plan) -> None:
    (writing,) = (each for each in rights(production) if "route53:ChangeResourceRecordSets" in each["Action"])
    made = [
        resource["deepInputs"] for resource in resources(production) if resource["type"] == "aws:route53/record:Record"
    ]

    names = writing["Condition"]["ForAllValues:StringLike"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"]
    types = writing["Condition"]["ForAllValues:StringEquals"]["route53:ChangeResourceRecordSetsRecordTypes"]
    assert writing["Resource"] == [f"arn:aws:route53:::hostedzone/{CONNECTED['gateway']['hosted_zone']}"]
    assert names == ["predict.example.com", "_*.predict.example.com"]
    assert {record["type"] for record in made} == {*types}
    assert "predict.example.com" in {record["name"] for record in made}


def test_without_a_domain_ci_writes_no_record() -> None:
    place = Place("aws", "us-east-1", "123456789012", "acme", "prod")
    rights = make(place, {"data": "data", "secrets": "secrets"}, "boundary", domain="", hosted_zone="")

    assert "route53" not in json.dumps(rights)


def test_policies_are_short_enough(production: Plan) -> None:
    lengths = {name: len("".join(text.split())) for name, text in policies(production).items()}

    assert {name: length for name, length in lengths.items() if length > LIMIT} == {}


def test_every_role_has_the_boundary(production: Plan) -> None:
    roles = [resource for resource in resources(production) if resource["type"] == "aws:iam/role:Role"]

    assert [role["name"] for role in roles if not role["deepInputs"].get("permissionsBoundary")] == []


@pytest.mark.parametrize("name", ["", "acme/ml", "acme-inc/ml.platform_2", "acme@123/ml@456"])
def test_a_repository(name: str) -> None:
    assert IdentitySettings(repository=name).repository == name


@pytest.mark.parametrize(
    "name", ["ml", "acme/*", "acme/ml:environment", "acme@1/ml", "acme/ml@1", "https://github.com/a/b"]
)
def test_no_repository(name: str) -> None:
    with pytest.raises(ValueError, match="such as acme/ml"):
        IdentitySettings(repository=name)


def test_a_job_finds_out_where_it_works(repository: Path, production: Plan) -> None:
    file = repository / "Pulumi.prod.yaml"
    before = file.read_text()
    settings = yaml.safe_load(before)
    settings["config"]["acme:platform"]["runners"] = CONNECTED["runners"]
    file.write_text(yaml.safe_dump(settings))

    done = subprocess.run(
        [sys.executable, "scripts/jobs.py", "dev", "prod"], cwd=repository, capture_output=True, text=True, check=True
    )
    file.write_text(before)

    (job,) = json.loads(done.stdout)
    made = {resource.get("deepInputs", {}).get("name") for resource in resources(production)}
    assert job["environment"] == "prod"
    assert {job["preview"].split("/")[1], job["deploy"].split("/")[1]} <= made
    assert job["machine"].removeprefix("codebuild-") in made
    assert (
        f"arn:aws:s3:::{job['backend'].removeprefix('s3://').partition('?')[0]}/"
        in policies(production)["identity-deploy"]
    )
