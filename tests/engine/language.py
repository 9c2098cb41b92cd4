"""``pulumi-language-python``: the plugin that runs a Python program for the engine.

Pulumi's own is not to be had as a Go module; what it starts is: the executor. This one starts that executor as Pulumi's
does, in the virtual environment that ``Pulumi.yaml`` names (``sdk/python/cmd/pulumi-language-python/main.go``: ``Run``,
``constructArguments``). It starts a policy pack likewise (``RunPlugin``), but does not tell it the stack's settings,
nor does it look for plugins, which here are all on the path.

    python -m engine.language EXECUTOR ADDRESS_OF_THE_ENGINE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from .plugin import serve

SHOWN_TO_THE_USER = 32
"""The executor's exit code after an error that it has already reported."""


class Python(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs by Pulumi's executor."""

    def __init__(self, executor: str, engine: str) -> None:
        self._executor = executor
        self._engine = engine

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        """Says who we are."""
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> language_pb2.GetRequiredPackagesResponse:
        """Asks for no plugin: every request of a program names its package and version."""
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        """Runs a program to its end."""
        info = request.info
        python = Path(info.root_directory, str(info.options["virtualenv"]), "bin", "python")
        arguments = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "root_directory": info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": str(request.dryRun).lower(),
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        options = [word for name, value in arguments.items() if value for word in (f"--{name}", value)]
        done = subprocess.run(
            [python, self._executor, *options, info.entry_point],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which is ours
            | {
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode == SHOWN_TO_THE_USER:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(
            error=f"program exited with non-zero exit code: {done.returncode}" if done.returncode else ""
        )

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: Any
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Runs a policy pack, and hands on what it prints: the port on which it listens."""
        info = request.info
        python = Path(info.root_directory, str(info.options["virtualenv"]), "bin", "python")
        process = subprocess.Popen(
            [python, "-u", "-m", "pulumi.policy", *request.args, info.program_directory],
            cwd=info.program_directory,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},  # which is ours
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
        )
        context.add_callback(process.terminate)
        assert process.stdout
        for line in process.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


if __name__ == "__main__":
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Python(*sys.argv[1:]), server))
