# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds MLflow.
"""What is done with the server: ``log`` a model and call it the champion, ``load`` the champion, or ``spoil`` it."""

from __future__ import annotations

import sys

import mlflow
import requests

MODEL = "doubler"


class Doubler(mlflow.pyfunc.PythonModel):
    """A model that one can check in one's head."""

    def predict(self, context: object, model_input: list[int]) -> list[int]:
        """Twice each number."""
        return [2 * number for number in model_input]


def log() -> None:
    """Logs a run with a metric, a file and a model, and makes the model's first version the champion."""
    with mlflow.start_run():
        mlflow.log_metric("accuracy", 0.9)
        mlflow.log_text("a file of the run", "note.txt")
        mlflow.pyfunc.log_model(
            name="model", python_model=Doubler(), registered_model_name=MODEL, pip_requirements=["mlflow"]
        )
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", "1")


def load() -> None:
    """Loads the champion, and prints what it predicts for 21."""
    print(mlflow.pyfunc.load_model(f"models:/{MODEL}@champion").predict([21]))


def spoil() -> None:
    """Tries what only who writes may do, and prints what was refused, and with which status."""
    client = mlflow.MlflowClient()
    run = client.search_runs(["0"])[0].info.run_id
    for name, change in {
        "alias": lambda: client.set_registered_model_alias(MODEL, "champion", "1"),
        "no alias": lambda: client.delete_registered_model_alias(MODEL, "champion"),
        "version": lambda: client.create_model_version(MODEL, f"runs:/{run}/model", run),
        "delete": lambda: client.delete_registered_model(MODEL),
        "metric": lambda: client.log_metric(run, "accuracy", 1),
        "file": lambda: client.log_text(run, "another", "note.txt"),
    }.items():
        try:
            change()
        except mlflow.exceptions.MlflowException as error:
            print(name, error.get_http_status_code())
        except requests.HTTPError as error:
            print(name, error.response.status_code)


if __name__ == "__main__":
    {"log": log, "load": load, "spoil": spoil}[sys.argv[1]]()
