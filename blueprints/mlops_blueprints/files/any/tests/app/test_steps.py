from __future__ import annotations

from dataclasses import replace

import pytest
from shelf import Shelf
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from app import data, model, steps
from app.registry import CANDIDATE, CHALLENGER, CHAMPION, Candidate, NoVersionError, OtherCodeError, Version
from app.steps import NoSkillError

TABLE = {"rows": 4000, "seed": 1}
MARGIN = 0.01


def challenger(shelf: Shelf) -> str:
    """Trains a version, and measures it."""
    number = steps.train(shelf, **TABLE)
    steps.evaluate(shelf, **TABLE)
    return number


def guesser(shelf: Shelf, alias: str) -> str:
    """Keeps a model without skill, under an alias."""
    training, _ = data.load(**TABLE)
    pipeline = make_pipeline(DummyClassifier()).fit(model.features(training), training[data.LABEL].to_numpy())
    number = shelf.record(replace(shelf.kept[-1], pipeline=pipeline, metrics={"skill": 0.0}))
    shelf.point(alias, number)
    return number


def test_what_is_trained_is_kept_with_all_that_belongs_to_it_and_is_the_candidate(shelf: Shelf) -> None:
    number = steps.train(shelf, **TABLE)

    (kept,) = shelf.kept
    assert shelf.aliases == {CANDIDATE: number}, "nobody is to ask it before it was measured"
    assert kept.parameters.items() >= {**model.PARAMETERS, **TABLE}.items()
    assert list(kept.example) == list(data.FEATURES)


def test_what_is_measured_and_has_skill_is_the_challenger(shelf: Shelf) -> None:
    number = steps.train(shelf, **TABLE)

    metrics = steps.evaluate(shelf, **TABLE)

    assert metrics == shelf.kept[0].metrics
    assert shelf.aliases == {CANDIDATE: number, CHALLENGER: number}


def test_what_has_no_skill_is_not_made_the_challenger(shelf: Shelf) -> None:
    number = challenger(shelf)
    guesser(shelf, CANDIDATE)

    with pytest.raises(NoSkillError, match="version 2 of 'churn' knows no more than how many leave"):
        steps.evaluate(shelf, **TABLE)

    assert shelf.aliases[CHALLENGER] == number


def test_the_first_challenger_need_only_beat_the_baseline(shelf: Shelf) -> None:
    number = challenger(shelf)

    verdict = steps.promote(shelf, **TABLE, margin=MARGIN)

    assert verdict.promoted
    assert (verdict.challenger, verdict.champion, verdict.to_beat) == (number, None, MARGIN)
    assert shelf.aliases[CHAMPION] == number


def test_one_without_skill_is_not_promoted_even_as_the_first(shelf: Shelf) -> None:
    steps.train(shelf, **TABLE)
    guesser(shelf, CHALLENGER)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert CHAMPION not in shelf.aliases


def test_a_better_one_takes_the_place_of_a_worse_one(shelf: Shelf) -> None:
    steps.train(shelf, **TABLE)
    guesser(shelf, CHAMPION)
    better = challenger(shelf)

    assert steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases[CHAMPION] == better


def test_one_that_is_as_good_does_not(shelf: Shelf) -> None:
    first = challenger(shelf)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    challenger(shelf)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases[CHAMPION] == first


def test_a_second_run_of_the_gate_changes_nothing(shelf: Shelf) -> None:
    challenger(shelf)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    before = dict(shelf.aliases)

    assert not steps.promote(shelf, **TABLE, margin=MARGIN).promoted
    assert shelf.aliases == before


def test_who_is_promoted_meanwhile_is_the_one_to_beat(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.train(shelf, **TABLE)
    guesser(shelf, CHAMPION)
    other, number = steps.train(shelf, **TABLE), challenger(shelf)
    load = shelf.load

    def load_while_another_wins(asked: str) -> Version:
        if asked == number:
            shelf.point(CHAMPION, other)
        return load(asked)

    monkeypatch.setattr(shelf, "load", load_while_another_wins)
    verdict = steps.promote(shelf, **TABLE, margin=MARGIN)

    assert (verdict.champion, verdict.promoted) == (other, False)
    assert shelf.aliases[CHAMPION] == other


def test_without_a_version_each_step_says_what_to_do(shelf: Shelf) -> None:
    with pytest.raises(NoVersionError, match="is the candidate of this code, 0123456789ab: 'train'"):
        steps.evaluate(shelf, **TABLE)
    with pytest.raises(NoVersionError, match="is the challenger of this code, 0123456789ab: 'evaluate'"):
        steps.promote(shelf, **TABLE, margin=MARGIN)


def test_what_new_code_promotes_is_no_champion_of_the_old_and_the_other_way_round(shelf: Shelf) -> None:
    first = challenger(shelf)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    new = shelf.of("ba9876543210")

    second = challenger(new)
    verdict = steps.promote(new, **TABLE, margin=MARGIN)

    assert (verdict.champion, verdict.promoted) == (None, True), "as good as its predecessor, whose model was not asked"
    assert verdict.to_beat == pytest.approx(shelf.kept[0].metrics["skill"] - MARGIN)
    assert (shelf.aliases[CHAMPION], new.aliases[CHAMPION]) == (first, second)

    steps.promote(shelf, **TABLE, margin=-1)
    assert (shelf.aliases[CHAMPION], new.aliases[CHAMPION]) == (first, second), "a pipeline of the old code"


def test_the_first_of_new_code_that_is_worse_than_its_predecessor_was_is_not_promoted(
    shelf: Shelf, pipeline: Pipeline, candidate: Candidate
) -> None:
    shelf.point(CHAMPION, shelf.record(replace(candidate, metrics={"skill": 0.9})))
    new = shelf.of("ba9876543210")
    number = challenger(new)

    verdict = steps.promote(new, **TABLE, margin=MARGIN)

    assert (verdict.promoted, verdict.to_beat) == (False, pytest.approx(0.89))
    assert CHAMPION not in new.aliases
    assert steps.restore(new, number) is None, "a person who knows better can still say so"
    assert new.aliases[CHAMPION] == number


def test_an_earlier_champion_comes_back(shelf: Shelf) -> None:
    first = challenger(shelf)
    steps.promote(shelf, **TABLE, margin=MARGIN)
    second = guesser(shelf, CHAMPION)

    assert steps.restore(shelf, first) == second
    assert shelf.aliases[CHAMPION] == first


@pytest.mark.parametrize(("number", "error"), [("99", IndexError), ("2", OtherCodeError)])
def test_a_version_that_cannot_be_loaded_or_is_of_other_code_becomes_no_champion(
    number: str, error: type[Exception], shelf: Shelf, candidate: Candidate
) -> None:
    first = shelf.record(candidate)
    shelf.point(CHAMPION, first)
    shelf.of("ba9876543210").record(candidate)

    with pytest.raises(error):
        steps.restore(shelf, number)

    assert shelf.aliases[CHAMPION] == first
