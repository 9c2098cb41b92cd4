"""Provider functions without a provider."""

from __future__ import annotations

import json

from embedded.conftest import Plan

AWS = "import pulumi_aws as aws\n"


def test_what_the_configuration_says_is_answered(plan: Plan) -> None:
    answer = plan(
        AWS + "me = aws.get_caller_identity()\n"
        "pulumi.export('account', me.account_id)\npulumi.export('zones', aws.get_availability_zones_output().names)\n"
        "pulumi.export('region', aws.get_region_output().region)",
        config={"aws:region": "eu-north-1", "aws:allowedAccountIds": '["999999999999"]'},
    )
    assert answer["outputs"] == {
        "account": "999999999999",
        "zones": ["eu-north-1a", "eu-north-1b", "eu-north-1c"],
        "region": "eu-north-1",
    }
    assert not answer["unchecked"]


def test_a_policy_document_is_written(plan: Plan) -> None:
    answer = plan(
        AWS + "document = aws.iam.get_policy_document(statements=[{'sid': 'Read', 'actions': ['s3:GetObject'], "
        "'resources': ['*'], 'principals': [{'type': 'AWS', 'identifiers': ['*']}], "
        "'conditions': [{'test': 'Bool', 'variable': 'aws:SecureTransport', 'values': ['true']}]}])\n"
        "pulumi.export('json', document.json)"
    )
    assert json.loads(answer["outputs"]["json"])["Statement"] == [
        {
            "Effect": "Allow",
            "Sid": "Read",
            "Action": ["s3:GetObject"],
            "Resource": ["*"],
            "Principal": {"AWS": ["*"]},
            "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
        }
    ]


def test_another_function_gets_a_placeholder_and_is_listed_as_not_checked(plan: Plan) -> None:
    answer = plan(AWS + "pulumi.export('arn', aws.s3.get_bucket_output(bucket='theirs').arn)")
    assert answer["outputs"]["arn"].startswith("arn:aws:s3:eu-west-1:123456789012:")
    assert answer["unchecked"] == ["aws:s3/getBucket:getBucket: answered with a placeholder"]


def test_a_function_that_depends_on_what_does_not_exist_is_unknown(plan: Plan) -> None:
    program = AWS + "pulumi.export('x', aws.get_region_output(opts=pulumi.InvokeOutputOptions(depends_on=[{0}])).id)"
    assert plan(program.format("Thing('t')"))["outputs"] == {"x": {"$unknown": True}}
    assert plan(program.format("Group('g')"))["outputs"] == {"x": {"$unknown": True}}
    assert plan(program.format("Thing('t')"), "deep")["outputs"] == {"x": "eu-west-1"}


def test_a_function_nobody_knows_is_named(fail: Plan) -> None:
    error = fail("pulumi.runtime.invoke('test:index:what', {})")
    assert "the embedded preview has no answer for the provider function test:index:what" in error["message"]
    assert error["source"] == "__main__.py:4"


def test_a_function_has_its_packages_default_provider(plan: Plan) -> None:
    types = {it["type"] for it in plan(AWS + "aws.get_region()")["resources"]}
    assert "pulumi:providers:aws" in types


def test_a_transform_changes_the_arguments_of_functions(plan: Plan) -> None:
    answer = plan(
        AWS + "def north(args): return pulumi.InvokeTransformResult({**args.args, 'region': 'eu-north-1'}, args.opts)\n"
        "pulumi.runtime.register_invoke_transform(north)\npulumi.export('x', aws.get_region_output().region)"
    )
    assert answer["outputs"] == {"x": "eu-north-1"}
