"""What the tests share: an empty registry, and one model, the real one, trained once."""

from __future__ import annotations

import pytest
from shelf import Shelf
from sklearn.pipeline import Pipeline

from app import data, drift, model
from app.registry import Candidate


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    training, _ = data.load(rows=4000, seed=1)
    return model.train(training)


@pytest.fixture
def candidate(pipeline: Pipeline) -> Candidate:
    example = data.make(rows=3, seed=1)[list(data.FEATURES)]
    reference = drift.reference(pipeline, data.make(rows=100, seed=2))
    return Candidate(pipeline, parameters={"C": 1.0}, metrics={"skill": 0.3}, example=example, reference=reference)
