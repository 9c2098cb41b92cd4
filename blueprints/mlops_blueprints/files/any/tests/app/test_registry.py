"""MLflow's own client, with a file in the place of its server."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException

from app import data, model
from app.registry import CANDIDATE, CHAMPION, Candidate, ChangedError, NoReferenceError, OtherCodeError
from app.registry.mlflow import CODE, DIGEST, MODEL, MlflowRegistry

OLD, NEW = "0123456789ab", "ba9876543210"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowRegistry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return MlflowRegistry("churn", OLD)


def stored(folder: Path) -> Path:
    """The one model's file, where MLflow keeps it."""
    (file,) = folder.glob(f"mlruns/**/artifacts/{MODEL}")
    return file


def test_a_model_comes_back_as_it_was_kept(registry: MlflowRegistry, candidate: Candidate, pipeline: Pipeline) -> None:
    assert registry.current(CHAMPION) is None, "there is no model"
    number = registry.record(candidate)
    assert registry.current(CHAMPION) is None, "there is no alias"
    registry.point(CHAMPION, number)
    version = registry.load(str(registry.current(CHAMPION)))

    rows = model.features(data.make(50, seed=2))
    assert version.number == number
    np.testing.assert_array_equal(model.probabilities(version.pipeline, rows), model.probabilities(pipeline, rows))
    assert registry.reference(number) == candidate.reference
    runs = pd.DataFrame(mlflow.search_runs(experiment_names=["churn"]))
    assert runs[["params.C", "metrics.skill"]].values.tolist() == [["1.0", 0.3]]
    assert version.made == pytest.approx(runs["end_time"][0].timestamp(), abs=60), "in seconds"
    assert registry.trained() is None, "nothing is the candidate"
    registry.point(CANDIDATE, number)
    assert registry.trained() == version.made


def test_a_person_sees_which_code_made_a_version(registry: MlflowRegistry, candidate: Candidate) -> None:
    number = registry.record(candidate)
    registry.point(CHAMPION, number)

    version = registry.client.get_model_version("churn", number)
    assert version.tags[CODE] == OLD
    assert sorted(version.aliases) == ["champion", f"champion-{OLD}"]


def test_each_code_has_aliases_of_its_own_and_knows_what_was_measured_of_the_last_champion(
    registry: MlflowRegistry, candidate: Candidate
) -> None:
    new = MlflowRegistry("churn", NEW)
    assert new.predecessor() is None, "there is no model"
    registry.point(CHAMPION, registry.record(candidate))

    assert new.current(CHAMPION) is None
    assert new.predecessor() == {"skill": 0.3}

    new.point(CHAMPION, new.record(candidate))
    assert (registry.current(CHAMPION), new.current(CHAMPION)) == ("1", "2")


def test_a_version_of_other_code_is_not_loaded(registry: MlflowRegistry, candidate: Candidate) -> None:
    number = registry.record(candidate)

    with pytest.raises(OtherCodeError, match=f"by the code {OLD}, and this is {NEW}: release the image that made it"):
        MlflowRegistry("churn", NEW).load(number)


def test_a_model_that_was_replaced_where_it_lies_is_not_loaded(
    registry: MlflowRegistry, candidate: Candidate, pipeline: Pipeline, tmp_path: Path
) -> None:
    number = registry.record(candidate)
    file = stored(tmp_path)
    digest = sha256(file.read_bytes()).hexdigest()
    pipeline_of_another = make_pipeline(*[step for _, step in pipeline.steps])
    mlflow.sklearn.save_model(
        pipeline_of_another, tmp_path / "other", serialization_format="skops", pip_requirements=[]
    )
    file.write_bytes((tmp_path / "other" / MODEL).read_bytes())

    with pytest.raises(ChangedError, match=rf"version 1 of 'churn' is not what was registered: .* not {digest}"):
        registry.load(number)


def register(pipeline: Pipeline, folder: Path, code: str, **options: object) -> None:
    """Registers a model as somebody who knows how, past the app."""
    mlflow.set_experiment("churn")
    logged = mlflow.sklearn.log_model(
        pipeline, name="model", serialization_format="skops", pip_requirements=[], **options
    )
    tags = {CODE: code, DIGEST: sha256(stored(folder).read_bytes()).hexdigest()} if code else {}
    mlflow.register_model(logged.model_uri, "churn", tags=tags)


def test_a_model_that_would_run_code_is_not_read(registry: MlflowRegistry, pipeline: Pipeline, tmp_path: Path) -> None:
    hostile = make_pipeline(FunctionTransformer(os.system), pipeline)
    register(hostile, tmp_path, OLD, skops_trusted_types=["posix.system"])

    with pytest.raises(UntrustedTypesFoundException, match=r"posix\.system"):
        registry.load("1")


def test_a_version_that_somebody_else_registered_has_no_code_no_reference_and_no_skill(
    registry: MlflowRegistry, pipeline: Pipeline, tmp_path: Path
) -> None:
    register(pipeline, tmp_path, "")
    registry.client.set_registered_model_alias("churn", "champion", "1")

    with pytest.raises(OtherCodeError, match="by nobody knows which code"):
        registry.load("1")
    with pytest.raises(NoReferenceError, match="version 1 of 'churn' does not say what it was trained on: train anew"):
        registry.reference("1")
    assert registry.predecessor() is None
