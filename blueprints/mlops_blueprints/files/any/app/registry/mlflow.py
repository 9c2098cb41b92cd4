"""Models in MLflow, wherever ``MLFLOW_TRACKING_URI``, ``…_USERNAME`` and ``…_PASSWORD`` say that it is.

MLflow reads them itself. Without them it keeps all in ``mlflow.db`` and ``mlruns/`` of the folder it runs in.
"""

from __future__ import annotations

import os
import warnings
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

# Before MLflow is imported, for then it looks. What the environment says itself comes first.
os.environ.update(
    {
        # A server that does not answer is given up after half a minute, and asked again at the next look; MLflow's own
        # defaults are two minutes a try, and seven more tries.
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Its records are logged as all others are, and what a command prints is its result.
        "MLFLOW_CONFIGURE_LOGGING": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        # There is no git in the image, and MLflow need not look for it.
        "GIT_PYTHON_REFRESH": "quiet",
        **os.environ,
    }
)

import mlflow
import mlflow.sklearn
import skops.io
from mlflow.exceptions import MlflowException
from mlflow.models import Model, get_model_info, infer_signature
from sklearn.pipeline import Pipeline

from app.drift import Distributions
from app.model import features, probabilities
from app.registry import Candidate, NoReferenceError, Version

MODEL = "model.skops"
"""Where in a version's folder MLflow puts the model."""

REFERENCE = "reference"
"""Where in a version's metadata it says what it can expect."""

LIBRARIES = ("numpy", "scikit-learn", "skops")
"""What it takes to load a model."""


class MlflowRegistry:
    """The versions of one model in MLflow; an experiment of the same name holds the runs that made them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = mlflow.MlflowClient()

    def record(self, candidate: Candidate) -> str:
        """Logs a run with parameters, metrics and the model, and registers that."""
        mlflow.set_experiment(self.name)
        answers = probabilities(candidate.pipeline, features(candidate.example))
        with mlflow.start_run(), warnings.catch_warnings():
            # It asks the model by names of columns, which the model does without; the signature holds them.
            warnings.simplefilter("ignore", UserWarning)
            mlflow.log_params(dict(candidate.parameters))
            mlflow.log_metrics(dict(candidate.metrics))
            logged = mlflow.sklearn.log_model(
                candidate.pipeline,
                name="model",
                serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
                registered_model_name=self.name,
                signature=infer_signature(candidate.example, answers),
                input_example=candidate.example,
                pip_requirements=[f"{library}=={version(library)}" for library in LIBRARIES],
                pyfunc_predict_fn="predict_proba",
                # It goes where the model goes, and needs no run.
                metadata={REFERENCE: candidate.reference},
            )
        return str(logged.registered_model_version)

    def current(self, alias: str) -> str | None:
        """Asks for the alias."""
        try:
            return str(self.client.get_model_version_by_alias(self.name, alias).version)
        except MlflowException as error:
            # The first for a model that nobody has registered, the second for an alias that nobody has set.
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def point(self, alias: str, number: str) -> None:
        """Sets the alias, which MLflow takes away from the version that had it."""
        self.client.set_registered_model_alias(self.name, alias, number)

    def load(self, number: str) -> Version:
        """Downloads a version and reads it; nothing of the download stays.

        It is read by skops and not by MLflow, which would run the code in a pickle, and trust the types that a model's
        own description names: whoever may write to the registry could then run code here.

        Raises:
            skops.io.exceptions.UntrustedTypesFoundException: it holds more than what scikit-learn and numpy make.
            TypeError: it is no scikit-learn pipeline.
        """
        with TemporaryDirectory() as folder:
            path = mlflow.artifacts.download_artifacts(f"models:/{self.name}/{number}", dst_path=folder)
            signature = Model.load(path).signature
            columns = signature.inputs.input_names() if signature else []
            pipeline = skops.io.load(Path(path) / MODEL)
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"version {number} of '{self.name}' is no scikit-learn pipeline")
        return Version(number, pipeline, columns)

    def reference(self, number: str) -> Distributions:
        """Reads it from the description of the model, and nothing else.

        Raises:
            app.registry.NoReferenceError: somebody registered the version who did not say.
        """
        described = get_model_info(f"models:/{self.name}/{number}").metadata or {}
        if REFERENCE not in described:
            raise NoReferenceError(f"version {number} of '{self.name}' does not say what it was trained on: train anew")
        return described[REFERENCE]
