"""Whether CI may make what a plan makes: its role on AWS has rights for the services that the platform uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlops_scaffold.catalogue import IDENTITY
from mlops_scaffold.preview.plan import Finding, Program

PREFIXES = {
    **dict.fromkeys(("alb", "elb", "lb"), "elasticloadbalancing"),
    **dict.fromkeys(("docdb", "neptune"), "rds"),
    **dict.fromkeys(("ec2clientvpn", "ec2transitgateway", "verifiedaccess", "vpc", "vpn"), "ec2"),
    **dict.fromkeys(("elasticsearch", "opensearch"), "es"),
    **dict.fromkeys(("timestreamquery", "timestreamwrite"), "timestream"),
    "amp": "aps",
    "apigatewayv2": "apigateway",
    "appautoscaling": "application-autoscaling",
    "cfg": "config",
    "cloudhsmv2": "cloudhsm",
    "cognito": "cognito-idp",
    "costexplorer": "ce",
    "directoryservice": "ds",
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "keyspaces": "cassandra",
    "kinesisanalyticsv2": "kinesisanalytics",
    "location": "geo",
    "macie": "macie2",
    "msk": "kafka",
    "mskconnect": "kafkaconnect",
    "mwaa": "airflow",
    "opensearchingest": "osis",
    "pinpoint": "mobiletargeting",
    "resourceexplorer": "resource-explorer-2",
    "s3control": "s3",
    "serverlessrepository": "serverlessrepo",
    "sesv2": "ses",
    "sfn": "states",
    "ssoadmin": "sso",
}
"""Services that Pulumi calls otherwise than IAM does, hyphens apart (AWS Service Authorization Reference, and the
``signingName`` of each service in botocore; checked 2026-11-29)."""

CLOUDWATCH = {"log": "logs", "event": "events"}
"""In Pulumi's ``cloudwatch`` there are three services; what begins with neither is CloudWatch itself."""

WATCHING = {"cloudtrail", "config", "guardduty"}
"""What watches over CI too, so that CI may not change it, and nothing of it is missing."""

COVERED = {
    "acm": "Certificate CertificateValidation",
    "budgets": "Budget",
    "ce": "AnomalyMonitor AnomalySubscription",
    "cloudwatch": "MetricAlarm",
    "codebuild": "Project Webhook",
    "ec2": "DefaultSecurityGroup Eip FlowLog InternetGateway NatGateway Route RouteTable RouteTableAssociation "
    "SecurityGroup SecurityGroupEgressRule SecurityGroupIngressRule Subnet Tag Vpc VpcEndpoint",
    "ecr": "LifecyclePolicy Repository RepositoryPolicy",
    "eks": "AccessEntry AccessPolicyAssociation Addon Cluster PodIdentityAssociation",
    "events": "EventRule EventTarget",
    "iam": "Policy Role RolePolicy RolePolicyAttachment",
    "kms": "Alias Key KeyPolicy",
    "logs": "LogGroup",
    "rds": "EventSubscription Instance ParameterGroup SubnetGroup",
    "route53": "Record",
    "s3": "Bucket BucketLifecycleConfiguration BucketLogging BucketObjectLockConfiguration BucketOwnershipControls "
    "BucketPolicy BucketPublicAccessBlock BucketServerSideEncryptionConfiguration BucketVersioning",
    "secretsmanager": "Secret SecretPolicy",
    "sns": "Topic TopicPolicy TopicSubscription",
}
"""What the blocks of this platform make, by the service that IAM asks: the rights of CI's role are looked up for these
(``identity/_rights.py``). A right to something of a service is none to all of it."""

CURE = "name all that it takes in deploy_actions of its component, or in identity.actions"
CURES = {
    "route53": "name its domain and zone in identity.domain and identity.hosted_zone",
    **dict.fromkeys(("cloudfront", "iam", "kms"), "write a statement for it in mlops_stacks/identity/_rights.py"),
}
"""What gives CI the right; of a service whose resources have no name of ours, a setting of its own."""


def service(kind: str) -> str:
    """How IAM calls the service of a type, without hyphens: ``sqs`` for ``aws:sqs/queue:Queue``."""
    module, _, name = kind.split(":")[1].partition("/")
    if module == "cloudwatch":
        return next((prefix for start, prefix in CLOUDWATCH.items() if name.startswith(start)), module)
    return PREFIXES.get(module, module).replace("-", "")


def allowed(program: Program) -> Mapping[str, bool] | None:
    """The services that CI's role ``<identity>-deploy`` may do anything with; None if there is no such role.

    Each with whether the platform's own settings name actions of it (``identity.actions``).
    """
    names = {f"{resource['name']}-deploy" for resource in program.resources if resource["type"] == IDENTITY}
    roles = {resource["urn"] for resource in _of(program, "aws:iam/role:Role") if resource["name"] in names}
    attached = {
        policy
        for resource in _of(program, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if roles & {*resource["propertyDependencies"].get("role", [])}
        # A policy of AWS's own, which may be computed from where ours is.
        and ":aws:policy/" not in str(_inputs(resource).get("policyArn"))
        for policy in resource["propertyDependencies"].get("policyArn", [])
    }
    texts = [
        _inputs(resource).get("policy")
        for resource in _of(program, "aws:iam/policy:Policy")
        if resource["urn"] in attached
    ]
    known = [text for text in texts if isinstance(text, str)]
    if not roles or known != texts:
        return None
    statements = [statement for text in known for statement in json.loads(text)["Statement"]]
    found: dict[str, bool] = {}
    for statement in statements:
        if statement["Effect"] == "Allow":
            for action in _listed(statement.get("Action", [])):
                name = action.partition(":")[0].replace("-", "")
                found[name] = found.get(name, False) or statement.get("Sid", "").startswith("More")
    return found


def check(programs: Sequence[Program]) -> Iterator[Finding]:
    """A warning for each service that is used and closed to CI, and for each type that it may be unable to make."""
    may = next((found for program in programs if (found := allowed(program)) is not None), None)
    if may is None:
        return
    said: set[str] = set()
    for program in programs:
        for resource in program.made:
            if problem := _problem(resource["type"], may, said):
                yield Finding(
                    "warning",
                    "ci-may-not",
                    f"{problem}, and run 'make up' yourself once",
                    program=program.project,
                    environment=program.environment,
                    urn=resource["urn"],
                    source=resource.get("source"),
                )


def _problem(kind: str, may: Mapping[str, bool], said: set[str]) -> str | None:
    """What CI lacks to make something of a type; each thing once."""
    if not kind.startswith("aws:"):
        return None
    used = service(kind)
    if used in WATCHING:
        return None
    if used not in may:
        what = f"CI may not make it: its role has no right to any action of '{used}'"
    elif not may[used] and kind.rpartition(":")[2] not in COVERED.get(used, "").split():
        what = f"CI may perhaps not make it: its role's rights to '{used}' are for other types than {kind}"
        used = kind
    else:
        return None
    if used in said:
        return None
    said.add(used)
    return f"{what}: {CURES.get(used, CURE)}"


def _inputs(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return resource.get("deepInputs", resource["inputs"])


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def _of(program: Program, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in program.resources if resource["type"] == kind]
