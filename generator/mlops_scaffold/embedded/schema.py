"""The schema of a provider, read from the annotations of its installed SDK: nothing else is at hand offline.

A provider's wheel carries no ``schema.json``, but its classes say the same: the token of a resource leads to its class,
the class to its ``...Args``, whose getters carry the types and whose constructor says what is required.

``_types`` and ``rpc`` are private to the SDK.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import threading
import types
import typing
from collections import abc
from dataclasses import dataclass
from typing import Any

from pulumi import Output, _types
from pulumi.runtime import rpc

IMPORTS = threading.RLock()
"""The SDKs import their modules lazily, which is not safe from several threads at once."""


@dataclass(frozen=True)
class Property:
    """One property of a resource, a nested object, or a function's result."""

    wire: str
    """Its name in requests: ``cidrBlock``."""
    python: str
    """Its name in a program: ``cidr_block``."""
    hint: Any
    """Its annotation, as written."""
    required: bool
    """Whether the constructor has no default for it."""


@functools.cache
def resource_class(token: str) -> type | None:
    """The class of a resource type such as ``aws:s3/bucket:Bucket``; None where the SDK is not installed."""
    package, module, _ = token.split(":", 2)
    with IMPORTS:
        _import(f"pulumi_{package.replace('-', '_')}")
        for registered in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
            info = getattr(registered, "mod_info", None)
            if info and token in info["classes"]:
                return getattr(importlib.import_module(info["fqn"]), info["classes"][token], None)
    return None


@functools.cache
def input_class(resource: type) -> type | None:
    """The class of a resource's inputs.

    ``<Class>InitArgs`` is looked for first, for ``<Class>Args`` may be a nested type of the same name
    (``s3.BucketVersioning``).
    """
    module = importlib.import_module(resource.__module__)
    candidates = (getattr(module, resource.__name__ + suffix, None) for suffix in ("InitArgs", "Args"))
    return next((found for found in candidates if found is not None and _types.is_input_type(found)), None)


@functools.cache
def result_class(token: str) -> type | None:
    """The class of what a provider function such as ``aws:ec2/getVpc:getVpc`` returns."""
    package, module, function = token.split(":", 2)
    base, folder, leaf = f"pulumi_{package.replace('-', '_')}", module.split("/")[0], _snake(function)
    names = [f"{base}.{leaf}"] if folder in ("index", "") else [f"{base}.{_snake(folder)}{s}.{leaf}" for s in ("", "_")]
    with IMPORTS:
        modules = [_import(name) for name in names]
    results = (getattr(module, function[0].upper() + function[1:] + "Result", None) for module in modules)
    return next((found for found in results if found is not None and _types.is_output_type(found)), None)


@functools.cache
def properties(cls: type) -> dict[str, Property]:
    """The properties of an ``...Args`` class, an output type or a resource class, by wire name."""
    parameters = inspect.signature(cls.__init__).parameters
    hints = _types._raw_return_hints(cls)
    return {
        wire: Property(wire, python, hints.get(wire, Any), _has_no_default(parameters.get(python)))
        for python, wire, _ in _types._py_properties(cls)
    }


def prepare(token: str) -> None:
    """Reads all that is ever asked about a resource type, so that it is known; the SDK keeps what it has read, too."""
    resource = resource_class(token)
    pending: list[Any] = [resource, resource and input_class(resource)]
    seen: set[type] = set()
    while pending:
        cls = pending.pop()
        if cls is None or cls in seen:
            continue
        seen.add(cls)
        _types._types_from_py_properties(cls)
        for known in properties(cls).values():
            inner = [item for hint in alternatives(output_of(known.hint)) for item in (hint, list_item(hint))]
            pending += [hint for hint in inner if is_object(hint)]


@functools.cache
def alternatives(hint: Any) -> tuple[Any, ...]:
    """The types that a value may have: ``Input``, ``Optional`` and unions taken apart, plumbing left out."""
    if _types._is_union_type(hint):
        return tuple(inner for argument in typing.get_args(hint) for inner in alternatives(argument))
    return () if hint is types.NoneType or _is_plumbing(hint) else (hint,)


def output_of(hint: Any) -> Any:
    """``X`` of a resource's ``Output[X]``; any other annotation as it is."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Output else hint


def is_optional(hint: Any) -> bool:
    """Whether None is among the values."""
    return types.NoneType in typing.get_args(output_of(hint))


def list_item(hint: Any) -> Any | None:
    """The type of a list's items, None where the annotation is not a list's."""
    if typing.get_origin(hint) in (list, abc.Sequence):
        return (*typing.get_args(hint), Any)[0]
    return Any if hint is list else None


def map_value(hint: Any) -> Any | None:
    """The type of a map's values, None where the annotation is not a map's."""
    if typing.get_origin(hint) in (dict, abc.Mapping):
        return (*typing.get_args(hint), Any, Any)[1]
    return Any if hint is dict else None


def is_object(hint: Any) -> bool:
    """Whether the type is an object with properties of its own."""
    return inspect.isclass(hint) and (_types.is_input_type(hint) or _types.is_output_type(hint))


def _import(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _has_no_default(parameter: inspect.Parameter | None) -> bool:
    return parameter is not None and parameter.default is inspect.Parameter.empty


def _is_plumbing(hint: Any) -> bool:
    """Whether the annotation only says that a value may come later or as a dict."""
    if isinstance(hint, typing.ForwardRef):
        return hint.__forward_arg__.startswith("Output[")
    return (
        hint is Output or typing.get_origin(hint) in (Output, abc.Awaitable, abc.Coroutine) or typing.is_typeddict(hint)
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
