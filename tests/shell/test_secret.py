"""``make secret`` and ``make secrets``, against AWS's own command line and a server that speaks like AWS (moto)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto.server")
from moto.server import ThreadedMotoServer

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
AWS = shutil.which("aws", path=PATH)

pytestmark = pytest.mark.skipif(not AWS, reason="needs the command aws")


class Account:
    """An account with two empty entries, and a repository whose Pulumi knows them."""

    def __init__(self, endpoint: str, repository: Path, folder: Path) -> None:
        self.repository, self.folder = repository, folder
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PATH": os.pathsep.join([str(folder), PATH]),
        }
        self.references = {
            name: self.ask("create-secret", "--name", f"{folder.name}-{name}")["ARN"] for name in ("slack", "pagerduty")
        }
        self.command("pulumi", f"print({json.dumps(self.references)!r})")

    def command(self, name: str, source: str) -> None:
        """Puts a command first on the path."""
        file = self.folder / name
        file.write_text(f"#!{sys.executable}\n{source}\n")
        file.chmod(0o755)

    def ask(self, *arguments: str) -> Any:
        """What Secrets Manager says."""
        call = [str(AWS), "secretsmanager", *arguments, "--region", "us-east-1", "--output", "json"]
        return json.loads(subprocess.run(call, env=self.environment, capture_output=True, check=True).stdout)

    def secret(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "scripts/secret.py", "dev", *arguments],
            cwd=self.repository,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            # Without a terminal, or it would ask there.
            start_new_session=True,
        )


@pytest.fixture
def account(repository: Path, tmp_path: Path) -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Account(f"http://{host}:{port}", repository, tmp_path)
    server.stop()


def test_a_value_is_put_in_as_it_was_typed(account: Account) -> None:
    done = account.secret("slack", typed="https://hooks.example.com/T0/B0/«x»?a=1&b='2'\n")

    assert done.returncode == 0, done.stderr
    assert "hooks.example.com" not in done.stdout + done.stderr
    value = account.ask("get-secret-value", "--secret-id", account.references["slack"])["SecretString"]
    assert value == "https://hooks.example.com/T0/B0/«x»?a=1&b='2'"


def test_no_argument_of_a_command_has_the_value(account: Account) -> None:
    account.command(
        "aws",
        "import json, pathlib, sys\n"
        "pathlib.Path(__file__).with_name('seen').write_text(json.dumps([sys.argv, sys.stdin.read()]))\n"
        "print('{}')",
    )

    done = account.secret("slack", typed="hunter2\n")
    arguments, given = json.loads((account.folder / "seen").read_text())

    assert done.returncode == 0, done.stderr
    assert given == "hunter2"
    assert "hunter2" not in " ".join(arguments)


def test_the_list_says_what_is_empty(account: Account) -> None:
    account.secret("slack", typed="a value\n")

    lines = account.secret().stdout.splitlines()

    assert [line.split()[:2] for line in lines] == [["slack", "filled"], ["pagerduty", "empty:"]]
    assert "make secret NAME=pagerduty ENV=dev" in lines[1]


def test_nothing_changes_without_a_name_or_a_value(account: Account) -> None:
    unnamed, unknown, untyped = account.secret(""), account.secret("stack"), account.secret("slack", typed=" \n")

    assert [done.returncode for done in (unnamed, unknown, untyped)] == [1, 1, 1]
    assert "dev has: slack, pagerduty" in unnamed.stderr
    assert "dev has: slack, pagerduty" in unknown.stderr
    assert "nothing has changed" in untyped.stderr
    assert account.ask("list-secret-version-ids", "--secret-id", account.references["slack"])["Versions"] == []
