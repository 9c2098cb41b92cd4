"""AWS resources in Terraform's words, for a judge that knows no Pulumi.

Pulumi's provider is made from Terraform's, so names differ by rule: ``aws:ec2/natGateway:NatGateway`` is
``aws_nat_gateway``, and what Pulumi gives as a list of objects is in Terraform a block in the singular.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from policy import Resource

SERVICES = {
    "cfg": "config",
    "costexplorer": "ce",
    "ec2": "",
    "rds": "db",
}
"""Services that are called otherwise; in EC2 Terraform names none."""

TYPES = {
    "aws:cfg/recorder:Recorder": "aws_config_configuration_recorder",
    "aws:cfg/recorderStatus:RecorderStatus": "aws_config_configuration_recorder_status",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
}
"""Types that follow no rule."""


def type_of(pulumi: str) -> str:
    """Terraform's name of a type."""
    _, module, name = pulumi.split(":")
    service = module.split("/")[0]
    parts = ["aws", SERVICES.get(service, service), snake(name)]
    return TYPES.get(pulumi) or "_".join(part for part in parts if part)


def address(key: str) -> str:
    """Terraform's address of the resource ``type::name``."""
    type, _, name = key.rpartition("::")
    return f"{type_of(type)}.{name}"


def plan(resources: Sequence[Resource]) -> Mapping[str, Any]:
    """The resources as a plan of Terraform's, of which only what checkov reads is there."""
    ours = {resource.key: resource for resource in resources if resource.type.startswith("aws:")}
    named = {
        key: {"address": address(key), "mode": "managed", "type": type_of(resource.type), "name": resource.name}
        for key, resource in ours.items()
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [{**named[key], "values": arguments(resource.inputs)} for key, resource in ours.items()]
            }
        },
        "configuration": {
            "root_module": {
                "resources": [
                    {**named[key], "expressions": references(resource, ours)} for key, resource in ours.items()
                ]
            }
        },
    }


def references(resource: Resource, ours: Mapping[str, Resource]) -> Mapping[str, Any]:
    """For each argument, the addresses of what it is computed from.

    Where it hands on the same argument of another resource, such as the bucket of a versioning, what that is computed
    from counts too.
    """
    found: dict[str, Any] = {}
    for name, sources in resource.computed_from.items():
        near = [ours[key] for key in sources if key in ours]
        far = [ours[key] for source in near for key in source.computed_from.get(name, ()) if key in ours]
        called = argument(name, resource.inputs.get(name))
        found[called] = {"references": [address(source.key) for source in (*far, *near)]}
    return found


def arguments(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs as Terraform's arguments, those inside them too."""
    return {argument(name, value): value if name == "tags" else translated(value) for name, value in inputs.items()}


def argument(name: str, value: Any) -> str:
    """Terraform's name of an input: of a list of objects, each is a block of its own, in the singular."""
    called = snake(name)
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return re.sub("ie$", "y", called.removesuffix("s"))
    return called


def translated(value: Any) -> Any:
    """A value, whose objects have Terraform's names."""
    if isinstance(value, list):
        return [translated(item) for item in value]
    return arguments(value) if isinstance(value, Mapping) else value


def snake(name: str) -> str:
    """A name in snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
