"""The training pipeline: every day a fresh model is trained, measured, and promoted if it is the better one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from alerts import failed, succeeded

APP = os.environ.get("APP_HOME", "/opt/app")
"""Where the image has the app, with a Python and packages of its own: Airflow's need not suit it."""


@dag(
    schedule=os.environ.get("TRAIN_SCHEDULE", "@daily"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # Days that were missed are not made up for: today's model is the one that counts.
    catchup=False,
    # Two at a time would promote against each other.
    max_active_runs=1,
    is_paused_upon_creation=False,
    on_failure_callback=failed,
    on_success_callback=succeeded,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=2),
        # What a command prints last is JSON: the next task, and whoever looks at the run, can read it.
        "output_processor": json.loads,
        "cwd": APP,
    },
    tags=["model"],
    doc_md=__doc__,
)
def train() -> None:
    """The steps, each of them a command of the app that anyone can run: `python -m app train`."""

    @task.bash
    def fit() -> str:
        """Trains a version, registers it, and makes it the candidate."""
        return "bin/python -m app train"

    @task.bash
    def evaluate() -> str:
        """Measures the candidate on rows that it has not seen, and makes it the challenger if it knows anything."""
        return "bin/python -m app evaluate"

    @task.bash
    def promote() -> str:
        """Makes the challenger the champion, if it beats it."""
        return "bin/python -m app promote"

    fit() >> evaluate() >> promote()


train()
