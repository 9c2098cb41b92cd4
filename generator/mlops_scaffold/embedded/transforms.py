"""Transforms: functions of the program that change a resource or a function call before the engine sees it.

The SDK serves them from the program's own process, on a port of 127.0.0.1, and the engine calls back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import grpc
from google.protobuf import message, struct_pb2
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from . import wire
from .registration import Options, declared_dependencies
from .wire import OUTPUT, SECRET, SIGNATURE, Wire


class Transforms:
    """The transforms that the program registered, on the stack and on resources."""

    def __init__(self) -> None:
        self.stack: list[callback_pb2.Callback] = []
        self.functions: list[callback_pb2.Callback] = []
        self._of_resource: dict[str, list[callback_pb2.Callback]] = {}
        self._clients: dict[str, callback_pb2_grpc.CallbacksStub] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether the program registered any."""
        return bool(self.stack or self.functions or any(self._of_resource.values()))

    def remember(self, urn: str, callbacks: Iterable[callback_pb2.Callback]) -> None:
        """Keeps a resource's own transforms, which its children get too."""
        self._of_resource[urn] = list(callbacks)

    def for_resource(
        self, request: resource_pb2.RegisterResourceRequest, ancestors: Iterable[str]
    ) -> list[callback_pb2.Callback]:
        """The resource's own, then those of its parents from the nearest on, then the stack's."""
        inherited = [callback for urn in ancestors for callback in self._of_resource.get(urn, ())]
        return [*request.transforms, *inherited, *self.stack]

    def apply(
        self,
        callback: callback_pb2.Callback,
        request: resource_pb2.RegisterResourceRequest,
        inputs: struct_pb2.Struct,
        options: Options,
    ) -> tuple[struct_pb2.Struct, Options]:
        """The inputs and options that one transform wants instead."""
        asked = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=inputs,
            options=options,
        )
        answer = resource_pb2.TransformResponse.FromString(self._call(callback, asked))
        return (
            answer.properties if answer.HasField("properties") else inputs,
            answer.options if answer.HasField("options") else options,
        )

    def apply_to_function(self, request: resource_pb2.ResourceInvokeRequest) -> None:
        """Changes the arguments of a function call as the stack's transforms want."""
        for callback in self.functions:
            asked = resource_pb2.TransformInvokeRequest(
                token=request.tok,
                args=request.args,
                options=resource_pb2.TransformInvokeOptions(provider=request.provider, version=request.version),
            )
            answer = resource_pb2.TransformInvokeResponse.FromString(self._call(callback, asked))
            if answer.HasField("args"):
                request.args.CopyFrom(answer.args)

    def _call(self, callback: callback_pb2.Callback, asked: message.Message) -> bytes:
        with self._lock:
            if callback.target not in self._clients:
                channel = grpc.insecure_channel(callback.target)
                self._clients[callback.target] = callback_pb2_grpc.CallbacksStub(channel)
        request = callback_pb2.CallbackInvokeRequest(token=callback.token, request=asked.SerializeToString())
        return self._clients[callback.target].Invoke(request).response


def with_dependencies(inputs: struct_pb2.Struct, request: resource_pb2.RegisterResourceRequest) -> struct_pb2.Struct:
    """The inputs as output values that say what they depend on.

    A transform returns properties only; what they depend on would be lost otherwise (the engine's
    ``upgradeOutputValues``).
    """
    declared = declared_dependencies(request)
    return wire.encode({key: _depending(value, declared.get(key, set())) for key, value in wire.decode(inputs).items()})


def _depending(value: Wire, urns: set[str]) -> Wire:
    if urns <= wire.dependencies(value):
        return value
    output: dict[str, Wire] = {SIGNATURE: OUTPUT, "dependencies": sorted(urns)}
    if wire.signature(value) == SECRET:
        output["secret"] = True
    inner = wire.reveal(value)
    return output if wire.is_unknown(inner) else {**output, "value": inner}
