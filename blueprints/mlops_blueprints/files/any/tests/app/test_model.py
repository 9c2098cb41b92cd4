from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from app import data, model

CALM, CROSS = [24, 60, 0, 0, 9], [24, 60, 5, 4, 9]


def test_it_finds_what_the_process_says(pipeline: Pipeline) -> None:
    calm, cross = model.probabilities(pipeline, np.array([CALM, CROSS], dtype=float))

    assert calm < 0.2
    assert cross > 0.9


def test_it_beats_the_baseline_and_a_model_without_products(pipeline: Pipeline) -> None:
    training, held_out = data.load(4000, seed=1)
    plain = model.train(training, {**model.PARAMETERS, "degree": 1})

    skills = [model.evaluate(each, held_out)["skill"] for each in (plain, pipeline)]

    assert 0 < skills[0] < skills[1]


def test_who_knows_only_how_many_leave_has_no_skill() -> None:
    training, held_out = data.load(4000, seed=1)
    guess = make_pipeline(DummyClassifier(strategy="prior")).fit(
        model.features(training), training[data.LABEL].to_numpy()
    )

    metrics = model.evaluate(guess, held_out)

    assert metrics["skill"] == pytest.approx(0, abs=0.001)
    assert metrics["roc_auc"] == 0.5


def test_a_challenger_must_beat_the_champion_or_else_the_baseline_by_the_margin() -> None:
    assert model.to_beat({"skill": 0.3}, None, margin=0.01) == pytest.approx(0.31)
    assert model.to_beat(None, None, margin=0.01) == 0.01


def test_the_first_one_of_new_code_must_not_be_worse_than_its_predecessor_was_by_more_than_the_margin() -> None:
    assert model.to_beat(None, {"skill": 0.3}, margin=0.01) == pytest.approx(0.29)
    assert model.to_beat(None, {"skill": 0.015}, margin=0.01) == 0.01, "nor than the baseline"
    assert model.to_beat(None, {"accuracy": 0.9}, margin=0.01) == 0.01, "whose skill nobody recorded"
