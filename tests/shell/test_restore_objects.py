"""``scripts/restore_objects.py``, against a bucket that keeps versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from account import AWS, MOTO, PATH, account, ask

pytestmark = [
    pytest.mark.xdist_group("restore"),
    pytest.mark.skipif(not (AWS and MOTO), reason="needs the commands aws and moto_server"),
]

BUCKET = ["--bucket", "acme"]


@pytest.fixture
def cloud() -> Iterator[dict[str, str]]:
    """An account with a bucket."""
    with account() as environment:
        ask(environment, "s3api", "create-bucket", *BUCKET)
        ask(environment, "s3api", "put-bucket-versioning", *BUCKET, "--versioning-configuration", "Status=Enabled")
        yield environment


def write(cloud: Mapping[str, str], folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / "body").write_text(text)
        ask(cloud, "s3api", "put-object", *BUCKET, "--key", f"runs/{name} 1", "--body", str(folder / "body"))


def held(cloud: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the bucket holds now."""
    found: dict[str, str] = {}
    for each in ask(cloud, "s3api", "list-objects-v2", *BUCKET).get("Contents", []):
        ask(cloud, "s3api", "get-object", *BUCKET, "--key", each["Key"], str(folder / "body"))
        found[each["Key"].removeprefix("runs/").removesuffix(" 1")] = (folder / "body").read_text()
    return found


def restore(repository: Path, cloud: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/restore_objects.py", "s3://acme/runs/", *arguments]
    environment = {**os.environ, "PATH": PATH, "AWS_DEFAULT_REGION": "us-east-1", **cloud}
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def test_a_folder_is_put_back_to_a_time(repository: Path, cloud: dict[str, str], tmp_path: Path) -> None:
    write(cloud, tmp_path, kept="a", overwritten="a", deleted="a", both="a")
    time.sleep(1.1)  # seconds, for S3 counts in whole ones
    then = datetime.now(UTC).isoformat()
    time.sleep(1.1)
    write(cloud, tmp_path, overwritten="b", both="b", new="b")
    for name in ("deleted", "deleted", "both"):
        ask(cloud, "s3api", "delete-object", *BUCKET, "--key", f"runs/{name} 1")
    damaged = {"kept": "a", "overwritten": "b", "new": "b"}
    assert held(cloud, tmp_path) == damaged

    told = restore(repository, cloud, then)
    assert held(cloud, tmp_path) == damaged
    done = restore(repository, cloud, then, "--yes")

    assert (told.returncode, done.returncode) == (0, 0), told.stderr + done.stderr
    assert told.stdout == done.stdout
    assert [line.partition(" 1:")[0] for line in done.stdout.splitlines()] == [
        f"runs/{name}" for name in ("both", "deleted", "overwritten")
    ]
    assert held(cloud, tmp_path) == {"kept": "a", "overwritten": "a", "deleted": "a", "both": "a", "new": "b"}
    assert restore(repository, cloud, datetime.now(UTC).isoformat()).stdout == ""


def test_it_says_what_it_cannot_do(repository: Path, cloud: dict[str, str], tmp_path: Path) -> None:
    without_zone = restore(repository, cloud, "2026-11-24T09:00:00")
    assert without_zone.returncode == 2
    assert "invalid moment value" in without_zone.stderr

    # What S3 would answer of an object that is too large to be made here.
    listed = {"Versions": [version("2", "2026-11-24T10:00:00Z", 1), version("1", "2026-11-24T08:00:00Z", 6 * 1024**3)]}
    (tmp_path / "aws").write_text(f"#!/bin/sh\necho '{json.dumps(listed)}'\n")
    (tmp_path / "aws").chmod(0o755)
    done = restore(repository, {"PATH": str(tmp_path)}, "2026-11-24T09:00:00Z", "--yes")
    assert done.returncode == 1
    assert "weights: left alone, for it is larger than one request may copy" in done.stderr


def version(id: str, since: str, size: int) -> dict[str, object]:
    return {"Key": "weights", "VersionId": id, "LastModified": since, "IsLatest": id == "2", "Size": size}


def test_a_bucket_is_emptied_as_destroy_says(repository: Path, cloud: dict[str, str], tmp_path: Path) -> None:
    write(cloud, tmp_path, one="a", two="a")
    write(cloud, tmp_path, one="b")
    ask(cloud, "s3api", "delete-object", *BUCKET, "--key", "runs/two 1")
    block = (repository / "docs/runbooks/destroy.md").read_text().split("BUCKET=$(", 1)[1].split("\n", 1)[1]
    lines = block.split("\n\n")[0]

    environment = {**os.environ, **cloud, "PATH": PATH, "BUCKET": "acme", "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        ["sh", "-euc", lines], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert ask(cloud, "s3api", "list-buckets")["Buckets"] == []
