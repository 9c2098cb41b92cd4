# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds Airflow.
"""A pipeline whose one task takes its pod with it, as the kernel does when there is no memory left."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from signal import SIGKILL

from airflow.sdk import dag, task
from alerts import failed


@dag(
    schedule="@once",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    on_failure_callback=failed,
    is_paused_upon_creation=False,
)
def dies() -> None:
    """One step."""

    @task
    def use_too_much() -> None:
        # What runs the task is a child of what the pod runs.
        os.kill(os.getppid(), SIGKILL)

    use_too_much()


dies()
