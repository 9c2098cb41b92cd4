"""Which provider looks after a resource: its own, one that a parent hands down, or the package's default.

Source: ``resolveProvider`` and ``inheritFromParent`` in the engine's ``source_eval.go``, and ``default_providers.go``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pulumi.runtime.proto import resource_pb2

from .deployment import Deployment
from .registration import PROVIDERS, Options, Resource, make_urn
from .wire import Wire, secret


class Providers:
    """The providers of a program."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._packages: dict[str, tuple[str, str]] = {}
        self._handed_down: dict[str, dict[str, str]] = {}

    def register_package(self, request: resource_pb2.RegisterPackageRequest) -> str:
        """A name by which later requests refer to a parameterized package."""
        name = request.parameterization.name or request.extension.name or request.name
        version = request.parameterization.version or request.version
        self._packages[reference := f"{name}@{version}"] = (name, version)
        return reference

    def package(self, request: Any, token: str) -> tuple[str, str]:
        """The package that a resource type or function belongs to, and its version."""
        return self._packages.get(request.packageRef) or (token.split(":")[0], request.version)

    def given(self, request: resource_pb2.RegisterResourceRequest, package: str) -> str:
        """The provider that the program chose for a resource, empty if none."""
        inherited = self._handed_down.get(request.parent, {})
        return request.provider or request.providers.get(package, "") or inherited.get(package, "")

    def hand_down(self, component: Resource) -> None:
        """A component's children may use its providers, and those of its parents."""
        own = dict(component.options.providers)
        self._handed_down[component.urn] = {**self._handed_down.get(component.parent, {}), **own}

    def default(self, package: str, version: str) -> Resource:
        """The provider that the engine makes for a package when the program chose none."""
        deployment = self._deployment
        name = "_".join(["default", *(re.split(r"[.+-]", version) if version else ())])
        type_ = PROVIDERS + package
        return Resource(
            urn=make_urn(deployment.project, deployment.environment, "", type_, name),
            type=type_,
            name=name,
            inputs={**self._config(package), **versioned(version)},
        )

    def is_denied(self, package: str) -> bool:
        """Whether the project forbids the package's default provider."""
        denied = json.loads(self._deployment.config.get("pulumi:disable-default-providers") or "[]")
        return package != "pulumi" and not {"*", package}.isdisjoint(denied)

    def _config(self, package: str) -> dict[str, Wire]:
        if package == "pulumi":
            return {}  # what the engine is told (auto-naming, for instance) is nothing to its built-in provider
        own = {key: value for key, value in self._deployment.config.items() if key.startswith(f"{package}:")}
        return {
            key.partition(":")[2]: secret(value) if key in self._deployment.secret_keys else value
            for key, value in own.items()
        }


def versioned(version: str) -> dict[str, Wire]:
    """What the engine adds to a provider's inputs: which version of its plugin to load."""
    return {"version": version, "__internal": {}} if version else {}


def inherit(request: resource_pb2.RegisterResourceRequest, parent: Resource) -> None:
    """Gives a request what its parent has and it does not set itself."""
    options: Options = parent.options
    request.deletedWith = request.deletedWith or options.deleted_with
    for ours, theirs in (("protect", "protect"), ("retainOnDelete", "retain_on_delete")):
        if not request.HasField(ours) and options.HasField(theirs):
            setattr(request, ours, getattr(options, theirs))
    of_the_package = parent.provider_urn.split("::")[2:3] == [PROVIDERS + request.type.split(":")[0]]
    if not request.provider and of_the_package:
        request.provider = parent.provider
