"""One warm server for all tests, and small programs made from dicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

MAIN = Path(__file__).parents[2] / "generator/mlops_scaffold/embedded/__main__.py"

THINGS = '''
import pulumi

class Thing(pulumi.CustomResource):
    """A resource of a provider that no SDK is installed for; ``made`` is what its cloud would add."""
    def __init__(self, name, opts=None, **inputs):
        super().__init__("test:index:Thing", name, {"made": None, **inputs}, opts)

class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, None, opts)
        self.thing = Thing(name, pulumi.ResourceOptions(parent=self))
        self.register_outputs({"made": self.thing.made})
'''

IMPORTS = "import json, pulumi\nfrom pulumi import Output, ResourceOptions as Opts\nfrom things import Thing, Group\n"

Answer = Mapping[str, Any]
Plan = Callable[..., Answer]


class Server:
    """A server process; ``command`` is what starts it."""

    def __init__(self, *command: str, cache: Path) -> None:
        hidden = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PULUMI_")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
            env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
        )  # fmt: skip

    def send(self, request: Mapping[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")

    def receive(self) -> Answer:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def close(self) -> str:
        """Ends the server; what it printed as errors."""
        return self.process.communicate(timeout=10)[1]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Server]:
    """Starts a server, as an argument of another command where one is given."""
    cache = tmp_path_factory.getbasetemp().parent / "bytecode"  # of all workers: bytecode is most of a cold start

    def start(*prefix: str, preload: str = "") -> Server:
        return Server(*prefix, sys.executable, "-P", str(MAIN), "--preload", preload, cache=cache)

    return start


@pytest.fixture(scope="session")
def server(start: Callable[..., Server]) -> Iterator[Server]:
    """The server of all tests that need none of their own."""
    server = start(preload="pulumi_random,pulumi_aws.s3,pulumi_kubernetes.core.v1")
    yield server
    server.close()


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes a program, given as text or as ``{path: text}``, and makes the request that runs it."""
    numbers = count(1)

    def request_for(program: str | Mapping[str, str], mode: str = "preview", **more: Any) -> dict[str, Any]:
        tree = {"__main__.py": IMPORTS + program} if isinstance(program, str) else program
        for path, text in {"things.py": THINGS, **tree}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return {
            "id": next(numbers), "root": str(tmp_path), "program": str(tmp_path), "project": "acme",
            "environment": "dev", "mode": mode, "config": {"aws:region": "eu-west-1"}, "secret_keys": [],
            "references": {}, "path": [], "expected_packages": {}, **more,
        }  # fmt: skip

    return request_for


@pytest.fixture
def run(server: Server, request_for: Callable[..., dict[str, Any]]) -> Plan:
    """Runs a program, which may fail."""

    def run(program: str | Mapping[str, str], mode: str = "preview", **more: Any) -> Answer:
        server.send(request_for(program, mode, **more))
        return server.receive()

    return run


@pytest.fixture
def plan(run: Plan) -> Plan:
    """Runs a program that must not fail."""

    def plan(*arguments: Any, **more: Any) -> Answer:
        answer = run(*arguments, **more)
        assert answer["error"] is None, answer["error"]
        return answer

    return plan


@pytest.fixture
def fail(run: Plan) -> Plan:
    """Runs a program that must fail; how it failed."""

    def fail(*arguments: Any, **more: Any) -> Answer:
        error = run(*arguments, **more)["error"]
        assert error is not None
        return error

    return fail


def resource(answer: Answer, name: str, type_: str = "") -> dict[str, Any]:
    """The only resource of a name, and type where the name is not enough."""
    [found] = [it for it in answer["resources"] if it["name"] == name and type_ in it["type"]]
    return found
