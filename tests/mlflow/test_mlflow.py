"""MLflow for real: the planned pods' own commands, arguments and environment, run against PostgreSQL and a fake S3."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest
from pods import BUCKET, READING, WRITING, Pods
from services import free_port, postgres, run, status

from mlops_stacks.tracking.kubernetes import ADMINISTRATOR, IMAGE, PORT, READER, WRITER

NAME = f"tracking.tracking.svc.cluster.local:{PORT}"

pytestmark = pytest.mark.xdist_group("mlflow")


def test_image_is_the_version_under_test() -> None:
    locked = re.search(r"^mlflow==(\S+)", Path(__file__).with_name("requirements.txt").read_text(), re.MULTILINE)
    assert locked
    assert IMAGE.split("@")[0].endswith(f":v{locked[1]}-full")


def test_database_is_made_once_however_often_and_at_the_same_time(pods: Pods) -> None:
    create = pods.planned["Job"]["spec"]["template"]["spec"]["initContainers"][0]
    runs = [pods.start(create, "first-password") for _ in range(2)]
    assert [each.wait(60) for each in runs] == [0, 0]

    assert pods.database.ask("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'tracking'") == "tracking"
    assert pods.database.ask("SELECT has_database_privilege('public', 'tracking', 'connect')") == "f"
    assert (
        pods.database.ask("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'tracking'")
        == "f"
    )


def test_model_is_logged_registered_and_loaded_by_alias_after_a_restart(pods: Pods) -> None:
    first, second = "first-password", "second-password"
    pods.set_up(first)
    with pods.server(first) as address:
        search = f"{address}/api/2.0/mlflow/experiments/search?max_results=1"

        def asked(
            password: str, host: str = f"localhost:{pods.port}", url: str = search, name: str = ADMINISTRATOR
        ) -> int | None:
            who = b64encode(f"{name}:{password}".encode()).decode()
            return status(url, {"Authorization": f"Basic {who}", "Host": host})

        assert status(search) == 401
        assert asked("password1234") == 401, "MLflow's own default password"
        assert asked(first) == 200
        assert asked(first, NAME) == 200
        assert asked(first, url=f"{address}/signup") == 200, "where the administrator lets people in (docs/tracking.md)"
        assert asked(WRITING, url=f"{address}/signup", name=WRITER) == 403
        assert asked(first, "elsewhere.example") == 403
        assert asked(first, f"10.0.0.7:{PORT}") == 403
        assert status(f"{address}/health", {"Host": "elsewhere.example"}) == 200, "a probe names the pod's address"

        logged = pods.database.logged()
        assert pods.ready(first)
        assert pods.ready("replaced since it started"), "its database is there, and so are its connections"
        assert pods.database.logged() == logged, "of who had a session one would find nothing else"
        assert not pods.ready(first, PGPORT=str(free_port())), "its database does not answer, and /health would"
        only = {"max_connections": "1", "superuser_reserved_connections": "0"}
        with postgres(pods.database.programs, **only) as full, full.taken():
            assert pods.ready(first, PGPORT=str(full.port)), "who has a connection goes on"
            assert "too many clients" in full.logged()
            full.stop()
            assert not pods.ready(first, PGPORT=str(full.port)), "it is about to stop"

        pods.client("log", address, first)
        assert pods.client("load", address, first).strip() == "[42]"

        assert pods.client("load", address, READING, READER).strip() == "[42]"
        refused = pods.client("spoil", address, READING, READER).splitlines()
        assert refused
        assert {line.split()[-1] for line in refused} == {"403"}, refused
        assert len(refused) == 12

        pods.client("write", address, WRITING, WRITER)
        assert pods.client("load", address, READING, READER).strip() == "[42]"
        refused = pods.client("overstep", address, WRITING, WRITER).splitlines()
        assert {line.split()[-1] for line in refused} == {"403"}, refused
        assert len(refused) == 18

    assert not pods.ready(first), "the server is gone, and the database is there"

    # Another password, and so another Job and another server.
    pods.set_up(second)
    with pods.server(second) as address:
        assert pods.client("load", address, second).strip() == "[42]"
        assert asked(first) == 401

    listing = f"import boto3; print(boto3.client('s3').list_objects_v2(Bucket='{BUCKET}', Prefix='tracking/'))"
    assert "/artifacts/note.txt" in run([str(pods.programs / "python"), "-c", listing], pods.aws.environment)
    assert pods.database.ask("SELECT count(*) > 0 FROM registered_model_aliases", "tracking") == "t"
