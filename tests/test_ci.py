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
from moto.iam.aws_managed_policies import aws_managed_policies_data
from simulate import allows, listed

from mlops_scaffold import inventory
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.rights import COVERED
from mlops_scaffold.preview.rights import service as service_of
from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import program
from mlops_stacks.identity import WATCHING, IdentitySettings
from mlops_stacks.identity._rights import Place, encryption, limits, make
from mlops_stacks.identity.aws import document
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
    # What watches is for people to make and to change.
    assert {IAM_NAMES.get(service, service) for service in services} - {*WATCHING} <= allowed
    assert not {*WATCHING} & allowed


QUEUE = """
from pulumi_aws import cloudwatch, sqs
from mlops_stacks.identity import IdentitySettings
from mlops_stacks.identity.aws import Identity
from mlops_stacks.keys import KeysSettings
from mlops_stacks.keys.aws import Keys

keys = Keys("keys", KeysSettings())
Identity("identity", IdentitySettings(repository="acme/ml", actions={actions}), keys=keys)
cloudwatch.LogGroup("requests")
sqs.Queue("requests")
sqs.Queue("failed")
"""


def test_a_service_that_ci_may_not_use_is_a_warning(tmp_path: Path, session: Session) -> None:
    plan = preview(program(tmp_path, QUEUE.format(actions=[])), session=session)

    (warning,) = plan.of("warning")
    assert "no right to any action of 'sqs'" in warning.message
    assert warning.source == "__main__.py:12"


def test_a_record_that_ci_may_not_write_has_a_setting_of_its_own(tmp_path: Path, session: Session) -> None:
    record = 'route53.Record("x", zone_id="Z0", name="x", type="CNAME", ttl=60, records=["y"])'
    source = QUEUE.format(actions=[]).replace("cloudwatch, sqs", "route53").partition("cloudwatch.")[0] + record
    plan = preview(program(tmp_path, source), session=session)

    (warning,) = plan.of("warning")
    assert "no right to any action of 'route53': name its domain and zone in identity.domain" in warning.message


def test_a_setting_gives_ci_the_right_to_what_is_called_as_ours(tmp_path: Path, session: Session) -> None:
    plan = preview(program(tmp_path, QUEUE.format(actions=["sqs:CreateQueue", "sqs:TagQueue"])), session=session)

    assert plan.of("warning") == []
    (given,) = [statement for statement in rights(plan) if statement["Action"] == ["sqs:CreateQueue", "sqs:TagQueue"]]
    # Amazon SQS Developer Guide, *Overview of managing access*: arn:aws:sqs:region:account-id:queue-name
    assert "arn:aws:sqs:eu-west-1:123456789012:acme-dev-*" in given["Resource"]
    assert all("acme-dev-" in resource for resource in given["Resource"])


BUCKET = (
    QUEUE.replace("cloudwatch, sqs", "s3").partition("cloudwatch.")[0]
    + """
bucket = s3.Bucket("data", bucket="acme-dev-data")
for number in "12":
    s3.AnalyticsConfiguration(number, name=number, bucket=bucket.bucket)
"""
)


def test_rights_to_a_service_are_none_to_types_that_nobody_looked_up(tmp_path: Path, session: Session) -> None:
    plan = preview(program(tmp_path, BUCKET.format(actions=[])), session=session)

    (warning,) = (each for each in plan.of("warning") if each.code == "ci-may-not")
    assert "rights to 's3' are for other types than aws:s3/analyticsConfiguration" in warning.message
    assert warning.source == "__main__.py:13"


def test_a_setting_gives_a_right_to_buckets_that_are_called_as_ours(tmp_path: Path, session: Session) -> None:
    plan = preview(program(tmp_path, BUCKET.format(actions=["s3:PutAnalyticsConfiguration"])), session=session)

    assert [each for each in plan.of("warning") if each.code == "ci-may-not"] == []
    (given,) = [each for each in rights(plan) if each["Action"] == ["s3:PutAnalyticsConfiguration"]]
    # Amazon S3 User Guide, *Policy resources for Amazon S3*: no region, no account.
    assert given["Resource"] == ["arn:aws:s3:::acme-dev-*"]


def test_the_rights_are_looked_up_for_all_that_the_platform_makes(production: Plan) -> None:
    made = {resource["type"] for resource in resources(production) if resource["type"].startswith("aws:")}

    made -= {kind for kind in made if service_of(kind) in WATCHING}
    assert [kind for kind in sorted(made) if kind.rpartition(":")[2] not in COVERED[service_of(kind)].split()] == []


LOOK = """
from mlops_stacks.identity import IdentitySettings
from mlops_stacks.identity.aws import Identity
from mlops_stacks.keys import KeysSettings
from mlops_stacks.keys.aws import Keys

keys = Keys("keys", KeysSettings())
Identity("identity", IdentitySettings(repository="acme/ml", pull_requests={pull_requests}), keys=keys)
"""


@pytest.mark.parametrize("pull_requests", [True, False])
def test_aws_refuses_pull_requests_an_environment_that_they_are_kept_out_of(
    pull_requests: bool, tmp_path: Path, session: Session
) -> None:
    plan = preview(program(tmp_path, LOOK.format(pull_requests=pull_requests)), session=session)

    (role,) = [each for each in resources(plan) if each["urn"].endswith("Role::identity-preview")]
    (statement,) = json.loads(role["deepInputs"]["assumeRolePolicy"])["Statement"]
    # GitHub documentation, *OpenID Connect reference*: filtering for pull_request events, and for a branch
    subjects = ["repo:acme/ml:pull_request"] * pull_requests + ["repo:acme/ml:ref:refs/heads/main"]
    assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == subjects


def test_ci_attaches_the_policies_of_aws_that_the_platform_needs_and_no_other(production: Plan) -> None:
    """Whoever may attach any policy may attach AdministratorAccess (IAM User Guide, *Permissions boundaries*)."""
    needed = {
        resource["deepInputs"]["policyArn"]
        for resource in resources(production)
        if resource["type"] == "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        # CI's own roles are not CI's to change.
        and not resource["name"].startswith("identity-")
    }
    (attaching,) = (each for each in rights(production) if "iam:AttachRolePolicy" in each["Action"])
    named = {*attaching["Condition"]["ArnEquals"]["iam:PolicyARN"]}

    assert needed
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


@pytest.mark.parametrize(("partition", "region"), [("aws", "ap-southeast-2"), ("aws-us-gov", "us-gov-west-1")])
def test_policies_are_short_enough_for_the_longest_name(partition: str, region: str) -> None:
    place = Place(partition, region, "123456789012", "m" * 20, "staging")
    key, policy = place.arn("kms", f"key/{'0' * 36}"), place.iam(f"policy/{place.prefix}identity-boundary")
    zone = {key: CONNECTED["identity"][key] for key in ("domain", "hosted_zone")}
    parts = {
        **make(place, {"data": key, "secrets": key}, policy, **zone),
        "boundary": limits(place, policy, [policy, policy], **zone),
    }

    for statements in parts.values():
        assert len("".join(document(statements).split())) <= LIMIT


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

    def listed(*options: str) -> str:
        command = [sys.executable, "scripts/jobs.py", *options, "dev", "prod"]
        return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout

    every, open_to_all = listed(), listed("--pull-request")
    settings["config"]["acme:platform"]["identity"] = {"pull_requests": False}
    file.write_text(yaml.safe_dump(settings))
    still_every, closed = listed(), listed("--pull-request")
    file.write_text(before)

    assert open_to_all == f"list={every}kept_out=\n"
    assert [job["environment"] for job in json.loads(still_every)] == ["prod"], "what is merged goes on"
    assert closed == "list=[]\nkept_out=prod\n"
    (job,) = json.loads(every)
    made = {resource.get("deepInputs", {}).get("name") for resource in resources(production)}
    assert job["environment"] == "prod"
    assert {job["preview"].split("/")[1], job["deploy"].split("/")[1]} <= made
    assert job["machine"].removeprefix("codebuild-") in made
    assert (
        f"arn:aws:s3:::{job['backend'].removeprefix('s3://').partition('?')[0]}/"
        in policies(production)["identity-deploy"]
    )


# -- what CI, and a role that it makes, may do: by simulation ------------------------------------------

ACCOUNT = "us-east-1:123456789012"
TAGS = {
    environment: {
        f"aws:ResourceTag/{key}": value for key, value in {"project": "acme", "environment": environment}.items()
    }
    for environment in ("dev", "prod")
}
MADE = {key.replace("Resource", "Request"): value for key, value in TAGS["prod"].items()}
"""The tags that Pulumi gives to what it makes (``aws:defaultTags``)."""

BOUNDARY = {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/acme-prod-identity-boundary"}
OURS = TAGS["prod"]
GROUP = {"aws:ResourceTag/aws:eks:cluster-name": "acme-prod-cluster"}
"""What EKS says of the security group that it makes with a cluster."""
ROLE = "arn:aws:iam::123456789012:role/acme-prod-audit-1a2b3c4"
ADMIN = "arn:aws:iam::123456789012:role/acme-prod-admin"


def boundary(plan: Plan) -> list[dict[str, Any]]:
    return json.loads(policies(plan)["identity"])["Statement"]


def ec2(kind: str) -> str:
    return f"arn:aws:ec2:{ACCOUNT}:{kind}/x-0a1b2c3d"


MAY = [
    # A role comes with its tags, under the boundary; whoever makes one with tags is asked for TagRole too.
    ("iam:CreateRole", ROLE, {**MADE, **BOUNDARY}),
    ("iam:TagRole", ROLE, {**MADE, **OURS}),
    ("iam:PutRolePolicy", ROLE, {**OURS, **BOUNDARY}),
    ("iam:UpdateAssumeRolePolicy", ROLE, OURS),
    ("iam:DeleteRole", ROLE, OURS),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "eks.amazonaws.com"}),
    # What is made has the tags of the request, what it is made in has its own (Service Authorization Reference, EC2).
    ("ec2:CreateVpc", ec2("vpc"), MADE),
    ("ec2:CreateSubnet", ec2("subnet"), MADE),
    ("ec2:CreateSubnet", ec2("vpc"), OURS),
    ("ec2:CreateNatGateway", ec2("subnet"), OURS),
    ("ec2:CreateNatGateway", ec2("elastic-ip"), OURS),
    ("ec2:CreateTags", ec2("vpc"), {**MADE, "ec2:CreateAction": "CreateVpc"}),
    ("ec2:CreateTags", ec2("subnet"), OURS),
    ("ec2:AttachInternetGateway", ec2("internet-gateway"), OURS),
    ("ec2:CreateRoute", ec2("route-table"), OURS),
    ("ec2:AssociateRouteTable", ec2("subnet"), OURS),
    ("ec2:AuthorizeSecurityGroupIngress", ec2("security-group"), OURS),
    ("ec2:AuthorizeSecurityGroupIngress", ec2("security-group-rule"), MADE),
    # The default group of a network that has just been made: Pulumi tags it as ours, and then takes away its rules,
    # which AWS made without tags (terraform-provider-aws, ``vpc_default_security_group.go``).
    ("ec2:CreateTags", ec2("security-group"), MADE),
    ("ec2:RevokeSecurityGroupIngress", ec2("security-group"), OURS),
    ("ec2:RevokeSecurityGroupIngress", ec2("security-group-rule"), {}),
    # The group that EKS makes with a cluster, which is tagged by one request a tag (terraform-provider-aws,
    # ``internal/service/ec2/tag_gen.go``).
    *(
        ("ec2:CreateTags", ec2("security-group"), {**GROUP, key: MADE[key], "aws:TagKeys": [key.rpartition("/")[2]]})
        for key in MADE
    ),
    ("inspector2:ListFindings", "*", {}),
    # KMS Developer Guide, *Controlling access to tags*: with a right that is not restricted to particular keys.
    ("kms:CreateKey", "*", MADE),
    ("kms:TagResource", f"arn:aws:kms:{ACCOUNT}:key/*", MADE),
    ("kms:EnableKeyRotation", f"arn:aws:kms:{ACCOUNT}:key/1", OURS),
    ("kms:CancelKeyDeletion", f"arn:aws:kms:{ACCOUNT}:key/1", OURS),
    ("acm:RequestCertificate", "*", MADE),
    ("acm:DeleteCertificate", f"arn:aws:acm:{ACCOUNT}:certificate/1", OURS),
    # What a new version, another size or a rule asks of what holds data: it is changed, and not made again.
    ("rds:ModifyDBInstance", f"arn:aws:rds:{ACCOUNT}:db:acme-prod-database-1a2b3c4", {}),
    ("eks:UpdateClusterVersion", f"arn:aws:eks:{ACCOUNT}:cluster/acme-prod-cluster", {}),
    ("s3:PutLifecycleConfiguration", "arn:aws:s3:::acme-prod-storage-data-1a2b3c4", {}),
    ("s3:PutBucketPolicy", "arn:aws:s3:::acme-prod-storage-data-1a2b3c4", {}),
    ("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{ACCOUNT}:secret:acme-prod-secrets-smtp-1a2b3c4", {}),
    # Who tells of money and of the database: Amazon SNS API, Subscribe.
    ("sns:Subscribe", f"arn:aws:sns:{ACCOUNT}:acme-prod-budget-1a2b3c4", {}),
    ("events:PutRule", f"arn:aws:events:{ACCOUNT}:rule/acme-prod-mine-1a2b3c4", {}),
    # RDS User Guide, *Permissions required for Secrets Manager integration*.
    ("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{ACCOUNT}:secret:rds!db-1", {}),
    ("secretsmanager:TagResource", f"arn:aws:secretsmanager:{ACCOUNT}:secret:rds!db-1", {}),
    ("s3:PutObject", "arn:aws:s3:::acme-pulumi-123456789012-us-east-1/.pulumi/locks/acme/acme/prod/1.json", {}),
]

MAY_NOT = [
    # Another tag on a cluster's group, or another environment's.
    ("ec2:CreateTags", ec2("security-group"), {**GROUP, "aws:RequestTag/project": "x", "aws:TagKeys": ["project"]}),
    ("ec2:CreateTags", ec2("security-group"), {**GROUP, "aws:RequestTag/owner": "x", "aws:TagKeys": ["owner"]}),
    ("kms:UntagResource", f"arn:aws:kms:{ACCOUNT}:key/1", OURS),
    # What a person has made, and called like one of ours.
    *(
        (f"iam:{action}", ADMIN, BOUNDARY)
        for action in ("PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary")
    ),
    *((f"iam:{action}", ADMIN, {}) for action in ("UpdateAssumeRolePolicy", "DeleteRole", "UpdateRole", "UntagRole")),
    ("iam:TagRole", ADMIN, MADE),
    ("iam:CreateRole", ROLE, MADE),
    ("iam:CreateRole", ROLE, BOUNDARY),
    ("iam:DeleteRolePermissionsBoundary", ROLE, OURS),
    ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::123456789012:role/acme-prod-identity-deploy", OURS),
    ("iam:CreatePolicyVersion", BOUNDARY["iam:PermissionsBoundary"], {}),
    # The network of another environment, and of a person.
    *(
        (f"ec2:{action}", ec2(kind), tags)
        for tags in ({}, TAGS["dev"])
        for action, kind in (
            ("AuthorizeSecurityGroupIngress", "security-group"),
            ("CreateRoute", "route-table"),
            ("AssociateRouteTable", "subnet"),
            ("AttachInternetGateway", "vpc"),
            ("CreateSubnet", "vpc"),
            ("CreateNatGateway", "subnet"),
            ("CreateTags", "vpc"),
            ("DeleteVpc", "vpc"),
        )
    ),
    *(("ec2:RevokeSecurityGroupIngress", ec2("security-group"), tags) for tags in ({}, TAGS["dev"])),
    ("ec2:CreateTags", ec2("security-group"), {}),
    ("ec2:CreateTags", ec2("security-group"), {**TAGS["dev"], **MADE}),
    ("kms:CreateKey", "*", {}),
    ("kms:TagResource", f"arn:aws:kms:{ACCOUNT}:key/1", {**MADE, **TAGS["dev"]}),
    *(("acm:DeleteCertificate", f"arn:aws:acm:{ACCOUNT}:certificate/1", tags) for tags in ({}, TAGS["dev"])),
    *(
        (f"secretsmanager:{action}", f"arn:aws:secretsmanager:{ACCOUNT}:secret:rds!db-1", {})
        for action in ("UpdateSecret", "DeleteSecret", "PutResourcePolicy", "GetSecretValue")
    ),
]

DELETING = {
    "aws:ecr/repository:Repository": (
        "ecr:DeleteRepository",
        f"arn:aws:ecr:{ACCOUNT}:repository/acme-prod-images-app-1a2b3c4",
    ),
    "aws:eks/cluster:Cluster": ("eks:DeleteCluster", f"arn:aws:eks:{ACCOUNT}:cluster/acme-prod-cluster"),
    "aws:kms/key:Key": ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{ACCOUNT}:key/1"),
    "aws:rds/instance:Instance": ("rds:DeleteDBInstance", f"arn:aws:rds:{ACCOUNT}:db:acme-prod-database-1a2b3c4"),
    "aws:s3/bucket:Bucket": ("s3:DeleteBucket", "arn:aws:s3:::acme-prod-storage-data-1a2b3c4"),
    "aws:secretsmanager/secret:Secret": (
        "secretsmanager:DeleteSecret",
        f"arn:aws:secretsmanager:{ACCOUNT}:secret:acme-prod-secrets-smtp-1a2b3c4",
    ),
}
"""By what a thing that holds data is deleted (Service Authorization Reference)."""

NOBODY_MAY = [
    # The grants by which services read what is ours.
    ("kms:RevokeGrant", f"arn:aws:kms:{ACCOUNT}:key/1", OURS),
    ("kms:RetireGrant", f"arn:aws:kms:{ACCOUNT}:key/1", OURS),
    # To be another role leads out of the boundary (IAM User Guide, *Permissions boundaries*): it is not taken along.
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/OrganizationAccountAccessRole", {}),
    ("sts:AssumeRole", ROLE, {}),
    # What is somebody else's, and acts with rights of its own.
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{ACCOUNT}:function:payroll", {}),
    ("ssm:SendCommand", ec2("instance"), {}),
    ("cloudformation:UpdateStack", f"arn:aws:cloudformation:{ACCOUNT}:stack/landing-zone/1", {}),
    ("codebuild:StartBuild", f"arn:aws:codebuild:{ACCOUNT}:project/release", {}),
    ("eks:CreateAccessEntry", f"arn:aws:eks:{ACCOUNT}:cluster/acme-dev-cluster", TAGS["dev"]),
    ("ec2:TerminateInstances", ec2("instance"), TAGS["dev"]),
    # What EKS has made for another environment's cluster, which tags it by the cluster's name: before and after the
    # platform's tags are on it.
    *(
        (f"ec2:{action}", ec2("security-group"), {f"aws:ResourceTag/{tag}": "acme-dev-cluster", **tags, **MADE})
        for action in (
            *("CreateTags", "DeleteTags", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
            *("AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules", "DeleteSecurityGroup"),
        )
        for tag in ("aws:eks:cluster-name", "eks:eks-cluster-name")
        for tags in ({}, TAGS["dev"])
    ),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{ACCOUNT}:key/1", TAGS["dev"]),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{ACCOUNT}:key/1", {"kms:ResourceAliases": ["alias/acme-pulumi"]}),
    ("s3:GetObject", "arn:aws:s3:::acme-dev-storage-data-1/x", {}),
    ("s3:GetObject", "arn:aws:s3:::acme-pulumi-123456789012-us-east-1/.pulumi/stacks/acme/dev.json", {}),
    *(
        (f"s3:{action}", "arn:aws:s3:::acme-pulumi-123456789012-us-east-1", {})
        for action in ("PutBucketPolicy", "DeleteBucket", "PutBucketVersioning", "PutLifecycleConfiguration")
    ),
    (
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{ACCOUNT}:secret:rds!db-1",
        {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{ACCOUNT}:db:acme-dev-database"},
    ),
    # Aurora's, which says which cluster it is of.
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{ACCOUNT}:secret:rds!cluster-1", {}),
    ("secretsmanager:PutResourcePolicy", f"arn:aws:secretsmanager:{ACCOUNT}:secret:payroll", {}),
    ("config:StartRemediationExecution", "*", {}),
    ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z9", {}),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/acme-dev-cluster", {"iam:PassedToService": "eks.amazonaws.com"}),
    (
        "route53:ChangeResourceRecordSets",
        f"arn:aws:route53:::hostedzone/{CONNECTED['gateway']['hosted_zone']}",
        {
            "route53:ChangeResourceRecordSetsRecordTypes": ["MX"],
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["example.com"],
        },
    ),
    # What watches, in whatever environment, this one included: CloudTrail User Guide, GuardDuty API, Config API.
    *(
        (f"cloudtrail:{action}", f"arn:aws:cloudtrail:{ACCOUNT}:trail/acme-{environment}-audit", {})
        for action in ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors")
        for environment in ("prod", "dev")
    ),
    *(
        (f"guardduty:{action}", f"arn:aws:guardduty:{ACCOUNT}:detector/1", tags)
        for action in ("DeleteDetector", "UpdateDetector", "CreateFilter", "CreateIPSet", "ArchiveFindings")
        for tags in ({}, OURS, TAGS["dev"])
    ),
    *(
        (f"config:{action}", "*", {})
        for action in (
            *("StopConfigurationRecorder", "DeleteConfigurationRecorder", "PutConfigurationRecorder"),
            *("DeleteDeliveryChannel", "PutDeliveryChannel"),
        )
    ),
    *(
        (f"s3:{action}", "arn:aws:s3:::acme-prod-audit-1a2b3c4", {})
        for action in (
            *("PutBucketPolicy", "DeleteBucketPolicy", "PutLifecycleConfiguration", "PutBucketVersioning"),
            *("PutBucketObjectLockConfiguration", "PutEncryptionConfiguration", "DeleteBucket"),
        )
    ),
    *(
        (f"s3:{action}", "arn:aws:s3:::acme-prod-audit-1a2b3c4/AWSLogs/x", {})
        for action in ("PutObject", "DeleteObject", "DeleteObjectVersion", "PutObjectRetention")
    ),
    # Who is told of an attack, and by what: EventBridge API, Amazon SNS API. A subscription has no resource of its own.
    *(
        (f"events:{action}", f"arn:aws:events:{ACCOUNT}:rule/acme-prod-audit-findings-1a2b3c4", {})
        for action in ("DisableRule", "DeleteRule", "RemoveTargets", "PutRule", "PutTargets")
    ),
    *(
        (f"sns:{action}", f"arn:aws:sns:{ACCOUNT}:acme-prod-audit-findings-1a2b3c4", {})
        for action in ("DeleteTopic", "SetTopicAttributes", "RemovePermission")
    ),
    ("sns:Unsubscribe", "*", {}),
    ("sns:SetSubscriptionAttributes", "*", {}),
    # Without its key, nobody reads the record (KMS API).
    *(
        (f"kms:{action}", f"arn:aws:kms:{ACCOUNT}:key/1", OURS)
        for action in ("ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "DisableKeyRotation")
    ),
    # What holds data, and the copies of it (RDS, S3 and ECR API).
    *((action, arn, OURS) for action, arn in DELETING.values()),
    ("rds:DeleteDBSnapshot", f"arn:aws:rds:{ACCOUNT}:snapshot:acme-prod-database-final", {}),
    ("rds:DeleteDBInstanceAutomatedBackup", f"arn:aws:rds:{ACCOUNT}:auto-backup:ab-1", {}),
    ("s3:DeleteObjectVersion", "arn:aws:s3:::acme-prod-storage-data-1a2b3c4/x", {}),
    ("ecr:BatchDeleteImage", f"arn:aws:ecr:{ACCOUNT}:repository/acme-prod-images-app-1a2b3c4", {}),
    *(
        (f"kms:{action}", f"arn:aws:kms:{ACCOUNT}:alias/acme-pulumi", {})
        for action in ("UpdateAlias", "DeleteAlias", "CreateAlias")
    ),
    ("s3:BypassGovernanceRetention", "arn:aws:s3:::acme-prod-audit-1/AWSLogs/x", {}),
    ("organizations:LeaveOrganization", "*", {}),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/me", {}),
]
"""By a role of CI's own making, whatever it is given: it has the boundary, and Allow * within it."""


@pytest.mark.parametrize(("action", "resource", "context"), MAY)
def test_ci_may(production: Plan, action: str, resource: str, context: dict[str, Any]) -> None:
    assert allows(rights(production), action, resource, context)
    assert allows(boundary(production), action, resource, context)


@pytest.mark.parametrize(("action", "resource", "context"), [*MAY_NOT, *NOBODY_MAY])
def test_ci_may_not(production: Plan, action: str, resource: str, context: dict[str, Any]) -> None:
    assert not (
        allows(rights(production), action, resource, context)
        and allows(boundary(production), action, resource, context)
    )


@pytest.mark.parametrize(("action", "resource", "context"), NOBODY_MAY)
def test_no_role_of_the_platform_may(production: Plan, action: str, resource: str, context: dict[str, Any]) -> None:
    assert not allows(boundary(production), action, resource, context)


@pytest.mark.parametrize(
    ("action", "context"),
    [(f"iam:{action}", {}) for action in ("UpdateAssumeRolePolicy", "DeleteRole", "UpdateRole")]
    + [("iam:TagRole", MADE), ("iam:PutRolePolicy", BOUNDARY), ("iam:PutRolePermissionsBoundary", BOUNDARY)],
)
def test_no_role_of_the_platform_takes_over_a_persons(production: Plan, action: str, context: dict[str, Any]) -> None:
    assert not allows(boundary(production), action, ADMIN, context)


def test_the_boundary_leaves_every_role_what_its_own_policies_give(production: Plan) -> None:
    """A role may do what both allow, so what only its own policies allow is missing when it is needed."""
    missing = [
        (resource["name"], action, target)
        for resource in resources(production)
        if resource["type"] == "aws:iam/rolePolicy:RolePolicy"
        for statement in json.loads(resource["deepInputs"]["policy"])["Statement"]
        for action in listed(statement["Action"])
        for target in listed(statement["Resource"])
        if not allows(boundary(production), action, target, OF_OUR_DATABASE)
    ]

    assert missing == []


OF_OUR_DATABASE = {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{ACCOUNT}:db:acme-prod-database-1"}
"""What RDS writes on the secret of a database's administrator."""


def test_the_boundary_leaves_ci_what_its_policies_give(production: Plan) -> None:
    missing = [
        (statement["Sid"], action, target)
        for statement in rights(production)
        for action in listed(statement["Action"])
        for target in listed(statement["Resource"])
        # Several services may stand in one statement, each with resources of its own.
        if target == "*" or action.split(":")[0] == target.split(":")[2]
        if not allows(boundary(production), action, target, ideal(statement))
    ]

    assert missing == []


def ideal(statement: dict[str, Any]) -> dict[str, Any]:
    """A request that fulfils a statement's conditions."""
    conditions = {operator: keys for operator, keys in statement.get("Condition", {}).items() if operator != "Null"}
    given = {key: value for keys in conditions.values() for key, value in keys.items()}
    # Without the state's key, of which the boundary keeps hands off what no policy gives.
    return OURS | BOUNDARY | {key: value for key, value in given.items() if key != "kms:ResourceAliases"}


@pytest.mark.parametrize(
    "name",
    [
        *("AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicyV2"),
        *("AmazonEKSNetworkingPolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
        *("AmazonEC2ContainerRegistryPullOnly", "AmazonRDSEnhancedMonitoringRole", "AmazonEKSLoadBalancingPolicy"),
    ],
)
def test_the_boundary_leaves_what_policies_of_aws_give(production: Plan, name: str) -> None:
    """AWS's own text of each, as moto has it."""
    document = json.loads(aws_managed_policies_data)[name]["Document"]
    missing = {
        action
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for target in listed(statement["Resource"])
        if not allows(boundary(production), action, located(action, target))
    }

    assert missing == LEFT_OUT.get(name, set())


LEFT_OUT = {
    # Nodes of groups that scale themselves: ours are EKS's to start and stop.
    "AmazonEKSClusterPolicy": {"autoscaling:UpdateAutoScalingGroup"},
    # What an annotation can ask for: a firewall, Shield Advanced, and people who log in at the load balancer.
    "AmazonEKSLoadBalancingPolicy": {
        *("cognito-idp:DescribeUserPoolClient", "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"),
        *("shield:CreateProtection", "shield:DeleteProtection", "shield:TagResource"),
    },
}
"""What the boundary withholds, and why nobody misses it: with ``identity.services`` it can be had."""


def located(action: str, arn: str) -> str:
    """The thing in our account that a policy for all accounts is about, as it would be called here."""
    if action.startswith("iam:") and arn == "*":
        return ROLE if action == "iam:PassRole" else f"{ROLE.partition('/')[0]}/aws-service-role/x"
    if action.startswith(("iam:", "logs:")):
        return arn.replace("::*:", "::123456789012:").replace(":*:*:", f":{ACCOUNT}:")
    return arn


@pytest.mark.parametrize("action", ["iam:*", "iam:PassRole", "sts:AssumeRole", "organizations:ListRoots", "account:*"])
def test_no_setting_gives_a_right_to_give_rights(action: str) -> None:
    with pytest.raises(ValueError, match="gives rights and identities"):
        IdentitySettings(actions=[action])
    with pytest.raises(ValueError, match="gives rights and identities"):
        IdentitySettings(services=[action.partition(":")[0]])


def test_all_that_holds_data_is_deleted_by_people() -> None:
    assert {*DELETING} == {kind for kind in inventory.DATA if kind.startswith("aws:")}


@pytest.mark.parametrize("service", ["cloudtrail", "config", "guardduty"])
def test_no_setting_opens_what_watches(service: str) -> None:
    with pytest.raises(ValueError, match="watches over what CI does"):
        IdentitySettings(actions=[f"{service}:*"])
    with pytest.raises(ValueError, match="watches over what CI does"):
        IdentitySettings(services=[service])


def test_what_watches_is_called_as_the_boundary_expects(production: Plan) -> None:
    """The name of what a component makes begins with project, environment and its own (``pulumi:autonaming``)."""
    kinds = {"aws:s3/bucket:Bucket", "aws:cloudwatch/eventRule:EventRule", "aws:sns/topic:Topic"}
    made = {
        (each["type"], each["name"])
        for each in resources(production)
        if "Audit$" in each["urn"] and each["type"] in kinds
    }

    assert {kind for kind, _ in made} == kinds
    assert {name for _, name in made if not f"{name}-".startswith("audit-")} == set()


@pytest.mark.parametrize("action", ["cloudfront:*", "kms:*", "route53:CreateHostedZone"])
def test_no_setting_gives_a_right_that_would_hold_for_nothing(action: str) -> None:
    """Their ARNs have no region and account, or no name (Service Authorization Reference, *Resource types*)."""
    with pytest.raises(ValueError, match="would hold for nothing"):
        IdentitySettings(actions=[action])


def test_a_setting_opens_the_boundary_and_hands_over_roles(tmp_path: Path, session: Session) -> None:
    source = QUEUE.format(actions=["lambda:*", "ecs:*", "sqs:*"]).replace("actions=", 'services=["bedrock"], actions=')
    plan = preview(program(tmp_path, source), session=session)
    function = "arn:aws:lambda:eu-west-1:123456789012:function:"
    role = "arn:aws:iam::123456789012:role/acme-dev-scorer"

    assert allows(boundary(plan), "lambda:UpdateFunctionCode", f"{function}acme-dev-scorer-1")
    assert not allows(boundary(plan), "lambda:UpdateFunctionCode", f"{function}payroll")
    assert allows(boundary(plan), "bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/x")
    for service in ("lambda", "ecs-tasks", "bedrock"):
        assert allows(rights(plan), "iam:PassRole", role, {"iam:PassedToService": f"{service}.amazonaws.com"})
    assert not allows(rights(plan), "iam:PassRole", role, {"iam:PassedToService": "glue.amazonaws.com"})


def test_a_boundary_that_iam_would_refuse_is_an_error(tmp_path: Path, session: Session) -> None:
    """IAM User Guide, *IAM and AWS STS quotas*: 6,144 characters."""
    actions = [f"service-{number}:*" for number in range(40)]

    plan = preview(program(tmp_path, QUEUE.format(actions=actions)), session=session)

    assert any("name fewer services in identity.actions" in finding.message for finding in plan.of("error"))
