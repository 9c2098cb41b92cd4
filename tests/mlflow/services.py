"""The services around MLflow, for real where they can be: PostgreSQL with TLS, and moto in the place of AWS."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
LOCALHOST = "127.0.0.1"
SUPERUSER = "postgres"


def image(folder: Path = HERE) -> Path:
    """The programs of an image, MLflow's unless told: a virtual environment from a folder's lock, made once a lock."""
    lock, build = folder / "requirements.txt", BUILD / folder.name
    venv = build / sha256(lock.read_bytes()).hexdigest()[:12]
    build.mkdir(parents=True, exist_ok=True)
    with (build / "busy").open("w") as busy:
        flock(busy, LOCK_EX)  # another worker may be at it
        if not (venv / "ready").exists():
            uv = [sys.executable, "-m", "uv"]
            run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)])
            run([*uv, "pip", "install", "--quiet", "--python", str(venv), "--require-hashes", "-r", str(lock)])
            (venv / "ready").touch()
    return venv / "bin"


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, user: str | None = None) -> str:
    """What a command prints; what it complains of is in the error if it fails."""
    done = subprocess.run(
        command, env=environment, user=user, text=True, capture_output=True, check=False, cwd=tempfile.gettempdir()
    )
    assert done.returncode == 0, f"{command[:3]}: {done.stdout}\n{done.stderr}"
    return done.stdout


def until(ready: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Waits for something to come true.

    Raises:
        TimeoutError: it does not, in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return probe.getsockname()[1]


def status(url: str, headers: Mapping[str, str] | None = None) -> int | None:
    """The status that a GET is answered with; None if nobody answers."""
    try:
        request = urllib.request.Request(url, headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except HTTPError as refusal:
        return refusal.code
    except (URLError, ConnectionError, TimeoutError):
        return None


@contextmanager
def process(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server, and ends it with all that it started."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(30)


@dataclass(frozen=True)
class Postgres:
    """A running server, and the one who may make databases and roles on it: no superuser, as in the cloud."""

    port: int
    programs: Path
    folder: Path
    administrator: str = "administrator"
    password: str = secrets.token_hex(16)

    def ask(self, statement: str, database: str = "postgres") -> str:
        """What the superuser is answered, through the socket that only the server's own user can open."""
        psql = [str(self.programs / "psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        where = [f"--host={self.folder}", f"--port={self.port}", f"--dbname={database}", f"--username={SUPERUSER}"]
        return run([*psql, *where, f"--command={statement}"], user=owner()).strip()

    def logged(self) -> str:
        """What the server has logged."""
        return (self.folder / "log").read_text()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Holds one connection."""
        command = [str(self.programs / "psql"), f"--host={self.folder}", f"--port={self.port}", SUPERUSER, SUPERUSER]
        with subprocess.Popen(command, user=owner(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
            assert session.stdin
            assert session.stdout
            session.stdin.write(b"\\echo connected\n")
            session.stdin.flush()
            session.stdout.readline()
            yield

    def stop(self) -> None:
        """Lets nobody in any more, and waits for those who are: until then it is about to stop."""
        control = [str(self.programs / "pg_ctl"), f"--pgdata={self.folder / 'data'}", "--mode=smart", "--no-wait"]
        run([*control, "stop"], user=owner())


def owner() -> str | None:
    """Who runs the server: PostgreSQL refuses root."""
    return SUPERUSER if os.getuid() == 0 else None


def postgres_programs() -> Path | None:
    """Where Debian's newest PostgreSQL has its programs, or whoever is first on the path; None if it is not there."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def postgres(programs: Path, **more: str) -> Iterator[Postgres]:
    """Runs PostgreSQL on a port of its own: with TLS and passwords only, a log as RDS has it, and more options."""
    with ExitStack() as stack:
        # A short path: that of a socket may have 107 characters.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True)))
        if user := owner():
            shutil.chown(folder, user)
        server = Postgres(free_port(), programs, folder)
        data = folder / "data"
        run(
            [
                *(str(programs / "initdb"), f"--pgdata={data}", f"--username={SUPERUSER}", "--encoding=UTF8"),
                *("--auth-local=peer" if user else "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"),
            ],
            user=user,
        )
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
                *("-keyout", str(key), "-out", str(certificate)),
            ],
            user=user,
        )
        (data / "pg_hba.conf").write_text(
            f"local all {SUPERUSER} {'peer' if user else 'trust'}\nhostssl all all {LOCALHOST}/32 scram-sha-256\n"
        )
        options = {
            "port": str(server.port),
            "listen_addresses": LOCALHOST,
            "unix_socket_directories": str(folder),
            "ssl": "on",
            "ssl_key_file": str(key),
            "ssl_cert_file": str(certificate),
            "fsync": "off",
            "log_disconnections": "on",
            **more,
        }
        control = [str(programs / "pg_ctl"), f"--pgdata={data}", "--wait", "--silent"]
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        run([*control, f"--log={folder / 'log'}", f"--options={settings}", "start"], user=user)
        # It may have come to its end by itself: see ``stop``.
        stack.callback(subprocess.run, [*control, "--mode=immediate", "stop"], user=user, check=False)
        server.ask(f"CREATE ROLE {server.administrator} LOGIN CREATEDB CREATEROLE PASSWORD '{server.password}'")
        yield server


@dataclass(frozen=True)
class Cloud:
    """A running moto, and how a pod would find it."""

    url: str
    environment: Mapping[str, str]
    """What Pod Identity puts into a pod, with moto in AWS's place."""


@contextmanager
def backing(lock: Path, folder: Path, bucket: str) -> Iterator[tuple[Path, Postgres, Cloud, str]]:
    """What a service of the platform stands on.

    The programs of its image, an empty database server, a cloud with an empty bucket, and the ARN of the secret that
    opens the server.
    """
    if (server := postgres_programs()) is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    programs = image(lock)
    with postgres(server) as database, cloud(programs, folder) as aws:
        secret = json.dumps({"username": database.administrator, "password": database.password})
        script = (
            "import boto3, sys; "
            f"boto3.client('s3').create_bucket(Bucket='{bucket}', "
            "CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'}); "
            "print(boto3.client('secretsmanager').create_secret(Name='database', SecretString=sys.argv[1])['ARN'])"
        )
        yield programs, database, aws, run([str(programs / "python"), "-c", script, secret], aws.environment).strip()


@contextmanager
def cloud(programs: Path, folder: Path) -> Iterator[Cloud]:
    """Runs moto, empty."""
    port = free_port()
    url = f"http://{LOCALHOST}:{port}"
    with process(
        [str(programs / "moto_server"), "-H", LOCALHOST, "-p", str(port)], os.environ, folder, folder / "moto"
    ):
        until(lambda: status(f"{url}/moto-api/") == 200, "moto does not answer")
        yield Cloud(
            url,
            {
                "AWS_ENDPOINT_URL": url,
                "AWS_REGION": "eu-west-1",
                "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "pod",
                "AWS_SECRET_ACCESS_KEY": "identity",
            },
        )
