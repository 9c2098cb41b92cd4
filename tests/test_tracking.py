"""Who may do what at the tracking server, as far as it can be seen without one; ``tests/mlflow`` asks a real one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ours

from mlops_stacks.tracking import Tracking, _authorize
from mlops_stacks.tracking.kubernetes import ADMINISTRATOR, READER, WRITER, basic_auth


def test_no_block_is_given_the_administrators_account() -> None:
    catalogue = ours()

    assert {*catalogue.outputs(catalogue.contract("tracking"))} == {
        *("url", "writer_username", "writer_password", "reader_username", "reader_password")
    }


@pytest.mark.parametrize(("reading", "name"), [(False, WRITER), (True, READER)])
def test_a_pod_enters_as_the_writer_or_as_the_reader(reading: bool, name: str) -> None:
    given: Any = SimpleNamespace(
        url="http://tracking",
        **{f"{of}_username": of for of in (WRITER, READER)},
        **{f"{of}_password": f"{of}password" for of in (WRITER, READER)},
    )

    assert Tracking.environment(given, reading=reading) == {
        "MLFLOW_TRACKING_URI": "http://tracking",
        "MLFLOW_TRACKING_USERNAME": name,
        "MLFLOW_TRACKING_PASSWORD": f"{name}password",
    }


RECORDED = [
    ("POST", "/api/2.0/mlflow/experiments/create"),
    ("POST", "/api/2.0/mlflow/runs/log-batch"),
    ("POST", "/api/2.0/mlflow/logged-models"),
    ("PATCH", "/api/2.0/mlflow/logged-models/m-1"),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/m-1/artifacts/delete"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/create/1/m-1/artifacts"),
    ("POST", "/api/2.0/mlflow/registered-models/create"),
    ("POST", "/api/2.0/mlflow/registered-models/alias"),
    ("POST", "/api/2.0/mlflow/model-versions/create"),
    ("POST", "/api/3.0/mlflow/traces"),
]
READ = [("GET", "/api/2.0/mlflow/experiments/get-by-name"), ("POST", "/api/2.0/mlflow/runs/search")]
NEITHER = [
    ("POST", "/api/2.0/mlflow/users/create"),
    ("PATCH", "/ajax-api/2.0/mlflow/users/update-password"),
    ("POST", "/api/3.0/mlflow/users/permissions/grant"),
    ("POST", "/api/3.0/mlflow/roles/create"),
    ("POST", "/api/2.0/mlflow/experiments/delete"),
    ("POST", "/api/2.0/mlflow/experiments/update"),
    ("POST", "/ajax-api/2.0/mlflow/runs/delete"),
    ("POST", "/api/3.0/mlflow/traces/delete-traces"),
    ("DELETE", "/api/2.0/mlflow/registered-models/delete"),
    ("POST", "/api/2.0/mlflow/registered-models/rename"),
    ("DELETE", "/api/2.0/mlflow/model-versions/delete"),
    ("DELETE", "/api/2.0/mlflow/registered-models/alias"),
    ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/m-1/artifacts"),
    ("DELETE", "/api/3.0/mlflow/datasets/d-1"),
    ("POST", "/api/3.0/mlflow/gateway/secrets/create"),
    ("POST", "/graphql"),
]
"""Routes of MLflow's REST API (3.15.2): what a run leaves behind, what asks, and what is neither."""


@pytest.mark.parametrize(("method", "path"), [*RECORDED, *READ, *NEITHER])
@pytest.mark.parametrize("name", [ADMINISTRATOR, WRITER, READER, "ada"])
def test_an_account_is_held_to_what_it_is_for(
    name: str, method: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "basic_auth.ini").write_text(basic_auth("a", "w", "r"))
    monkeypatch.setenv("MLFLOW_AUTH_CONFIG_PATH", str(tmp_path / "basic_auth.ini"))
    who, refused = SimpleNamespace(username=name), object()
    server = SimpleNamespace(authenticate_request_basic_auth=lambda: who, make_forbidden_response=lambda: refused)
    monkeypatch.setitem(sys.modules, "mlflow.server.auth", server)
    monkeypatch.setitem(sys.modules, "flask", SimpleNamespace(request=SimpleNamespace(method=method, path=path)))

    let_in = name not in (WRITER, READER) or (method, path) in READ or (name == WRITER and (method, path) in RECORDED)
    assert _authorize.authorize() is (who if let_in else refused)
