"""What the engine remembers about one resource, and the order and form in which a plan shows it."""

from __future__ import annotations

import heapq
import linecache
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from pulumi.runtime.proto import resource_pb2, source_pb2

from .wire import Wire, marked

STACK = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
PROVIDERS = "pulumi:providers:"

Options = resource_pb2.TransformResourceOptions
"""A resource's options in the form in which transforms see and change them; the engine keeps them so too."""

OPTION_FIELDS = {
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "deleted_with": "deletedWith",
    "depends_on": "dependencies",
    "hide_diff": "hideDiffs",
    "hooks": "hooks",
    "ignore_changes": "ignoreChanges",
    "import": "importId",
    "plugin_checksums": "pluginChecksums",
    "plugin_download_url": "pluginDownloadURL",
    "protect": "protect",
    "provider": "provider",
    "providers": "providers",
    "replace_on_changes": "replaceOnChanges",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
    "retain_on_delete": "retainOnDelete",
    "version": "version",
}
"""Where each option stands in a registration request."""


@dataclass
class Resource:
    """One resource of the program."""

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    remote: bool = False
    external: bool = False
    """It exists already and is only read."""
    id: str = ""
    provider: str = ""
    """``<urn of the provider>::<id of the provider>``."""
    inputs: dict[str, Wire] = field(default_factory=dict)
    outputs: dict[str, Wire] | None = None
    """What a component or the stack registered; None for other resources."""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    source: str | None = None
    """``path:line`` of the program, relative to the repository."""

    @property
    def provider_urn(self) -> str:
        """The URN of the provider, empty where there is none."""
        return self.provider.rpartition("::")[0]

    @property
    def is_provider(self) -> bool:
        """Whether the resource is itself a provider."""
        return self.type.startswith(PROVIDERS)

    def document(self, root: str) -> dict[str, Any]:
        """The resource as a plan shows it, by the names of the engine's own state."""
        always = {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "custom": self.custom,
            "provider": self.provider,
            "inputs": marked(self.inputs, root),
            "dependencies": self.dependencies,
            "propertyDependencies": self.property_dependencies,
            "protect": self.options.protect,
            "retainOnDelete": self.options.retain_on_delete,
        }
        if_set = {
            "remote": self.remote,
            "external": self.external,
            "id": self.id if self.external else "",
            "outputs": marked(self.outputs, root),
            "deletedWith": self.options.deleted_with,
            "ignoreChanges": list(self.options.ignore_changes),
            "replaceOnChanges": list(self.options.replace_on_changes),
            "additionalSecretOutputs": list(self.options.additional_secret_outputs),
            "aliases": list(self._aliases()),
            "customTimeouts": timeouts(self.options.custom_timeouts),
            "importId": getattr(self.options, "import"),
            "source": self.source,
        }
        told = {"deleteBeforeReplace": self.options.delete_before_replace}
        return {
            **always,
            **{name: value for name, value in if_set.items() if value},
            **(told if self.options.HasField("delete_before_replace") else {}),
        }

    def _aliases(self) -> Iterable[str | dict[str, Any]]:
        """The aliases that the program gave: a provider's SDK adds the former *types* of its resources."""
        shown: list[str | dict[str, Any]] = []
        for alias in self.options.aliases:
            spec = {descriptor.name: value for descriptor, value in alias.spec.ListFields() if value}
            of_the_sdk = self.custom and not alias.urn and spec.keys() == {"type"}
            if not of_the_sdk and (alias.urn or spec) not in shown:
                shown.append(alias.urn or spec)
        return shown


def options_of(request: resource_pb2.RegisterResourceRequest) -> Options:
    """The options that a request carries."""
    given = {descriptor.name: value for descriptor, value in request.ListFields()}
    known = Options.DESCRIPTOR.fields_by_name
    options = Options(
        **{option: given[name] for option, name in OPTION_FIELDS.items() if name in given and option in known}
    )
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def declared_dependencies(request: resource_pb2.RegisterResourceRequest) -> dict[str, set[str]]:
    """Which resources each property depends on; where the request does not say, each depends on all."""
    if request.propertyDependencies or request.remote:
        return {key: set(declared.urns) for key, declared in request.propertyDependencies.items()}
    return {key: set(request.dependencies) for key in request.object.fields}


def make_urn(project: str, environment: str, parent: str, type_: str, name: str) -> str:
    """The name of a resource for ever; the types of its parents are part of it (``sdk/go/common/resource/urn``)."""
    parents = parent.split("::")[2] if parent else STACK
    return f"urn:pulumi:{environment}::{project}::{type_ if parents == STACK else f'{parents}${type_}'}::{name}"


def source_of(trace: source_pb2.StackTrace, root: str) -> str | None:
    """Where the program made the resource: the innermost frame that is the repository's own.

    ``sourcePosition`` points into site-packages for classes that an SDK wraps (``kubernetes.Provider``). A component's
    call of its base's constructor is no place where anything is made.
    """
    for frame in trace.frames:
        path = unquote(urlsplit(frame.pc.uri).path)
        if is_own(path, root) and ".__init__(" not in linecache.getline(path, frame.pc.line):
            return f"{PurePath(path).relative_to(root)}:{frame.pc.line}"
    return None


def is_own(path: str, root: str) -> bool:
    """Whether a file is the repository's own code, not something installed in it."""
    return PurePath(path).is_relative_to(root) and "site-packages" not in PurePath(path).parts


def timeouts(given: resource_pb2.RegisterResourceRequest.CustomTimeouts) -> dict[str, float]:
    """Seconds an operation, from Go durations such as ``1h30m``."""
    return {descriptor.name: _seconds(text) for descriptor, text in given.ListFields()}


def _seconds(duration: str) -> float:
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    total = sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(h|ms|m|s)", duration))
    return int(total) if total == int(total) else total


def ordered(resources: Mapping[str, Resource]) -> list[Resource]:
    """Parents, dependencies and providers first, ties by URN.

    The order of registration differs from run to run, for the SDK registers from a thread pool. What is left at the
    end waits for itself, and comes last by URN.
    """
    waiting_for = {
        urn: {other for other in (r.parent, r.provider_urn, *r.dependencies) if other in resources and other != urn}
        for urn, r in resources.items()
    }
    waiting: dict[str, list[str]] = {}
    for urn, others in waiting_for.items():
        for other in others:
            waiting.setdefault(other, []).append(urn)
    ready = [urn for urn, others in waiting_for.items() if not others]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        order.append(urn := heapq.heappop(ready))
        for follower in waiting.get(urn, ()):
            waiting_for[follower].discard(urn)
            if not waiting_for[follower]:
                heapq.heappush(ready, follower)
    return [resources[urn] for urn in [*order, *sorted(resources.keys() - set(order))]]
