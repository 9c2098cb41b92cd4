"""Every rule says who asks for the same, and finds its bad examples."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

import pytest

from policy import Plan, Rule, rules

SOURCES = re.compile(r"CKV2?_[A-Z0-9]+_\d+|CIS [\w ]+ \d+(\.\d+)+|Well-Architected SEC\d\d-BP\d\d")
"""Checkov's ids, the sections of CIS's benchmarks, and the practices of the AWS Well-Architected Framework."""

each_rule = pytest.mark.parametrize("rule", rules(strict=True), ids=lambda rule: f"{rule.__module__}.{rule.__name__}")


def examples(rule: Rule) -> Mapping[str, Sequence[Plan]]:
    """The bad examples for the module of a rule."""
    name = rule.__module__.replace("policy", "bad_examples")
    found = getattr(import_module(name), "EXAMPLES", None) if find_spec(name) else None
    if found is None:
        pytest.fail(
            f"{rule.__module__.replace('.', '/')}.py has rules, and nothing shows that they find anything: write "
            f"tests/{name.replace('.', '/')}.py with EXAMPLES = {{'{rule.__name__}': [Plan(...), ...]}}",
            pytrace=False,
        )
    return found


@each_rule
def test_a_rule_says_who_asks_for_the_same(rule: Rule) -> None:
    assert SOURCES.search(inspect.getdoc(rule) or "")


@each_rule
def test_a_rule_finds_its_bad_examples(rule: Rule) -> None:
    bad = examples(rule).get(rule.__name__)
    assert bad, "EXAMPLES of its module has none for it"
    assert [plan for plan in bad if not [*rule(plan)]] == []


@each_rule
def test_an_example_is_for_a_rule_that_there_is(rule: Rule) -> None:
    names = {other.__name__ for other in rules() if other.__module__ == rule.__module__}
    assert examples(rule).keys() == names
