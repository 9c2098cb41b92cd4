# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds Airflow.
"""Runs the DAG once, in this process, without retries; prints each task's state."""

from __future__ import annotations

import json
from pathlib import Path

from airflow.configuration import conf
from airflow.dag_processing.dagbag import BundleDagBag

folder = conf.get("core", "dags_folder")
# As the DAG processor's and a task's, it finds what lies beside a pipeline.
bag = BundleDagBag(folder, bundle_path=Path(folder), bundle_name="dags-folder")
dag = bag.dags["train"]
for task in dag.tasks:
    task.retries = 0
run = dag.test()
tasks = {instance.task_id: instance.state for instance in run.get_task_instances()}
print("\n" + json.dumps({"errors": bag.import_errors, "run": run.state, "tasks": tasks}))
