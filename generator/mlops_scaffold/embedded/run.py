"""Runs one program for one request, in a process that does nothing else and ends afterwards."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import runpy
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any, TextIO

from pulumi import runtime

from .check import check, is_undeclared, reason_to_suppress
from .deployment import Deployment
from .failure import Failure, Tracebacks, describe
from .monitor import Monitor
from .registration import ordered
from .speed import Inline, quicken
from .wire import marked

PARALLEL = 16
"""Requests of the SDK at a time; the engine's default."""


class ShadowedError(Exception):
    """A package would come, or came, from elsewhere than the repository."""


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request; a program that fails is an answer too."""
    monitor = Monitor(
        Deployment(
            root=request["root"],
            project=request["project"],
            environment=request["environment"],
            config=request.get("config", {}),
            secret_keys=frozenset(request.get("secret_keys", ())),
            dry_run=request["mode"] == "preview",
        ),
        request.get("references", {}),
    )
    failure = _failure(request, monitor)
    _enter(request)  # again, for the program may have left: the paths of assets are relative
    return _answer(request, monitor, failure)


def _failure(request: Mapping[str, Any], monitor: Monitor) -> Failure | None:
    """Runs the program; what went wrong, if anything did."""
    tracebacks = Tracebacks()
    expected = request.get("expected_packages", {})
    try:
        _enter(request)
        sys.argv = [request["program"]]
        sys.path[:0] = request.get("path", ())  # before what is installed, which may hold another copy
        _refuse_shadowed(expected, _to_be_loaded(request["program"], expected))
        _execute(request, monitor, tracebacks)
        _refuse_shadowed(expected, _loaded())
    except BaseException as error:  # the program's, whatever it is: even SystemExit and KeyboardInterrupt
        ended_well = isinstance(error, SystemExit) and not error.code
        return None if ended_well else describe(error, request["root"], tracebacks)
    return None


def _enter(request: Mapping[str, Any]) -> None:
    """Goes to the program's folder, where the language host runs it."""
    program = Path(request["program"])
    os.chdir(program if program.is_dir() else program.parent)


def _execute(request: Mapping[str, Any], monitor: Monitor, tracebacks: Tracebacks) -> None:
    deployment = monitor.deployment

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = f"{category.__name__}: {message} ({filename}:{lineno})"
        monitor.diagnose("warning", text.replace(f"{deployment.root}/", ""))

    warnings.showwarning = show
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a failed program leaves tasks behind, and that is no news
    runtime.set_all_config(dict(deployment.config), sorted(deployment.secret_keys))
    runtime.configure(
        runtime.Settings(
            project=deployment.project,
            stack=deployment.environment,
            monitor=monitor,
            engine=monitor,
            parallel=PARALLEL,
            dry_run=deployment.dry_run,
            organization=deployment.organization,
            root_directory=str(Path.cwd()),
        )
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_task_factory(tracebacks.task)
    loop.set_default_executor(Inline(lambda: bool(monitor.transforms)))
    quicken()

    def program() -> None:
        runpy.run_path(request["program"], run_name="__main__")

    loop.run_until_complete(runtime.run_in_stack(program))


def _refuse_shadowed(expected: Mapping[str, str], files: Mapping[str, str | None]) -> None:
    """A copy of a package of the repository, installed elsewhere, would hide a broken repository."""
    for module, file in files.items():
        folder = expected.get(module.partition(".")[0])
        if folder and file and not (_within(PurePath(file), folder) or _within(Path(file).resolve(), folder)):
            raise ShadowedError(
                f"{module} is shadowed by another installation: {file}, expected {folder}. "
                "Uninstall that one from the repository's .venv, and run 'make setup' again"
            )


def _within(file: PurePath, folder: str) -> bool:
    """Whether a file lies in a folder, which may be named by another way to it."""
    return file.is_relative_to(folder) or file.is_relative_to(Path(folder).resolve())


def _to_be_loaded(program: str, packages: Iterable[str]) -> dict[str, str | None]:
    """Where packages would come from, with the program's folder first on the path as ``runpy`` will have it."""
    sys.path.insert(0, program)
    found = {package: importlib.util.find_spec(package) for package in packages}
    sys.path.remove(program)
    return {package: spec.origin for package, spec in found.items() if spec}


def _loaded() -> dict[str, str | None]:
    return {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}


def _answer(request: Mapping[str, Any], monitor: Monitor, failure: Failure | None) -> dict[str, Any]:
    root = request["root"]
    resources = ordered(monitor.resources)
    findings: list[dict[str, Any]] = []
    suppressed: list[dict[str, Any]] = []
    for resource in resources:
        for finding in check(resource):
            reason = reason_to_suppress(resource, finding)
            if reason:
                suppressed.append(
                    {key: getattr(finding, key) for key in ("code", "urn", "path", "message")} | {"reason": reason}
                )
            else:
                findings.append(asdict(finding))
    undeclared = {f"{it.type}: its SDK does not declare its properties" for it in resources if is_undeclared(it)}
    return {
        "id": request["id"],
        "project": request["project"],
        "environment": request["environment"],
        "mode": request["mode"],
        "resources": [resource.document(root) for resource in resources],
        "outputs": marked(monitor.outputs, root),
        "raw_outputs": monitor.outputs,
        "diagnostics": monitor.diagnostics,
        "findings": findings,
        "suppressed": suppressed,
        "unchecked": sorted(monitor.unchecked | undeclared),
        "error": failure,
    }
