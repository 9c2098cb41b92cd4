"""What the preview says about the mistakes that people make."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.conftest import Answer, Plan

RANDOM, AWS = "import pulumi_random as random\n", "import pulumi_aws as aws\n"
LIFECYCLE = "aws.s3.BucketLifecycleConfiguration('b', bucket='b', rules=[{}])"


def findings(answer: Answer) -> list[tuple[Any, ...]]:
    return [(it["severity"], it["code"], it["path"], it["source"]) for it in answer["findings"]]


@pytest.mark.parametrize(
    ("program", "type_", "message"),
    [
        ("x = 1\n\nx.nothing", "AttributeError", "'int' object has no attribute 'nothing'"),
        (f"{RANDOM}\nrandom.RandomPassword('p')", "TypeError", "Missing required property 'length'"),
        (f"{RANDOM}\nrandom.RandomPassword('p', lenght=1)", "TypeError", "unexpected keyword argument 'lenght'"),
        ("\n\npulumi.Config().require('size')", "ConfigMissingError", "acme:size"),
        ("\n\nraise pulumi.RunError('no')", "RunError", "no"),
        ("\n\nimport sys; sys.exit(3)", "SystemExit", "exit status 3"),
        ("\n\nOutput.from_input(1).apply(lambda n: n / 0)", "ZeroDivisionError", "division by zero"),
    ],
)
def test_an_exception_is_told_with_the_programs_own_line(fail: Plan, program: str, type_: str, message: str) -> None:
    error = fail(program)
    assert error["type"] == type_
    assert message in error["message"]
    assert error["source"] == "__main__.py:6"
    assert error["frames"][0].startswith("__main__.py:6 in <module>: ") or "apply" in program


def test_a_syntax_error_is_told_with_its_line(fail: Plan) -> None:
    error = fail("x = (")
    assert (error["type"], error["source"]) == ("SyntaxError", "__main__.py:4")


def test_an_exception_in_an_apply_of_a_module_has_that_modules_line(fail: Plan) -> None:
    module = "def broken(value):\n    return value.missing\n"
    error = fail({"m.py": module, "__main__.py": "import m, pulumi\npulumi.Output.from_input(1).apply(m.broken)"})
    assert error["source"] == "m.py:2"
    assert error["frames"] == ["m.py:2 in broken: return value.missing"]


def test_an_exception_in_an_apply_counts_and_not_what_follows_from_it(fail: Plan) -> None:
    error = fail("text = Thing('a', x=Output.from_input(1).apply(lambda n: n / 0)).made\nThing('b', y=text)")
    assert (error["type"], error["source"]) == ("ZeroDivisionError", "__main__.py:4")


def test_an_exception_in_a_transform_is_told(fail: Plan) -> None:
    error = fail("def broken(args): raise ValueError('not today')\nThing('a', Opts(transforms=[broken]))")
    assert "not today" in error["message"]
    assert error["source"] == "__main__.py:5"


def test_a_list_where_the_sdk_wants_a_map_is_told_with_the_resources_line(fail: Plan) -> None:
    error = fail(AWS + "\naws.s3.Bucket('b', tags=['a'])")
    assert error["message"].startswith("aws:s3/bucket:Bucket 'b': Unexpected type.")
    assert error["source"] == "__main__.py:6"


def test_leaving_without_an_error_is_no_mistake(plan: Plan) -> None:
    assert plan("import sys\nThing('t')\nsys.exit()")["error"] is None


def test_a_wrong_key_in_a_dict_is_found_and_the_right_one_named(plan: Plan) -> None:
    answer = plan(AWS + "aws.s3.BucketVersioning('v', bucket='b', versioning_configuration={'statsu': 'Enabled'})")
    assert findings(answer) == [
        ("error", "unknown-property", "versioningConfiguration.statsu", "__main__.py:5"),
        ("error", "missing-property", "versioningConfiguration.status", "__main__.py:5"),
    ]
    assert answer["findings"][0]["message"].endswith("has no property 'statsu'; did you mean 'status'?")


@pytest.mark.parametrize(
    ("keyword", "severity", "code"),
    [
        ("force_destroy='perhaps'", "error", "type-mismatch"),
        ("force_destroy='true'", "warning", "coerced-type"),
        ("bucket=5", "warning", "coerced-type"),
        ("bucket=Output.from_input({'a': 1})", "error", "type-mismatch"),
        ("bucket=Output.secret({'a': 1})", "error", "type-mismatch"),
        ("bucket=f'{Thing(\"t\").id}-x'", "error", "output-str"),
    ],
)
def test_a_wrong_type_is_found(run: Plan, keyword: str, severity: str, code: str) -> None:
    [found] = findings(run(AWS + f"aws.s3.Bucket('b', {keyword})"))
    assert found[:2] == (severity, code)
    assert found[3] == "__main__.py:5"


@pytest.mark.parametrize("keyword", ["bucket=None", "bucket=Thing('t').id", "tags={}", "tags={'a': Thing('t').id}"])
def test_what_is_right_or_unknown_is_not_found(plan: Plan, keyword: str) -> None:
    assert plan(AWS + f"aws.s3.Bucket('b', {keyword})")["findings"] == []


def test_a_value_of_a_literal_is_checked(plan: Plan) -> None:
    code = "import pulumi_kubernetes as k8s\nk8s.core.v1.ConfigMap('c', metadata={'name': 1})"
    [found] = plan(code)["findings"]
    assert (found["code"], found["path"], found["severity"]) == ("coerced-type", "metadata.name", "warning")


def test_what_the_sdk_demands_wrongly_is_suppressed_with_its_reason(plan: Plan) -> None:
    answer = plan(
        AWS + "aws.opensearch.ServerlessCollection('c', encryption_configs=[{'kms_key_arn': 'arn:aws:kms:x'}])"
    )
    assert answer["findings"] == []
    [suppressed] = answer["suppressed"]
    assert suppressed["path"] == "encryptionConfigs[0].awsOwnedKey"
    assert suppressed["reason"] == "the SDK's class demands two keys that exclude each other"


def test_a_file_that_does_not_exist_is_found(plan: Plan) -> None:
    [found] = plan("Thing('t', code=pulumi.FileAsset('gone.zip'))")["findings"]
    assert (found["code"], found["path"]) == ("missing-file", "code")


def test_a_resource_whose_sdk_declares_nothing_is_listed_as_not_checked(plan: Plan) -> None:
    assert plan("Thing('t')")["unchecked"] == ["test:index:Thing: its SDK does not declare its properties"]


def test_messages_and_warnings_are_diagnostics(plan: Plan) -> None:
    answer = plan(
        "pulumi.log.info('hello')\npulumi.log.debug('no')\nimport warnings\nwarnings.warn('old')\n"
        "pulumi.log.warn('careful', resource=Thing('t'))\nprint('not an answer')"
    )
    told = {it["message"]: (it["severity"], it["urn"]) for it in answer["diagnostics"]}
    assert told == {
        "hello": ("info", None),
        "UserWarning: old (__main__.py:7)": ("warning", None),
        "careful": ("warning", "urn:pulumi:dev::acme::test:index:Thing::t"),
    }
