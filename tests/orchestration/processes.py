# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds Airflow.
"""An executor in KubernetesExecutor's place: each pod is a process, with the pod's command and environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask


class Processes(BaseExecutor):
    """Runs a task as the pod of KubernetesExecutor does: ``TASK_ENVIRONMENT`` is all that it knows."""

    def start(self) -> None:
        """Has no pods yet."""
        self.pods = {}

    def _process_workloads(self, workload_items: Sequence[ExecuteTask]) -> None:
        for workload in workload_items:
            self.queued_tasks.pop(workload.ti.key)
            self.running.add(workload.ti.key)
            module = "airflow.sdk.execution_time.execute_workload"
            self.pods[workload.ti.key] = subprocess.Popen(
                [sys.executable, "-m", module, "--json-string", workload.model_dump_json()],
                env=json.loads(os.environ["TASK_ENVIRONMENT"]),
            )

    def sync(self) -> None:
        """Reports the pods that have ended."""
        for key, pod in list(self.pods.items()):
            if (status := pod.poll()) is not None:
                del self.pods[key]
                (self.fail if status else self.success)(key)

    def end(self) -> None:
        """Waits for the pods."""
        for pod in self.pods.values():
            pod.wait()
