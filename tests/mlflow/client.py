# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds MLflow.
"""What is done with the server: a person logs a model and calls it the champion, a job does, somebody spoils it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import mlflow
import mlflow.server
import requests

MODEL = "doubler"
JOBS = "job"
"""A job's own experiment, and a model of the same name."""


class Doubler(mlflow.pyfunc.PythonModel):
    """A model that one can check in one's head."""

    def predict(self, context: object, model_input: list[int]) -> list[int]:
        """Twice each number."""
        return [2 * number for number in model_input]


def log() -> None:
    """Logs a run and a model, makes the model's first version the champion, and lets a colleague in."""
    with mlflow.start_run():
        mlflow.log_metric("accuracy", 0.9)
        mlflow.log_text("a file of the run", "note.txt")
        mlflow.pyfunc.log_model(
            name="model", python_model=Doubler(), registered_model_name=MODEL, pip_requirements=["mlflow"]
        )
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.create_dataset("questions", ["0"])
    accounts = mlflow.server.get_app_client("basic-auth", os.environ["MLFLOW_TRACKING_URI"])
    accounts.create_user("ada", "adas-own-password")
    accounts.grant_user_permission("ada", "registered_model", MODEL, "EDIT")
    accounts.grant_user_permission("ada", "experiment", "*", "EDIT")


def write() -> None:
    """Does what a job does, in an experiment of its own and in another's; makes the latest version the champion."""
    client = mlflow.MlflowClient()
    for experiment in ("0", client.create_experiment(JOBS)):
        with mlflow.start_run(experiment_id=experiment):
            mlflow.log_param("depth", 3)
            mlflow.log_metric("accuracy", 0.95)
            mlflow.set_tag("by", "a job")
            mlflow.log_text("a file of the job", "job.txt")
            mlflow.pyfunc.log_model(
                name="model", python_model=Doubler(), registered_model_name=MODEL, pip_requirements=["mlflow"]
            )
    client.create_registered_model(JOBS)
    client.set_registered_model_alias(MODEL, "champion", "3")


def load() -> None:
    """Loads the champion, and prints what it predicts for 21."""
    print(mlflow.pyfunc.load_model(f"models:/{MODEL}@champion").predict([21]))


def spoil() -> None:
    """Tries what only who writes may do, half of it past MLflow's own checks."""
    client = mlflow.MlflowClient()
    store = client._tracking_client.store
    run = client.search_runs(["0"])[0].info.run_id
    (questions,) = client.search_datasets(["0"])
    changes = {
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
    }
    attempt(changes)


def overstep() -> None:
    """Tries what is no job's business: accounts, rights, what is deleted, and what MLflow has no rights for."""
    client = mlflow.MlflowClient()
    store = client._tracking_client.store
    accounts = mlflow.server.get_app_client("basic-auth", os.environ["MLFLOW_TRACKING_URI"])
    me, password = os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]
    own = client.get_experiment_by_name(JOBS).experiment_id
    run = client.search_runs([own])[0].info.run_id
    (questions,) = client.search_datasets(["0"])
    changes = {
        "user": lambda: accounts.create_user("another", "another-password"),
        "no user": lambda: accounts.delete_user("reader"),
        "administrator": lambda: accounts.update_user_admin(me, True),
        "password": lambda: accounts.update_user_password(me, "another-password", current_password=password),
        "role": lambda: accounts.create_role("default", "another"),
        "right": lambda: accounts.grant_user_permission("reader", "registered_model", JOBS, "MANAGE"),
        "model": lambda: client.delete_registered_model(MODEL),
        "own model": lambda: client.delete_registered_model(JOBS),
        "name": lambda: client.rename_registered_model(MODEL, "another"),
        "version": lambda: client.delete_model_version(MODEL, "1"),
        "no alias": lambda: client.delete_registered_model_alias(MODEL, "champion"),
        "experiment": lambda: client.delete_experiment(own),
        "experiment's name": lambda: client.rename_experiment(own, "another"),
        "run": lambda: client.delete_run(run),
        "records": lambda: questions.merge_records([{"inputs": {"question": "?"}}]),
        "dataset": lambda: client.delete_dataset(questions.dataset_id),
        "issue": lambda: store.create_issue("0", "another", "opened by a job"),
        "secret": lambda: store.create_gateway_secret("another", {"api_key": "job"}, "openai"),
    }
    attempt(changes)


def attempt(changes: Mapping[str, Callable[[], object]]) -> None:
    """Tries each, and prints how it was answered."""
    for name, change in changes.items():
        try:
            change()
            print(name, 200)
        except mlflow.exceptions.MlflowException as error:
            print(name, error.get_http_status_code())
        except requests.HTTPError as error:
            print(name, error.response.status_code)


if __name__ == "__main__":
    {each.__name__: each for each in (log, write, load, spoil, overstep)}[sys.argv[1]]()
