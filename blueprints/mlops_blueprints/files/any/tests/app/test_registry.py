"""MLflow's own client, with a file in the place of its server."""

from __future__ import annotations

import os
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException

from app import data, model
from app.registry import Candidate, NoReferenceError
from app.registry.mlflow import MlflowRegistry


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowRegistry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return MlflowRegistry("churn")


def test_a_model_comes_back_as_it_was_kept(registry: MlflowRegistry, candidate: Candidate, pipeline: Pipeline) -> None:
    assert registry.current("champion") is None, "there is no model"
    number = registry.record(candidate)
    assert registry.current("champion") is None, "there is no alias"
    registry.point("champion", number)
    version = registry.load(str(registry.current("champion")))

    rows = model.features(data.make(50, seed=2))
    assert version.number == number
    assert version.columns == list(data.FEATURES)
    np.testing.assert_array_equal(model.probabilities(version.pipeline, rows), model.probabilities(pipeline, rows))
    assert registry.reference(number) == candidate.reference
    runs = pd.DataFrame(mlflow.search_runs(experiment_names=["churn"]))
    assert runs[["params.C", "metrics.skill"]].values.tolist() == [["1.0", 0.3]]


def test_a_model_that_would_run_code_is_not_read(registry: MlflowRegistry, pipeline: Pipeline) -> None:
    mlflow.set_experiment(registry.name)
    hostile = make_pipeline(FunctionTransformer(os.system), pipeline)
    mlflow.sklearn.log_model(
        hostile, name="model", registered_model_name="churn", skops_trusted_types=["posix.system"], pip_requirements=[]
    )

    with pytest.raises(UntrustedTypesFoundException, match=r"posix\.system"):
        registry.load("1")


def test_a_version_that_somebody_else_registered_has_no_reference(registry: MlflowRegistry, pipeline: Pipeline) -> None:
    mlflow.set_experiment(registry.name)
    mlflow.sklearn.log_model(
        pipeline, name="model", registered_model_name="churn", serialization_format="skops", pip_requirements=[]
    )

    with pytest.raises(NoReferenceError, match="version 1 of 'churn' does not say what it was trained on: train anew"):
        registry.reference("1")
