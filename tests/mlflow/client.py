# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds MLflow.
"""What a person does with the server: ``log`` a model and call it the champion, or ``load`` the champion."""

from __future__ import annotations

import sys

import mlflow

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


if __name__ == "__main__":
    {"log": log, "load": load}[sys.argv[1]]()
