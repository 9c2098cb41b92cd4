"""Models in MLflow, wherever ``MLFLOW_TRACKING_URI``, ``…_USERNAME`` and ``…_PASSWORD`` say that it is.

MLflow reads them itself. Without them it keeps all in ``mlflow.db`` and ``mlruns/`` of the folder it runs in.
"""

from __future__ import annotations

import os
import warnings
from hashlib import sha256
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
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import get_model_info, infer_signature
from sklearn.pipeline import Pipeline

from app.drift import Distributions
from app.model import Metrics, features, probabilities
from app.registry import CANDIDATE, CHAMPION, Candidate, ChangedError, NoReferenceError, OtherCodeError, Version

MODEL = "model.skops"
"""Where in a version's folder MLflow puts the model."""

REFERENCE = "reference"
"""Where in a version's metadata it says what it can expect."""

CODE, DIGEST = "code", "sha256"
"""Tags of a version: the code that made it, and the digest of its model's file. They lie in the registry's database,
where whoever may only write files cannot reach them."""

LIBRARIES = ("numpy", "scikit-learn", "skops")
"""What it takes to load a model."""


class MlflowRegistry:
    """The versions of one model in MLflow; an experiment of the same name holds the runs that made them.

    An alias is there twice: ``champion-<code>`` is what the code follows, and ``champion``, for people and for whoever
    comes after, is what was set last by any code.
    """

    def __init__(self, name: str, code: str) -> None:
        self.name = name
        self.code = code
        self.client = mlflow.MlflowClient()

    def record(self, candidate: Candidate) -> str:
        """Logs a run with parameters, metrics and the model, and registers that with its code and digest."""
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
                signature=infer_signature(candidate.example, answers),
                input_example=candidate.example,
                pip_requirements=[f"{library}=={version(library)}" for library in LIBRARIES],
                pyfunc_predict_fn="predict_proba",
                # It goes where the model goes, and needs no run.
                metadata={REFERENCE: candidate.reference},
            )
        # MLflow writes the file itself, so its digest can only be had from what it has kept, a moment later.
        tags = {CODE: self.code, DIGEST: sha256(_file(logged.model_uri)).hexdigest()}
        return str(mlflow.register_model(logged.model_uri, self.name, tags=tags).version)

    def current(self, alias: str) -> str | None:
        """Asks for the alias of this code."""
        found = self._behind(f"{alias}-{self.code}")
        return str(found.version) if found else None

    def point(self, alias: str, number: str) -> None:
        """Sets both aliases, which MLflow takes away from the versions that had them."""
        for name in (f"{alias}-{self.code}", alias):
            self.client.set_registered_model_alias(self.name, name, number)

    def load(self, number: str) -> Version:
        """Downloads a version of this code and reads it; nothing of the download stays.

        It is read by skops and not by MLflow, which would run the code in a pickle, and trust the types that a model's
        own description names: whoever may write to the registry could then run code here.

        Raises:
            app.registry.OtherCodeError: another code made it, or nobody has said which.
            app.registry.ChangedError: the file is another one than when it was registered.
            skops.io.exceptions.UntrustedTypesFoundException: it holds more than what scikit-learn and numpy make.
            TypeError: it is no scikit-learn pipeline.
        """
        known = self.client.get_model_version(self.name, number)
        if (code := known.tags.get(CODE)) != self.code:
            whose = f"by the code {code}" if code else "by nobody knows which code"
            raise OtherCodeError(
                f"version {number} of '{self.name}' was made {whose}, and this is {self.code}: release the image that "
                "made it, or train anew with this one"
            )
        content = _file(f"models:/{self.name}/{number}")
        if (digest := sha256(content).hexdigest()) != known.tags.get(DIGEST):
            raise ChangedError(
                f"version {number} of '{self.name}' is not what was registered: the sha256 of {MODEL} is {digest}, not "
                f"{known.tags.get(DIGEST)}; restore another version, and find out who has written to where models lie"
            )
        pipeline = skops.io.loads(content)
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"version {number} of '{self.name}' is no scikit-learn pipeline")
        return Version(number, pipeline, made=known.creation_timestamp / 1000)

    def trained(self) -> float | None:
        """Looks at the candidate, which each training is."""
        found = self._behind(f"{CANDIDATE}-{self.code}")
        return found.creation_timestamp / 1000 if found else None

    def predecessor(self) -> Metrics | None:
        """Reads the metrics of the run that made the version behind the plain alias."""
        found = self._behind(CHAMPION)
        return self.client.get_run(found.run_id).data.metrics if found and found.run_id else None

    def reference(self, number: str) -> Distributions:
        """Reads it from the description of the model, and nothing else.

        Raises:
            app.registry.NoReferenceError: somebody registered the version who did not say.
        """
        described = get_model_info(f"models:/{self.name}/{number}").metadata or {}
        if REFERENCE not in described:
            raise NoReferenceError(f"version {number} of '{self.name}' does not say what it was trained on: train anew")
        return described[REFERENCE]

    def _behind(self, alias: str) -> ModelVersion | None:
        """The version that has an alias of MLflow's."""
        try:
            return self.client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            # The first for a model that nobody has registered, the second for an alias that nobody has set.
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise


def _file(model: str) -> bytes:
    """The file that holds a model."""
    with TemporaryDirectory() as folder:
        return Path(mlflow.artifacts.download_artifacts(model, dst_path=folder), MODEL).read_bytes()
