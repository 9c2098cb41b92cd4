"""Lets the reader of an MLflow server read and do nothing else: what MLflow asks about each request.

MLflow looks up rights for most routes, and lets everybody with an account use the rest: evaluation datasets, issues,
the secrets and budgets of its gateway (3.15.2, ``BEFORE_REQUEST_HANDLERS``). The file of accounts names this function.
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


@cache
def reader() -> str:
    """The reader's name, from the file at ``MLFLOW_AUTH_CONFIG_PATH``."""
    file = configparser.ConfigParser()
    file.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    return file["reader"]["username"]


def authorize() -> Any:
    """Who asks, once name and password are right; else the answer that refuses."""
    # MLflow and Flask are the image's: an import statement would make them requirements of this repository.
    auth, request = import_module("mlflow.server.auth"), import_module("flask").request
    answer = auth.authenticate_request_basic_auth()
    reads = request.method in READING or (request.method == "POST" and SEARCH.fullmatch(request.path))
    if getattr(answer, "username", None) == reader() and not reads:
        return auth.make_forbidden_response()
    return answer
