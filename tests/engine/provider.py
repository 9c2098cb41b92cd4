"""``pulumi-resource-aws``, ``-kubernetes``, ``-random``: providers with no cloud behind them.

A planned resource is what the program asked for; a created one has the placeholders that the embedded preview's deep
pass uses too. So the engine's part of a plan can be compared, and nothing is said about the cloud's: defaults, checks,
automatic names, and which change replaces a resource.

    python -m engine.provider PACKAGE [ADDRESS_OF_THE_ENGINE]
"""

from __future__ import annotations

import importlib
import importlib.metadata
import runpy
import sys
import threading
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from .plugin import serve

EMBEDDED = Path(__file__).parents[2] / "generator/mlops_scaffold/embedded/__main__.py"
runpy.run_path(str(EMBEDDED))["load_package"]()
answers, looks, placeholders, wire = (
    importlib.import_module(f"mlops_embedded.{name}") for name in ("answers", "looks", "placeholders", "wire")
)

IMPORTS = threading.Lock()
"""SDKs import their modules when these are first used, which is not safe from several threads at once."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Creates placeholders."""

    def __init__(self, package: str) -> None:
        self._version = importlib.metadata.version(f"pulumi-{package}")
        self._config: dict[str, str] = {}

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        """Takes secrets, references and output values as they are."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        """Says which SDK the placeholders come from."""
        return plugin_pb2.PluginInfo(version=self._version)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        """Has nothing to stop."""
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        """Accepts every configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """Compares configurations."""
        return difference(request.old_inputs, request.news)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        """Learns the region."""
        self._config = {key.replace(":config:", ":"): value for key, value in request.variables.items()}
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        """Finds whatever is looked for; of what nobody asked for yet, an import, it is all taken for asked for."""
        _, outputs = self._outputs(request, request.properties)
        return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=request.inputs or outputs)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        """Accepts every resource as it was asked for."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """Compares what was asked for; no change replaces a resource."""
        return difference(request.old_inputs, request.news)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        """Makes a resource up; a preview learns no more than it asked for."""
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        identifier, outputs = self._outputs(request, request.properties)
        return provider_pb2.CreateResponse(id=identifier, properties=outputs)

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        """Makes a changed resource up."""
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)
        return provider_pb2.UpdateResponse(properties=self._outputs(request, request.news)[1])

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        """Forgets nothing, for nothing was kept."""
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        """Answers a function as the embedded preview does."""
        with IMPORTS:
            answer = answers.answer(request.tok, wire.settle(wire.decode(request.args)), self._place("", ""))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.encode(answer.result))
        return response

    def _outputs(self, request: Any, inputs: Any) -> tuple[str, Any]:
        stack, project, types, name = request.urn.split("::", 3)  # urn:pulumi:<environment>::<project>::<types>::<name>
        place = self._place(project, stack.rpartition(":")[2])
        with IMPORTS:
            identifier, state = placeholders.outputs(types.rpartition("$")[2], name, wire.decode(inputs), place)
        return identifier, wire.encode(state)

    def _place(self, project: str, environment: str) -> Any:
        return looks.Place.of(project, environment, self._config)


def difference(old: Any, new: Any) -> provider_pb2.DiffResponse:
    """Which properties differ."""
    before, after = wire.decode(old), wire.decode(new)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=kind, diffs=changed)


if __name__ == "__main__":
    provider = Provider(sys.argv[1])
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))
