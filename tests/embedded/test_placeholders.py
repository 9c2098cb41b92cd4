"""What a resource looks like once it is taken to exist."""

from __future__ import annotations

import re

import pytest

from embedded.conftest import Plan

AWS = "import pulumi_aws as aws\n"
K8S = "import pulumi_kubernetes as k8s\n"
ACCOUNT, REGION = "123456789012", "eu-west-1"
ARN = f"arn:aws:[a-z0-9]+:{REGION}:{ACCOUNT}"


def outputs(plan: Plan, program: str, *expressions: str) -> list[object]:
    exports = "\n".join(f"pulumi.export('{number}', {it})" for number, it in enumerate(expressions))
    answer = plan(f"{program}\n{exports}", "deep")
    return [answer["outputs"].get(str(number)) for number in range(len(expressions))]


def test_a_bucket_has_an_automatic_name_and_everything_made_of_it(plan: Plan) -> None:
    name, identifier, arn, domain = outputs(
        plan, AWS + "b = aws.s3.Bucket('data')", "b.bucket", "b.id", "b.arn", "b.bucket_regional_domain_name"
    )
    assert re.fullmatch(r"acme-dev-data-[0-9a-f]{7}", str(name))
    assert identifier == name
    assert arn == f"arn:aws:s3:::{name}"
    assert domain == f"{name}.s3.eu-west-1.amazonaws.com"


def test_a_name_that_is_given_stays(plan: Plan) -> None:
    assert outputs(plan, AWS + "b = aws.s3.Bucket('b', bucket='mine')", "b.arn") == ["arn:aws:s3:::mine"]


@pytest.mark.parametrize(
    ("make", "output", "pattern"),
    [
        ("iam.Role('x', assume_role_policy='{}')", "arn", rf"arn:aws:iam::{ACCOUNT}:role/acme-dev-x-[0-9a-f]{{7}}"),
        (
            "iam.OpenIdConnectProvider('x', url='https://i.com/a', client_id_lists=[])",
            "arn",
            r".*:oidc-provider/i.com/a",
        ),
        ("kms.Key('x')", "arn", f"{ARN}:key/[0-9a-f-]{{36}}"),
        ("secretsmanager.Secret('x')", "id", rf"{ARN}:secret:acme-dev-x-\w+-\w{{6}}"),
        ("ecr.Repository('x')", "repository_url", rf"{ACCOUNT}\.dkr\.ecr\.{REGION}\.amazonaws\.com/acme-dev-x-\w+"),
        ("sqs.Queue('x')", "id", rf"https://sqs\.{REGION}\.amazonaws\.com/{ACCOUNT}/acme-dev-x-\w+"),
        ("cloudtrail.Trail('x', s3_bucket_name='b')", "arn", rf"{ARN}:trail/acme-dev-x-\w+"),
        ("route53.Zone('x', name='a.org')", "zone_id", r"Z[0-9A-F]{20}"),
    ],
)
def test_values_look_as_their_kind_does(plan: Plan, make: str, output: str, pattern: str) -> None:
    [value] = outputs(plan, f"{AWS}x = aws.{make}", f"x.{output}")
    assert re.fullmatch(pattern, str(value)), value


def test_two_resources_never_have_the_same_values_and_one_always_has(plan: Plan) -> None:
    program = AWS + "a, b = aws.kms.Key('a'), aws.kms.Key('b')"
    first, again = (outputs(plan, program, "a.key_id", "b.key_id") for _ in range(2))
    assert first == again
    assert first[0] != first[1]


def test_an_account_that_is_pinned_is_in_arns(plan: Plan) -> None:
    answer = plan(
        AWS + "pulumi.export('arn', aws.sns.Topic('t').arn)", "deep",
        config={"aws:region": "eu-west-1", "aws:allowedAccountIds": '["999999999999"]'},
    )  # fmt: skip
    assert answer["outputs"]["arn"].startswith("arn:aws:sns:eu-west-1:999999999999:acme-dev-t-")


def test_what_nobody_computes_stays_absent(plan: Plan) -> None:
    assert (
        outputs(plan, AWS + "b = aws.s3.Bucket('b')", "b.tags.apply(str)", "b.force_destroy.apply(str)") == ["None"] * 2
    )


def test_an_object_comes_back_with_what_a_cloud_adds(plan: Plan) -> None:
    certificate, issuer, group, given = outputs(
        plan,
        AWS + "c = aws.eks.Cluster('c', role_arn='r', vpc_config={'subnet_ids': ['subnet-1']})",
        "c.certificate_authority.data",
        "c.identities[0].oidcs[0].issuer",
        "c.vpc_config.cluster_security_group_id",
        "c.vpc_config.subnet_ids",
    )
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", str(certificate))
    assert re.fullmatch(r"https://oidc\.eks\.eu-west-1\.amazonaws\.com/id/[0-9A-F]{32}", str(issuer))
    assert re.fullmatch(r"sg-[0-9a-f]{17}", str(group))
    assert given == ["subnet-1"]


def test_a_kubernetes_object_comes_back_with_metadata_and_status(plan: Plan) -> None:
    program = K8S + (
        "s = k8s.core.v1.Service('s', metadata={'labels': {'a': 'b'}}, spec={'ports': [{'port': 80}]})\n"
        "n = k8s.core.v1.Namespace('n', metadata={'name': 'ml'})"
    )
    name, identifier, labels, port, host, given = outputs(
        plan, program, "s.metadata['name']", "s.id", "s.metadata['labels']", "s.spec.ports[0].port",
        "s.status.load_balancer.ingress[0].hostname", "n.metadata['name']",
    )  # fmt: skip
    assert re.fullmatch(r"s-[0-9a-f]{8}", str(name))
    assert identifier == f"default/{name}"
    assert (labels, port, given) == ({"a": "b"}, 80, "ml")
    assert str(host).endswith(".example.com")
