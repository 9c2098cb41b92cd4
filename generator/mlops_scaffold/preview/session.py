"""A warm process that runs programs: it imports the provider SDKs once, and forks for every run.

It runs in the repository's own interpreter, knows nothing of this package, and speaks JSON, one line a message
(``mlops_scaffold/embedded``).
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from mlops_scaffold.errors import ScaffoldError

Mode = Literal["preview", "deep"]

PATIENCE = 120
"""Seconds without an answer after which a program is taken to hang; a large one needs about ten."""

EMBEDDED = Path(__file__).parent.parent / "embedded" / "__main__.py"

HIDDEN = ("AWS_", "GOOGLE_", "CLOUDSDK_", "KUBE", "PULUMI_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV")
"""Beginnings of environment variables that a program must not see: a plan does not depend on who is logged in."""


class Session:
    """A running process; use it as a context manager.

    Args:
        python: the interpreter.
        modules: the SDK modules to import beforehand.
    """

    def __init__(self, python: Path, modules: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        command = [str(python), "-P", str(EMBEDDED), "--preload", ",".join(modules)]
        self._process = subprocess.Popen(  # noqa: S603 - our own file, the repository's interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment(), bufsize=0
        )
        assert self._process.stdout is not None  # noqa: S101
        os.set_blocking(self._process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._received = b""
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, request: Mapping[str, Any]) -> int:
        """Asks for a run; its answer comes later, under the number returned."""
        self._next += 1
        line = json.dumps({"id": self._next, **request}) + "\n"
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(line.encode())
        except BrokenPipeError:
            raise self._died() from None
        return self._next

    def receive(self) -> Mapping[str, Any]:
        """The next answer, whichever run it belongs to.

        Raises:
            ScaffoldError: the process died, or a program hangs.
        """
        assert self._process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._received:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise ScaffoldError(
                    f"a program has not ended within {PATIENCE} seconds",
                    then="look for a loop, or for a wait on the network",
                )
            if not (chunk := self._process.stdout.read(1 << 20)):
                raise self._died()
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self._selector.close()
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream:
                stream.close()

    def _died(self) -> ScaffoldError:
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return ScaffoldError(
            f"the repository's Python cannot run Pulumi programs{': ' + last[0] if last else ''}",
            where=str(self._process.args[0] if isinstance(self._process.args, list) else ""),
            then="run 'make setup' in the repository",
        )


def environment() -> Mapping[str, str]:
    """The environment variables of the process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    return {**kept, **_bytecode(), "GRPC_VERBOSITY": "NONE"}


def _bytecode() -> Mapping[str, str]:
    """A place for bytecode: an SDK without it takes five times as long to import, and a fresh environment has none."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:
        return {}  # Not every user has a home.
    # A relative path is to be ignored (XDG Base Directory Specification).
    return {"PYTHONPYCACHEPREFIX": str(cache / "mlops-scaffold" / "bytecode")} if cache.is_absolute() else {}
