from __future__ import annotations

from dataclasses import replace

import pytest
from shelf import Shelf
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from app import data, model, steps
from app.registry import CHALLENGER, CHAMPION, NoVersionError, Version

TABLE = {"rows": 4000, "seed": 1}
MARGIN = 0.01


def guesser(shelf: Shelf) -> str:
    """Keeps a model without skill, as the challenger."""
    training, _ = data.load(**TABLE)
    pipeline = make_pipeline(DummyClassifier()).fit(model.features(training), training[data.LABEL].to_numpy())
    number = shelf.record(replace(shelf.kept[-1], pipeline=pipeline))
    shelf.point(CHALLENGER, number)
    return number


def test_what_is_trained_is_kept_with_all_that_belongs_to_it_and_is_the_challenger(shelf: Shelf) -> None:
    number = steps.train(shelf, **TABLE)

    (kept,) = shelf.kept
    assert shelf.aliases == {CHALLENGER: number}
    assert kept.parameters.items() >= {**model.PARAMETERS, **TABLE}.items()
    assert kept.metrics == steps.evaluate(shelf, CHALLENGER, **TABLE)
    assert list(kept.example) == list(data.FEATURES)


def test_the_first_challenger_need_only_beat_the_baseline(shelf: Shelf) -> None:
    number = steps.train(shelf, **TABLE)

    verdict = steps.promote(shelf, **TABLE, margin=MARGIN)

    assert verdict.promoted
    assert (verdict.challenger, verdict.champion, verdict.to_beat) == (number, None, MARGIN)
    assert shelf.aliases[CHAMPION] == number


def test_one_without_skill_is_not_promoted_even_as_the_first(shelf: Shelf) -> None:
    steps.train(shelf, **TABLE)
    guesser(shelf)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert CHAMPION not in shelf.aliases


def test_a_better_one_takes_the_place_of_a_worse_one(shelf: Shelf) -> None:
    steps.train(shelf, **TABLE)
    shelf.point(CHAMPION, guesser(shelf))
    better = steps.train(shelf, **TABLE)

    assert steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases[CHAMPION] == better


def test_one_that_is_as_good_does_not(shelf: Shelf) -> None:
    first = steps.train(shelf, **TABLE)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    steps.train(shelf, **TABLE)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases[CHAMPION] == first


def test_a_second_run_of_the_gate_changes_nothing(shelf: Shelf) -> None:
    steps.train(shelf, **TABLE)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    before = dict(shelf.aliases)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases == before


def test_who_is_promoted_meanwhile_is_the_one_to_beat(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.train(shelf, **TABLE)
    shelf.point(CHAMPION, guesser(shelf))
    number, other = steps.train(shelf, **TABLE), steps.train(shelf, **TABLE)
    shelf.point(CHALLENGER, number)
    load = shelf.load

    def load_while_another_wins(asked: str) -> Version:
        if asked == number:
            shelf.point(CHAMPION, other)
        return load(asked)

    monkeypatch.setattr(shelf, "load", load_while_another_wins)
    verdict = steps.promote(shelf, **TABLE, margin=MARGIN)

    assert (verdict.champion, verdict.promoted) == (other, False)
    assert shelf.aliases[CHAMPION] == other


def test_without_a_challenger_the_gate_says_what_to_do(shelf: Shelf) -> None:
    with pytest.raises(NoVersionError, match="no version of 'churn' is its challenger: train one first"):
        steps.promote(shelf, **TABLE, margin=MARGIN)


def test_an_earlier_champion_comes_back(shelf: Shelf) -> None:
    first = steps.train(shelf, **TABLE)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    second = guesser(shelf)
    shelf.point(CHAMPION, second)

    assert steps.restore(shelf, first) == second
    assert shelf.aliases[CHAMPION] == first


def test_a_version_that_cannot_be_loaded_becomes_no_champion(shelf: Shelf) -> None:
    number = steps.train(shelf, **TABLE)
    shelf.point(CHAMPION, number)

    with pytest.raises(IndexError):
        steps.restore(shelf, "99")

    assert shelf.aliases[CHAMPION] == number
