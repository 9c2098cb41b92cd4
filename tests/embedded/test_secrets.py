"""Secrets that surface."""

from __future__ import annotations

from embedded.conftest import Answer, Plan, resource

CONFIG = {
    "config": {"acme:token": "[secret:acme:token]", "acme:login": '{"user": "u", "password": "[secret:acme:login]"}'},
    "secret_keys": ["acme:token", "acme:login"],
}


def leaks(answer: Answer) -> list[tuple[str, str]]:
    return [(it["urn"].rpartition("::")[2], it["path"]) for it in answer["findings"] if it["code"] == "secret-leak"]


def test_a_secret_that_stays_one_is_no_finding(plan: Plan) -> None:
    answer = plan(
        "c = pulumi.Config()\nThing('t', a=c.require_secret('token'), b=c.require_secret_object('login'))\n"
        "pulumi.export('url', Output.format('x://{0}', c.require_secret('token')))",
        **CONFIG,
    )
    assert answer["findings"] == []
    assert answer["outputs"] == {"url": {"$secret": True}}


def test_a_secret_in_the_open_is_found_in_inputs_and_outputs(plan: Plan) -> None:
    answer = plan(
        "c = pulumi.Config()\nThing('t', tags={'pw': 'x-' + c.require('token')}, l=[c.require_object('login')])\n"
        "pulumi.export('token', c.require('token'))",
        **CONFIG,
    )
    assert leaks(answer) == [("acme-dev", "token"), ("t", "l[0].password"), ("t", "tags.pw")]
    assert {it["source"] for it in answer["findings"]} == {None, "__main__.py:5"}


def test_a_generated_password_is_a_secret_in_the_deep_pass_too(plan: Plan) -> None:
    program = "import pulumi_random as random\npw = random.RandomPassword('p', length=8)\nThing('t', pw=pw.result)\n"
    answer = plan(program, "deep")
    assert resource(answer, "t")["inputs"] == {"pw": {"$secret": True}}
    assert leaks(answer) == []
    leaking = plan(program + "Thing('bad', url=Output.unsecret(pw.result))", "deep")
    assert leaks(leaking) == [("bad", "url")]


def test_the_input_that_a_program_declares_secret_stays_secret(plan: Plan) -> None:
    answer = plan("t = Thing('t', Opts(additional_secret_outputs=['size']), size=3)\nThing('u', size=t.size)", "deep")
    assert resource(answer, "u")["inputs"] == {"size": {"$secret": True}}
