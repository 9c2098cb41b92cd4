"""An account in a cloud of our own: AWS's command line, and a server that speaks AWS's protocols (moto)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
AWS, MOTO = shutil.which("aws", path=PATH), shutil.which("moto_server", path=PATH)


@contextmanager
def account() -> Iterator[dict[str, str]]:
    """A new one: the environment variables by which commands find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([str(MOTO), "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.terminate()
    server.wait()


def ask(cloud: Mapping[str, str], *arguments: str) -> Any:
    """What the cloud says."""
    region = ["--region", "us-east-1", "--output", "json"]
    done = subprocess.run([str(AWS), *arguments, *region], env={**os.environ, **cloud}, capture_output=True, check=True)
    return json.loads(done.stdout or "{}")
