"""How values are told: known, unknown, secret, files, references."""

from __future__ import annotations

from pathlib import Path

from embedded.conftest import Plan, resource

SECRET, UNKNOWN = {"$secret": True}, {"$unknown": True}


def inputs(plan: Plan, keywords: str, mode: str = "preview") -> dict[str, object]:
    return resource(plan(f'other = Thing("other")\nThing("t", {keywords})', mode), "t")["inputs"]


def test_plain_values_keep_their_types(plan: Plan) -> None:
    assert inputs(plan, "a=1, b=1.5, c=True, d='x', e=[1, {'f': 'g'}], none=None") == {
        "a": 1, "b": 1.5, "c": True, "d": "x", "e": [1, {"f": "g"}],
    }  # fmt: skip


def test_what_a_cloud_would_say_is_unknown_until_the_deep_pass(plan: Plan) -> None:
    assert inputs(plan, "id=other.id, nested={'list': [other.id]}") == {"id": UNKNOWN, "nested": {"list": [UNKNOWN]}}
    deep = inputs(plan, "id=other.id", "deep")
    assert isinstance(deep["id"], str)
    assert deep["id"] != "other"


def test_a_secret_is_never_shown(plan: Plan) -> None:
    answer = plan('Thing("t", a=Output.secret("hush"), b={"c": [Output.secret(1)]})')
    assert resource(answer, "t")["inputs"] == {"a": SECRET, "b": {"c": [SECRET]}}
    assert "hush" not in str(answer["resources"])


def test_no_value_of_a_program_looks_like_a_marker(plan: Plan) -> None:
    written = inputs(plan, "x={'$secret': True, '$$ref': {'$unknown': 1}}")
    assert written == {"x": {"$$secret": True, "$$$ref": {"$$unknown": 1}}}


def test_assets_are_told_by_path_and_below_the_root_by_a_relative_one(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    written = inputs(
        plan,
        "a=pulumi.FileAsset('a.txt'), b=pulumi.StringAsset('hello'), c=pulumi.FileArchive('.'),"
        f"d=pulumi.AssetArchive({{'x': pulumi.FileAsset('{tmp_path}/a.txt')}})",
    )
    assert written == {
        "a": {"$asset": "a.txt"},
        "b": {"$asset": {"text": "hello"}},
        "c": {"$archive": "."},
        "d": {"$archive": {"x": {"$asset": "a.txt"}}},
    }


def test_a_resource_is_told_by_urn(plan: Plan) -> None:
    assert inputs(plan, "other=other") == {"other": {"$resource": "urn:pulumi:dev::acme::test:index:Thing::other"}}


def test_outputs_are_told_marked_and_raw(plan: Plan) -> None:
    answer = plan('pulumi.export("a", 1)\npulumi.export("b", Output.secret("s"))\npulumi.export("c", Thing("t").id)')
    assert answer["outputs"] == {"a": 1, "b": SECRET, "c": UNKNOWN}
    assert answer["raw_outputs"]["b"]["value"] == "s"
    assert answer["raw_outputs"]["c"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
