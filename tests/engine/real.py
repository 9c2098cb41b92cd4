"""The real Pulumi engine, with a state folder of its own and our plugins in the place of the clouds'."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build" / "engine"
"""Where ``build.sh`` puts the CLI and the executor."""

PACKAGES = ("aws", "kubernetes", "random")
"""The providers that a plugin of ours stands for."""

PROGRAMS = ("", "cluster")
"""The folders of a repository's programs, in the order in which they are brought up."""

HIDDEN = ("AWS_", "KUBE", "PULUMI_", "PYTHON", "VIRTUAL_ENV")
"""Beginnings of environment variables that neither the engine nor a program may see."""

PATIENCE = 300
"""Seconds after which an operation is taken to hang; the slowest takes about fifteen."""


class EngineError(Exception):
    """An operation failed; the message is what the CLI said."""


@dataclass(frozen=True)
class Preview:
    """What the engine would do."""

    resources: Mapping[str, Mapping[str, Any]]
    """By URN, each as the engine's ``newState``; a secret is the text ``[secret]``."""
    changes: Mapping[str, int]
    """How many resources each operation concerns."""
    seconds: float
    """How long it took, by the clock on the wall."""


class Engine:
    """The CLI of ``build/engine``.

    Args:
        folder: for state and plugins; made where it does not exist.
        python: an interpreter that has the provider SDKs, for the plugins.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        plugins, self._state = folder / "plugins", folder / "state"
        for made in (plugins, self._state):
            made.mkdir(parents=True, exist_ok=True)
        modules = {f"pulumi-resource-{package}": ("provider", package) for package in PACKAGES}
        modules["pulumi-language-python"] = ("language", str(BUILT / "pulumi-language-python-exec"))
        for name, (module, argument) in modules.items():
            start = f'PYTHONPATH="{HERE.parent}" exec "{python}" -m engine.{module} "{argument}" "$@"'
            (plugins / name).write_text(f"#!/bin/sh\n{start}\n")
            (plugins / name).chmod(0o755)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)},
            "PATH": os.pathsep.join([str(plugins), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE": "not a secret",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # An SDK without bytecode takes five times as long to import; the tool's own preview keeps it likewise.
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }

    def stack(self, program: Path, environment: str) -> Stack:
        """A program in an environment; it has no resources yet."""
        stack = Stack(self, program, environment)
        stack.run("stack", "init", environment, "--secrets-provider", "passphrase")
        return stack

    def run(self, folder: Path, arguments: Sequence[str]) -> str:
        """Runs the CLI in a folder, and returns what it prints.

        Raises:
            EngineError: it failed.
        """
        command = [str(BUILT / "pulumi"), *arguments, "--non-interactive", "--color", "never"]
        done = subprocess.run(
            command, cwd=folder, env=self._environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        if done.returncode:
            raise EngineError(f"pulumi {' '.join(arguments)} in {folder}:\n{_reasons(done.stdout)}{done.stderr}")
        return done.stdout


class Stack:
    """A program in an environment."""

    def __init__(self, engine: Engine, program: Path, environment: str) -> None:
        self._engine = engine
        self._program = program
        self.environment = environment

    def run(self, *arguments: str) -> str:
        """Runs the CLI in the program's folder, and returns what it prints."""
        return self._engine.run(self._program, arguments)

    def preview(self) -> Preview:
        """Asks the engine what it would do."""
        started = time.perf_counter()
        printed = self.run("preview", "--json", "--stack", self.environment)
        seconds = time.perf_counter() - started
        digest = json.loads(printed)
        states = [step["newState"] for step in digest["steps"] if "newState" in step]
        return Preview({state["urn"]: state for state in states}, digest["changeSummary"], seconds)

    def up(self) -> None:
        """Brings the program up."""
        self.run("up", "--yes", "--skip-preview", "--stack", self.environment)

    def destroy(self) -> None:
        """Destroys what the program made; the preview that comes first is where the engine refuses."""
        self.run("destroy", "--yes", "--stack", self.environment)

    def state(self) -> Mapping[str, Mapping[str, Any]]:
        """What exists, by URN; a secret has its signature and its plain text."""
        exported = json.loads(self.run("stack", "export", "--show-secrets", "--stack", self.environment))
        return {resource["urn"]: resource for resource in exported["deployment"].get("resources", [])}


def preview_seconds(repository: Path, environment: str) -> float:
    """How long the engine takes to preview both programs, one after the other: what a person waits for.

    Every process is started anew, with bytecode at hand. The cloud program is brought up in between, for the cluster
    program needs its outputs. Provider plugins of ours are small; the clouds' own take longer to start.

    Args:
        repository: with its own ``.venv``; as ``pulumi stack init`` does, this adds a line to ``Pulumi.<env>.yaml``.
        environment: such as ``dev``.
    """
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), repository / ".venv" / "bin" / "python")
        for program in PROGRAMS:
            stack = engine.stack(repository / program, environment)
            stack.preview()
            seconds += stack.preview().seconds
            if program != PROGRAMS[-1]:
                stack.up()
    return seconds


def _reasons(printed: str) -> str:
    """What went wrong, from the document that a preview prints, or from any other command's output."""
    if not printed.startswith("{"):
        return printed
    return "".join(item["message"] for item in json.loads(printed)["diagnostics"] if item["severity"] == "error")
