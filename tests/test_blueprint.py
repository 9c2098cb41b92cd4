"""The merge law: settings merge, names are added, ``without`` removes and fails if absent, lists replace."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ours
from hypothesis import given
from hypothesis import strategies as st

from mlops_scaffold.answers import Answers
from mlops_scaffold.blueprint import Blueprint, load, merge
from mlops_scaffold.document import Document, parse
from mlops_scaffold.errors import ScaffoldError
from mlops_stacks.network import NetworkSettings


def document(**data: Any) -> Document:
    return Document(data, {(): "x.yaml:1"})


def merged(*deltas: dict[str, Any]) -> Blueprint:
    result = Blueprint()
    for delta in deltas:
        result = merge(result, document(**delta))
    return result


def test_settings_merge_key_by_key() -> None:
    result = merged({"components": {"a": {"x": 1, "y": 2}}}, {"components": {"a": {"y": 3}}})

    assert result.components == {"a": {"x": 1, "y": 3}}


def test_lists_replace() -> None:
    result = merged({"components": {"a": {"x": [1, 2]}}}, {"components": {"a": {"x": [3]}}})

    assert result.components["a"]["x"] == [3]


def test_new_names_are_added_and_without_removes() -> None:
    result = merged({"components": {"a": {}, "b": {}}}, {"components": {"c": None}, "without": ["a"]})

    assert list(result.components) == ["b", "c"]


def test_without_a_component_that_is_not_there_fails() -> None:
    with pytest.raises(ScaffoldError, match="unknown component 'bb'") as raised:
        merged({"components": {"b": {}}}, {"without": ["bb"]})

    assert raised.value.then == "did you mean 'b'?"


def test_what_is_left_out_has_no_settings_in_an_environment() -> None:
    with pytest.raises(ScaffoldError, match="'a' is left out, and has settings in 'prod'"):
        merged({"components": {"a": {}}}, {"without": ["a"], "environments": {"prod": {"a": {"x": 1}}}})


def test_the_reason_for_what_is_left_out_is_the_deltas_if_it_gives_one() -> None:
    base = {"components": {"a": {"why": "Needed."}, "b": {}}}

    assert merged(base, {"without": ["a"]}).deferred == {"a": "Left out by choice. Needed."}
    assert merged(base, {"without": ["a"], "deferred": {"a": "Not yet."}}).deferred == {"a": "Not yet."}


def test_what_is_added_is_deferred_no_longer() -> None:
    result = merged({"deferred": {"a": "later", "b": "later"}}, {"components": {"a": {}}})

    assert result.deferred == {"b": "later"}


def test_an_environment_changes_settings_only() -> None:
    with pytest.raises(ScaffoldError, match="an environment cannot set 'on'"):
        merged({"components": {"a": {}}, "environments": {"dev": {"a": {"on": "aws"}}}})
    with pytest.raises(ScaffoldError, match="unknown component 'b'"):
        merged({"components": {"a": {}}, "environments": {"dev": {"b": {}}}})


def test_an_environment_that_the_extended_blueprint_lacks_is_new_on_purpose_or_an_error() -> None:
    base = {"components": {"a": {}}, "environments": {"dev": {}, "prod": {}}}

    with pytest.raises(ScaffoldError, match="unknown environment 'prdo'") as raised:
        merged(base, {"environments": {"prdo": {"a": {"x": 1}}}})
    assert raised.value.allowed == "dev, prod"
    assert raised.value.then == "did you mean 'prod'?; to add it, name it in 'new_environments: [prdo]'"

    result = merged(base, {"environments": {"qa": {"a": {"x": 1}}}, "new_environments": ["qa"]})
    assert result.environments["qa"] == {"a": {"x": 1}}


@pytest.mark.parametrize(
    ("there", "delta", "order"),
    [
        (["dev", "staging", "prod"], {"new_environments": ["qa", "perf"]}, ["dev", "staging", "qa", "perf", "prod"]),
        (["dev", "staging"], {"new_environments": ["prod"]}, ["dev", "staging", "prod"]),
        (["dev"], {"new_environments": ["production", "qa"]}, ["dev", "qa", "production"]),
        (["dev", "prod"], {"environments": {"qa": {}}, "new_environments": ["qa"]}, ["dev", "qa", "prod"]),
        (
            ["dev", "prod"],
            {"new_environments": ["lab"], "environment_order": ["lab", "dev", "prod"]},
            ["lab", "dev", "prod"],
        ),
        (["dev", "prod"], {"environment_order": ["prod", "dev"]}, ["prod", "dev"]),
    ],
)
def test_a_new_environment_stands_before_production_unless_told(
    there: list[str], delta: dict[str, Any], order: list[str]
) -> None:
    assert list(merged({"environments": dict.fromkeys(there)}, delta).environments) == order


def test_the_first_blueprint_of_all_has_the_order_in_which_it_is_written() -> None:
    found = merged({"environments": {"live": {}, "dev": {}}, "new_environments": ["qa"]}).environments

    assert list(found) == ["live", "dev", "qa"]


@pytest.mark.parametrize("order", [["dev"], ["dev", "prod", "prod"], ["dev", "prod", "qa"]])
def test_an_order_of_environments_names_each_of_them_once(order: list[str]) -> None:
    with pytest.raises(ScaffoldError, match="environment_order names dev") as raised:
        merged({"environments": {"dev": {}, "prod": {}}}, {"environment_order": order})

    assert raised.value.allowed == "each of dev, prod, once"


def test_a_new_environment_needs_no_settings_of_its_own() -> None:
    found = merged({"environments": {"dev": {}, "prod": {}}}, {"new_environments": ["perf"]}).environments

    assert found["perf"] == {}


def test_null_takes_back_what_was_deferred_and_only_that() -> None:
    base = {"components": {"a": {}}, "deferred": {"features": "Stale.", "ray": "Later."}}

    assert merged(base, {"deferred": {"features": None}}).deferred == {"ray": "Later."}
    assert merged(base, {"without": ["a"], "deferred": {"a": None, "ray": None}}).deferred == {"features": "Stale."}
    with pytest.raises(ScaffoldError, match="unknown deferral 'feature'") as raised:
        merged(base, {"deferred": {"feature": None}})
    assert raised.value.then == "did you mean 'features'?"


def test_whoever_chooses_another_variant_gives_its_reason() -> None:
    base = {"components": {"a": {"why": "Aurora never sleeps.", "on": "aurora"}, "b": {}}}

    with pytest.raises(ScaffoldError, match="the reason that it inherits speaks of the one before") as raised:
        merged(base, {"components": {"a": {"on": "plain"}}})
    assert raised.value.then == "say 'why' beside 'on'; it was: Aurora never sleeps."

    assert merged(base, {"components": {"a": {"on": "plain", "why": "Cheap."}}}).components["a"]["why"] == "Cheap."
    assert (
        merged(base, {"components": {"a": {"on": "aurora", "x": 1}}}).components["a"]["why"] == "Aurora never sleeps."
    )
    assert merged(base, {"components": {"b": {"on": "plain"}}}).components["b"] == {"on": "plain"}


def test_a_variant_of_the_command_line_has_the_choice_for_its_reason() -> None:
    answers = Answers("acme", "series-a", "aws", use={"storage": "aws"}, set={"storage": {"protected": False}})

    found = merge(load("series-a", ours().blueprint), answers.delta()).components["storage"]

    assert found == {"why": "Chosen with --use storage=aws.", "on": "aws", "protected": False}


def test_removing_a_component_removes_what_environments_said_of_it() -> None:
    result = merged({"components": {"a": {}}, "environments": {"dev": {"a": {"x": 1}}}}, {"without": ["a"]})

    assert result.environments == {"dev": {}}


def test_extends_is_followed_and_a_circle_is_named() -> None:
    files = {
        "a": "extends: b\ncomponents: {x: {size: 2}}",
        "b": "components: {x: {size: 1}, y: {}}",
        "c": "extends: d",
        "d": "extends: c",
    }

    def find(name: str, _: str) -> Document:
        return parse(files[name], f"{name}.yaml")

    assert load("a", find).components == {"x": {"size": 2}, "y": {}}
    with pytest.raises(ScaffoldError, match="c → d → c") as raised:
        load("c", find)
    assert raised.value.where == "d.yaml:1"


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("componets: {}", "unknown key 'componets'", "b.yaml:1"),
        ("summary: 3", "summary", "b.yaml:1"),
        ("components:\n  Bad-Name: {}", "components.Bad-Name", "b.yaml:2"),
        ("environments:\n  a:\n    b: 3", "environments.a.b", "b.yaml:3"),
        ("a: 1\na: 2", "the key 'a' stands twice", "b.yaml:2"),
        ("- 1", "expected a mapping", "b.yaml:1"),
        ("a: [1", "this is not YAML", "b.yaml:1"),
        ("a: &x [*x]", "an alias contains itself", "b.yaml:1"),
        ("components: {a: {}}\ndeferred: {a: x}", "'a' is deferred, and it is there", "b.yaml:2"),
        ("[1]: 2", "a key must be a plain text", "b.yaml:1"),
        ("on: 2", "unknown key 'on'", "b.yaml:1"),
        ("a: 2020-99-99", "this value cannot be read", "b.yaml:1"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, what: str, where: str) -> None:
    with pytest.raises(ScaffoldError) as raised:
        merge(Blueprint(), parse(text, "b.yaml"))

    assert what in raised.value.what
    assert raised.value.where is not None
    assert raised.value.where.startswith(where)


names = st.sampled_from(["a", "b", "c"])
settings = st.dictionaries(names, st.one_of(st.integers(), st.lists(st.integers(), max_size=2)), max_size=3)
deltas = st.fixed_dictionaries({"components": st.dictionaries(names, settings, max_size=3)})


@given(st.lists(deltas, max_size=4))
def test_a_setting_is_what_was_said_last(chain: list[dict[str, Any]]) -> None:
    result = merged(*chain)

    for name in {name for delta in chain for name in delta["components"]}:
        said = [delta["components"][name] for delta in chain if name in delta["components"]]
        assert result.components[name] == {key: value for part in said for key, value in part.items()}


@given(deltas, deltas)
def test_merging_the_same_delta_twice_changes_nothing(base: dict[str, Any], delta: dict[str, Any]) -> None:
    assert merged(base, delta).components == merged(base, delta, delta).components


def test_no_two_environments_of_series_a_share_addresses() -> None:
    """Two networks of one range can never be joined, and a range is for ever."""
    environments = load("series-a", ours().blueprint).environments

    ranges = [settings["network"]["cidr"] for settings in environments.values()]
    assert len({*ranges, NetworkSettings().cidr}) == len(ranges) + 1
