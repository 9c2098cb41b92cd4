"""Holds the accounts of the platform's own pods to what they are for: what MLflow asks about each request.

The reader reads, the writer records besides, and neither does anything else. MLflow looks up rights for most routes,
and lets everybody with an account use the rest: evaluation datasets, issues, the secrets of its gateway (3.15.2,
``BEFORE_REQUEST_HANDLERS``). It also lets each account change its own password, and whoever made something delete it
and give it away. The file of accounts names this function.
"""

from __future__ import annotations

import configparser
import os
import re
from functools import cache
from importlib import import_module
from typing import Any

READING = ("GET", "HEAD", "OPTIONS")
SEARCH = re.compile(r"/(ajax-)?api/\d\.0/mlflow/[a-z-]+/search")
"""What is asked by POST because the question is long."""

WRITING = ("POST", "PUT", "PATCH")
RECORDS = re.compile(
    r"/(ajax-)?api/\d\.0/mlflow/(experiments|runs|logged-models|registered-models|model-versions|traces)(/.+)?"
    r"|/(ajax-)?api/2\.0/mlflow-artifacts/(artifacts|mpu)/.+"
    r"|/v1/traces"
)
"""What a run leaves behind, and the models that come of it. For each of these MLflow looks up rights as well."""
TAKEN_AWAY = re.compile(r"/(ajax-)?api/\d\.0/mlflow/([a-z-]+/(delete[a-z-]*|rename)|experiments/update)")
"""What is gone afterwards, or nobody finds any more, though it is asked by POST. An experiment's update is its name."""


@cache
def account(of: str) -> str:
    """The name of the reader or of the writer, from the file at ``MLFLOW_AUTH_CONFIG_PATH``."""
    file = configparser.ConfigParser()
    file.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    return file[of]["username"]


def authorize() -> Any:
    """Who asks, once name and password are right; else the answer that refuses."""
    # MLflow and Flask are the image's: an import statement would make them requirements of this repository.
    auth, request = import_module("mlflow.server.auth"), import_module("flask").request
    answer = auth.authenticate_request_basic_auth()
    method, path = request.method, request.path
    reads = method in READING or (method == "POST" and SEARCH.fullmatch(path))
    records = method in WRITING and RECORDS.fullmatch(path) and not TAKEN_AWAY.fullmatch(path)
    name = getattr(answer, "username", None)
    if (name == account("reader") and not reads) or (name == account("writer") and not (reads or records)):
        return auth.make_forbidden_response()
    return answer
