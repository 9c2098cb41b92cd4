"""Runs one program for one environment against Pulumi's mocks, and prints the plan as JSON.

    planner.py FOLDER ENVIRONMENT < the outputs of the program that it builds on

The mocks know what a resource is asked to be, and nothing of its options, of what its inputs are computed from, or of
the line that makes it. All this is in the request that Pulumi sends for each resource, which is therefore noted down.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pulumi
import yaml
from made_up import made_up
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.stack import Stack
from pydantic import ValidationError

ROOT = Path(__file__).parents[1]


class Cloud(pulumi.runtime.Mocks):
    """A cloud that makes whatever it is asked for."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self.made: list[pulumi.runtime.MockResourceArgs] = []
        self._outputs = outputs

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Notes a resource down; it is what was asked for, and what we make up of the rest."""
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"outputs": self._outputs}
        self.made.append(args)
        return f"{args.name}-id", {**args.inputs, **made_up(args.typ, args.name, args.inputs)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        """Answers a question to the cloud: there is nothing there."""
        return {}, None


class Monitor(MockMonitor):
    """What Pulumi sends its requests to."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.requests: dict[tuple[str, str], Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - named by Pulumi's protocol
        """Notes the request for a resource down."""
        self.requests[request.type, request.name] = request
        return super().RegisterResource(request)


def options(request: Any) -> Mapping[str, Any]:
    """What a request says of a resource beside its inputs."""
    return {
        "parent": request.parent,
        "custom": request.custom,
        "protected": request.protect,
        "retained": request.retainOnDelete,
        "made_at": [*made_at(request)],
        "computed_from": {
            name: [tail(urn) for urn in found.urns]
            for name, found in request.propertyDependencies.items()
            if found.urns
        },
    }


def made_at(request: Any) -> Iterator[str]:
    """The calls of this repository's code that a resource is made by, the innermost first."""
    for frame in request.stackTrace.frames:
        path = Path(url2pathname(urlsplit(frame.pc.uri).path))
        if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / ".venv") and path != Path(__file__):
            yield f"{path.relative_to(ROOT)}:{frame.pc.line}"


def tail(urn: str) -> str:
    """The type and the name of a resource, ``type::name``."""
    *_, types, name = urn.split("::")
    return f"{types.split('$')[-1]}::{name}"


def whole(value: Any) -> Any:
    """A value in which 8080 is 8080: in a request, every number has a point."""
    if isinstance(value, dict):
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def config(folder: Path, environment: str, project: str) -> dict[str, str]:
    """What Pulumi would read from ``Pulumi.<environment>.yaml``; secrets stay encrypted."""
    given = yaml.safe_load((folder / f"Pulumi.{environment}.yaml").read_text())["config"]
    return {
        key if ":" in key else f"{project}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in given.items()
    }


def plan(folder: Path, environment: str, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The plan of a program.

    Args:
        folder: where its ``__main__.py`` and ``Pulumi.yaml`` are.
        environment: for which environment.
        outputs: of the program that it builds on.
    """
    cloud = Cloud(outputs)
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
    pulumi.runtime.set_all_config(config(folder, environment, project))
    monitor = Monitor(cloud)
    pulumi.runtime.set_mocks(cloud, project, environment, preview=True, monitor=monitor, organization="organization")
    exported: dict[str, Any] = {}

    @pulumi.runtime.test
    def program() -> None:
        runpy.run_path(str(folder), run_name="__main__")
        stack = pulumi.runtime.get_root_resource()
        assert isinstance(stack, Stack)
        for name, value in stack.outputs.items():
            exported[name] = f"<{name}>"
            pulumi.Output.from_input(value).apply(lambda known, name=name: exported.update({name: known}))

    program()
    return {
        "resources": [
            {
                "type": args.typ,
                "name": args.name,
                "inputs": whole(args.inputs),
                "urn": monitor.make_urn(request.parent, args.typ, args.name),
                **options(request),
            }
            for args in cloud.made
            for request in [monitor.requests[args.typ, args.name]]
        ],
        "settings": sys.modules["settings"].settings.model_dump(mode="json"),
        "outputs": exported,
    }


if __name__ == "__main__":
    folder, environment = Path(sys.argv[1]), sys.argv[2]
    os.chdir(folder)
    # What a program prints is for people, and not part of the plan.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            found = plan(folder, environment, json.load(sys.stdin))
        except (pulumi.RunError, ValidationError) as error:
            sys.exit(str(error))  # What a block refuses it says in full: where it says so is of no use.
    # What is not known yet has a type of its own, which JSON does not.
    json.dump(found, sys.stdout, default=lambda _: None)
