"""What one program learns from another."""

from __future__ import annotations

import pytest

from embedded.conftest import Plan, resource

READ = (
    "cloud = pulumi.StackReference('organization/acme/dev')\n"
    "Thing('t', url=cloud.require_output('url'), password=cloud.require_output('password'))"
)
CLOUD = "pulumi.export('url', Thing('db').id)\npulumi.export('password', Output.secret('p'))"


@pytest.mark.parametrize("mode", ["preview", "deep"])
def test_the_outputs_of_one_program_feed_the_next(plan: Plan, mode: str) -> None:
    cloud = plan(CLOUD, mode)
    answer = plan(READ, mode, references={"organization/acme/dev": cloud["raw_outputs"]})
    told = resource(answer, "t")["inputs"]
    if mode == "deep":
        assert told == {"url": cloud["outputs"]["url"], "password": {"$secret": True}}
    else:  # the SDK takes all outputs of a program for unknown when one is
        assert told == {"url": {"$unknown": True}, "password": {"$secret": True}}
    assert not answer["diagnostics"]


def test_a_program_that_nobody_planned_is_named(plan: Plan) -> None:
    answer = plan(READ)
    assert resource(answer, "t")["inputs"]["url"] == {"$unknown": True}
    [told] = answer["diagnostics"]
    assert told["severity"] == "warning"
    assert told["message"] == (
        "the outputs of organization/acme/dev are not known: plan or bring up that program first"
    )


def test_in_the_deep_pass_its_outputs_are_missing(fail: Plan) -> None:
    error = fail("Thing('t', url=pulumi.StackReference('organization/acme/dev').require_output('url'))", "deep")
    assert error["type"] == "KeyError"
    assert error["message"].endswith("'url'")
    assert error["source"] == "__main__.py:4"


def test_a_reference_is_a_resource_that_is_read(plan: Plan) -> None:
    reference = resource(plan(READ), "organization/acme/dev")
    assert reference["external"] is True
    assert reference["id"] == "organization/acme/dev"
    assert reference["provider"].startswith("urn:pulumi:dev::acme::pulumi:providers:pulumi::default::")
