"""Runs one program for one environment against Pulumi's mocks, and prints the plan as JSON.

    planner.py FOLDER ENVIRONMENT < the outputs of the program that it builds on

The mocks know what a resource is asked to be, and nothing of its options or its place in the tree. Whether it is
protected is therefore overheard by a transformation, which Pulumi calls with the options of each resource.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from made_up import made_up
from pulumi.runtime.stack import Stack


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
    pulumi.runtime.set_mocks(cloud, project, environment, preview=True, organization="organization")

    options: dict[tuple[str, str], pulumi.ResourceOptions] = {}

    def overhear(args: pulumi.ResourceTransformationArgs) -> None:
        options[args.type_, args.name] = args.opts

    pulumi.runtime.register_stack_transformation(overhear)
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
                "inputs": args.inputs,
                "protected": bool(options[args.typ, args.name].protect),
                "retained": bool(options[args.typ, args.name].retain_on_delete),
            }
            for args in cloud.made
        ],
        "settings": sys.modules["settings"].settings.model_dump(mode="json"),
        "outputs": exported,
    }


if __name__ == "__main__":
    folder, environment = Path(sys.argv[1]), sys.argv[2]
    os.chdir(folder)
    # What a program prints is for people, and not part of the plan.
    with contextlib.redirect_stdout(sys.stderr):
        found = plan(folder, environment, json.load(sys.stdin))
    # What is not known yet has a type of its own, which JSON does not.
    json.dump(found, sys.stdout, default=lambda _: None)
