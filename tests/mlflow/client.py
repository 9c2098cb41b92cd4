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
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.create_dataset("questions", ["0"])


def load() -> None:
    """Loads the champion, and prints what it predicts for 21."""
    print(mlflow.pyfunc.load_model(f"models:/{MODEL}@champion").predict([21]))


def spoil() -> None:
    """Tries what only who writes may do, half of it past MLflow's own checks, and prints how each was answered."""
    client = mlflow.MlflowClient()
    store = client._tracking_client.store
    run = client.search_runs(["0"])[0].info.run_id
    (questions,) = client.search_datasets(["0"])
    for name, change in {
        "alias": lambda: client.set_registered_model_alias(MODEL, "champion", "1"),
        "no alias": lambda: client.delete_registered_model_alias(MODEL, "champion"),
        "version": lambda: client.create_model_version(MODEL, f"runs:/{run}/model", run),
        "delete": lambda: client.delete_registered_model(MODEL),
        "metric": lambda: client.log_metric(run, "accuracy", 1),
        "file": lambda: client.log_text(run, "another", "note.txt"),
        "experiment": lambda: client.create_experiment("another"),
        "model": lambda: client.create_registered_model("another"),
        "records": lambda: questions.merge_records([{"inputs": {"question": "?"}}]),
        "dataset": lambda: client.delete_dataset(questions.dataset_id),
        "issue": lambda: store.create_issue("0", "another", "opened by a stranger"),
        "secret": lambda: store.create_gateway_secret("another", {"api_key": "stranger"}, "openai"),
    }.items():
        try:
            change()
            print(name, 200)
        except mlflow.exceptions.MlflowException as error:
            print(name, error.get_http_status_code())
        except requests.HTTPError as error:
            print(name, error.response.status_code)


if __name__ == "__main__":
    {"log": log, "load": load, "spoil": spoil}[sys.argv[1]]()
