"""The engine's side of a conversation, before and around the resources: what is deployed, messages, registrations.

The SDK calls the methods named after RPCs with protobuf messages, in the program's own process and from several
threads.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import callback_pb2, engine_pb2, resource_pb2

from .deployment import Deployment
from .providers import Providers
from .transforms import Transforms

SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


class RefusedError(grpc.RpcError, Exception):
    """What the engine refuses; the SDK expects an RPC error that can tell its code and details."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._message = message

    def code(self) -> grpc.StatusCode:
        """The status of the call."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """What the user reads."""
        return self._message


class Host:
    """Says what is deployed, and keeps what the program says."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.providers = Providers(deployment)
        self.transforms = Transforms()
        self.diagnostics: list[dict[str, str | None]] = []
        self.unchecked: set[str] = set()
        """What a preview of this kind cannot check in this program."""

    def diagnose(self, severity: str, message: str, urn: str | None = None) -> None:
        """Adds a message for the user."""
        self.diagnostics.append({"severity": severity, "message": message.rstrip(), "urn": urn})

    def GetDeploymentInfo(self, _: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        """What is deployed, and which of the engine's features the SDK may use."""
        features = resource_pb2.ResourceMonitorFeature.items()
        return resource_pb2.DeploymentInfo(
            project=self.deployment.project,
            stack=self.deployment.environment,
            organization=self.deployment.organization,
            config=self.deployment.config,
            configSecretKeys=sorted(self.deployment.secret_keys),
            dryRun=self.deployment.dry_run,
            supportedFeatures=[number for name, number in features if not name.endswith("STATE_MIGRATIONS")],
        )

    def SupportsFeature(self, _: resource_pb2.SupportsFeatureRequest) -> resource_pb2.SupportsFeatureResponse:
        """How SDKs asked before there was ``GetDeploymentInfo``."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def SignalAndWaitForShutdown(self, _: empty_pb2.Empty) -> empty_pb2.Empty:
        """Nothing runs that would have to end first."""
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, _: Any) -> Any:
        """Every version is right, for there is none."""
        return engine_pb2.RequirePulumiVersionResponse()

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        """Keeps what the program or the SDK says; debugging and progress are left out."""
        if request.severity in SEVERITIES and not request.ephemeral:
            self.diagnose(SEVERITIES[request.severity], request.message, request.urn or None)
        return empty_pb2.Empty()

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> resource_pb2.RegisterPackageResponse:
        """Names a parameterized package."""
        return resource_pb2.RegisterPackageResponse(ref=self.providers.register_package(request))

    def RegisterResourceHook(self, request: Any) -> empty_pb2.Empty:
        """Hooks run when resources change, so never here."""
        self.unchecked.add(f"hook {request.name}: not run")
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook

    def RegisterStackTransform(self, callback: callback_pb2.Callback) -> empty_pb2.Empty:
        """Adds a transform for every resource."""
        self.transforms.stack.append(callback)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, callback: callback_pb2.Callback) -> empty_pb2.Empty:
        """Adds a transform for every function call."""
        self.transforms.functions.append(callback)
        return empty_pb2.Empty()
