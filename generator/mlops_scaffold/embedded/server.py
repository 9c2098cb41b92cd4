"""A warm server: it imports what is slow to import once, and forks a process for each request.

One JSON request a line on stdin, one JSON answer a line on stdout, in order of completion. The end of stdin ends the
server, and with it every process that it started.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gc
import importlib
import json
import os
import selectors
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, NoReturn

from . import schema
from .run import run

CHUNK = 1 << 16

OLDEST = (3, 271)
"""The oldest SDK that has all the messages which are read and written here; our pyproject.toml asks for it, too."""


@dataclass
class Child:
    """A process that works on a request."""

    pid: int
    request: Mapping[str, Any]
    answer: bytearray = field(default_factory=bytearray)


class Server:
    """Reads requests, runs as many at once as there are processors, writes answers."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._lifeline = os.pipe()
        """The server alone holds the writing end: when it is gone, its children read the end of the pipe."""
        self._selector = selectors.DefaultSelector()
        self._unread = bytearray()
        self._queue: collections.deque[Mapping[str, Any]] = collections.deque()
        self._running: dict[int, Child] = {}
        self._used: dict[str, bool] = {}
        """Resource types that programs have used, and whether their schema has been read here."""

    def serve(self) -> None:
        """Works until stdin ends."""
        self._selector.register(self._requests, selectors.EVENT_READ)
        while True:
            idle = not (self._running or self._queue)
            unread = next((type for type, read in self._used.items() if idle and not read), None)
            for key, _ in self._selector.select(timeout=0 if unread else None) or self._prepare(unread):
                if key.fd != self._requests:
                    self._hear(key.fd)
                elif not self._read():
                    return
            while self._queue and len(self._running) < (os.cpu_count() or 1):
                self._start(self._queue.popleft())

    def _prepare(self, type: str | None) -> tuple[()]:
        """Reads a schema while nothing else is to be done: every later program starts with what is known here."""
        if type:
            self._used[type] = True
            schema.prepare(type)
        return ()

    def _read(self) -> bool:
        """Takes what has arrived; False at the end of stdin."""
        arrived = os.read(self._requests, CHUNK)
        *lines, self._unread = (self._unread + arrived).split(b"\n")
        self._queue.extend(json.loads(line) for line in lines if line.strip())
        return bool(arrived)

    def _start(self, request: Mapping[str, Any]) -> None:
        heard, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            self._work(request, said)
        os.close(said)
        self._running[heard] = Child(pid, request)
        self._selector.register(heard, selectors.EVENT_READ)

    def _work(self, request: Mapping[str, Any], said: int) -> NoReturn:
        """The child's whole life. It leaves by ``os._exit``, for a program's stray threads would keep it."""
        gc.disable()  # it ends before garbage could matter, and a collection would touch all that it shares
        lifeline, writing_end = self._lifeline
        os.close(writing_end)
        threading.Thread(target=_die_with_parent, args=[lifeline], daemon=True).start()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            answer = run(request)
            used = sorted({resource["type"] for resource in answer["resources"] if resource["custom"]})
            # Two lines: the server passes the first one on as it is, and reads the second.
            _write(said, b"\n".join(json.dumps(part, separators=(",", ":")).encode() for part in (answer, used)))
        except BaseException:  # a mistake of ours: a program's own are in the answer
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def _hear(self, heard: int) -> None:
        """Takes what a child says; at its end, passes the answer on."""
        child = self._running[heard]
        if part := os.read(heard, CHUNK):
            child.answer += part
            return
        self._selector.unregister(heard)
        os.close(heard)
        del self._running[heard]
        _, status = os.waitpid(child.pid, 0)
        answer, whole, used = bytes(child.answer).partition(b"\n")
        if not whole:
            answer = json.dumps(_ended_early(child.request, status)).encode()
        _write(self._answers, answer + b"\n")
        for type in json.loads(used or b"[]"):
            self._used.setdefault(type, False)


def _ended_early(request: Mapping[str, Any], status: int) -> dict[str, Any]:
    """The answer for a program that took its process with it (``os._exit``, a crash in native code)."""
    code = os.waitstatus_to_exitcode(status)
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    error = {"type": "ProcessEnded", "message": f"the program ended its process: {how}", "frames": [], "source": None}
    return {
        **{key: request[key] for key in ("id", "project", "environment", "mode")},
        **{key: [] for key in ("resources", "diagnostics", "findings", "suppressed", "unchecked")},
        "outputs": {},
        "raw_outputs": {},
        "error": error,
    }


def _die_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def preload(modules: list[str]) -> None:
    """Imports modules of provider SDKs for all requests; one that is not installed is left to the program's own error.

    The SDKs import lazily: only an attribute that is asked for makes a module load.
    """
    for module in modules:
        with contextlib.suppress(ModuleNotFoundError):
            getattr(importlib.import_module(module), "__all__", None)
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("pydantic").create_model("First")  # the first one looks for pydantic's plugins
    gc.freeze()  # what is loaded stays: no collection may touch it, and unshare its memory with it


def check_sdk() -> None:
    """Ends the process, with its reason, where the repository has an older SDK."""
    installed, oldest = metadata.version("pulumi"), "{}.{}".format(*OLDEST)
    if tuple(int(part) for part in installed.split(".")[:2]) < OLDEST:
        sys.exit(f"pulumi {installed} is installed: pyproject.toml must ask for pulumi>={oldest}, then run 'make lock'")


def main(arguments: list[str]) -> None:
    """Starts the server; whatever a program prints goes to stderr."""
    parser = argparse.ArgumentParser(prog="mlops_embedded")
    parser.add_argument("--preload", default="", help="comma-separated modules, such as pulumi_aws.ec2")
    options = parser.parse_args(arguments)
    check_sdk()
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    preload([module for module in options.preload.split(",") if module])
    Server(requests, answers).serve()
