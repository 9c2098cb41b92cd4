"""The resource monitor as a program sees it: registers, plans, remembers.

It follows the engine's ``source_eval.go``, ``step_generator.go`` and ``builtins.go``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import resource_pb2

from . import answers, placeholders, wire
from .deployment import Deployment
from .host import Host, RefusedError
from .looks import Place
from .providers import inherit, versioned
from .registration import (
    STACK,
    STACK_REFERENCE,
    Options,
    Resource,
    declared_dependencies,
    make_urn,
    options_of,
    source_of,
)
from .transforms import with_dependencies
from .wire import Wire

RegisterRequest = resource_pb2.RegisterResourceRequest


class Monitor(Host):
    """Stands in the engine's place for one run of one program.

    Args:
        deployment: what is deployed.
        references: the outputs of other programs, by the name by which a ``StackReference`` asks for them.
    """

    def __init__(self, deployment: Deployment, references: Mapping[str, Mapping[str, Wire]]) -> None:
        super().__init__(deployment)
        self.resources: dict[str, Resource] = {}
        self._place = Place.of(deployment.project, deployment.environment, deployment.config)
        self._references = references
        self._states: dict[str, dict[str, Wire]] = {}
        """What the program was told of each resource."""
        self._lock = threading.RLock()

    @property
    def outputs(self) -> dict[str, Wire]:
        """What the program exports."""
        stacks = (resource for resource in self.resources.values() if resource.type == STACK)
        return next((stack.outputs or {} for stack in stacks), {})

    def RegisterResource(self, request: RegisterRequest) -> resource_pb2.RegisterResourceResponse:
        """Plans a resource.

        Raises:
            RefusedError: the name is taken, the parent does not exist, or the default provider is denied.
        """
        self._check_parent(request)
        if request.parent:
            inherit(request, self.resources[request.parent])
        package, version = self.providers.package(request, request.type)
        if request.custom or request.remote:
            request.provider = self.providers.given(request, package)
        resource = self._resource(request, *self._transformed(request))
        if resource.is_provider:
            resource.inputs.update(versioned(version))
        elif request.custom or request.remote:
            resource.provider = resource.options.provider or self._default_provider(package, version, request.type)
        self._remember(resource)
        self.transforms.remember(resource.urn, request.transforms)
        if not request.custom:
            self.providers.hand_down(resource)
        if request.remote:
            self.unchecked.add(f"{resource.type}: a remote component, whose provider would make its children")
        return self._planned(resource)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Plans to look at a resource that exists already; another program's outputs are read so too."""
        self._check_parent(request)
        package, version = self.providers.package(request, request.type)
        inputs = wire.decode(request.properties)
        resource = Resource(
            urn=self._urn(request),
            type=request.type,
            name=request.name,
            parent=request.parent,
            external=True,
            id=request.id,
            provider=request.provider or self._default_provider(package, version, request.type),
            inputs=inputs,
            dependencies=sorted(request.dependencies),
            options=Options(additional_secret_outputs=request.additionalSecretOutputs),
            source=source_of(request.stackTrace, self.deployment.root),
        )
        self._remember(resource)
        if request.type == STACK_REFERENCE:
            state = self._outputs_of_program(resource)
        elif self.deployment.dry_run:
            state = inputs
        else:
            state = self._created(resource)[1]
        self._states[resource.urn] = state
        return resource_pb2.ReadResourceResponse(urn=resource.urn, id=request.id, properties=wire.encode(state))

    def ExistsResource(self, _: Any) -> Any:
        """Whether something exists cannot be known without asking a cloud."""
        return resource_pb2.ExistsResourceResponse(exists=False, unknown=True)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Keeps the outputs of a component, or of the program."""
        self.resources[request.urn].outputs = wire.settle(wire.decode(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:
        """Answers a provider function.

        Raises:
            RefusedError: nothing is known about the function.
        """
        self.transforms.apply_to_function(request)
        package, version = self.providers.package(request, request.tok)
        provider = request.provider or self._default_provider(package, version, request.tok)
        arguments = wire.decode(request.args)
        waits_for = {*request.dependsOn, *wire.dependencies(arguments)}
        if self.deployment.dry_run and self._any_to_create(waits_for):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        answer = self._answer(request.tok, wire.settle(arguments), provider)
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(wire.encode(answer))  # a keyword of Python's
        return response

    def Call(self, request: Any) -> Any:
        """A method of a remote component runs in its provider.

        Raises:
            RefusedError: always.
        """
        raise RefusedError(f"the embedded preview cannot call {request.tok}: the method runs in the provider's plugin")

    def _urn(self, request: Any) -> str:
        return make_urn(
            self.deployment.project, self.deployment.environment, request.parent, request.type, request.name
        )

    def _check_parent(self, request: Any) -> None:
        if request.parent and request.parent not in self.resources:
            raise RefusedError(f"could not find parent resource {request.parent}")

    def _ancestors(self, urn: str) -> Iterator[str]:
        while urn:
            yield urn
            urn = self.resources[urn].parent

    def _transformed(self, request: RegisterRequest) -> tuple[struct_pb2.Struct, Options]:
        """The inputs and options that the transforms leave."""
        inputs, options = request.object, options_of(request)
        if request.transforms:
            inputs = with_dependencies(inputs, request)
        for callback in self.transforms.for_resource(request, self._ancestors(request.parent)):
            inputs, options = self.transforms.apply(callback, request, inputs, options)
        return inputs, options

    def _resource(self, request: RegisterRequest, inputs: struct_pb2.Struct, options: Options) -> Resource:
        raw = wire.decode(inputs)
        declared = {} if request.transforms else declared_dependencies(request)
        used = {key: declared.get(key, set()) | wire.dependencies(value) for key, value in raw.items()}
        return Resource(
            urn=self._urn(request),
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=request.custom,
            remote=request.remote,
            inputs=wire.settle(raw),
            dependencies=sorted(options.depends_on if request.transforms else request.dependencies),
            property_dependencies={key: sorted(urns) for key, urns in (declared | used).items() if urns},
            options=options,
            source=source_of(request.stackTrace, self.deployment.root),
        )

    def _remember(self, resource: Resource) -> None:
        with self._lock:
            if resource.urn in self.resources:
                raise RefusedError(f"Duplicate resource URN '{resource.urn}'; try giving it a unique name")
            self.resources[resource.urn] = resource

    def _default_provider(self, package: str, version: str, token: str) -> str:
        if self.providers.is_denied(package):
            raise RefusedError(f"Default provider for '{package}' disabled. '{token}' must use an explicit provider.")
        provider = self.providers.default(package, version)
        with self._lock:
            self.resources.setdefault(provider.urn, provider)
        return f"{provider.urn}::{self.deployment.provider_id(provider.urn)}"

    def _planned(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        """What the program learns of a resource: in a preview no more than it said itself."""
        if not resource.custom and not resource.remote:
            return resource_pb2.RegisterResourceResponse(urn=resource.urn)
        if not self.deployment.dry_run:
            identifier, state = self._created(resource)
        elif resource.remote or self._is_unconfigured(resource.provider_urn):
            identifier, state = "", {}
        else:
            identifier, state = getattr(resource.options, "import"), dict(resource.inputs)
        resource.id = self.deployment.provider_id(resource.urn) if resource.is_provider else identifier
        for name in state.keys() & set(resource.options.additional_secret_outputs):
            state[name] = wire.secret(state[name])
        self._states[resource.urn] = state
        return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=resource.id, object=wire.encode(state))

    def _created(self, resource: Resource) -> tuple[str, dict[str, Wire]]:
        """A resource's id and state as if it existed; what is secret and made up is a canary."""
        identifier, state = placeholders.outputs(resource.type, resource.name, resource.inputs, self._place)
        for name in set(resource.options.additional_secret_outputs) & state.keys() - resource.inputs.keys():
            if isinstance(state[name], str):
                state[name] = f"[secret:{resource.name}.{name}]"
        return resource.id or getattr(resource.options, "import") or identifier, state

    def _is_unconfigured(self, provider: str) -> bool:
        """Whether a provider cannot start yet, as with the kubeconfig of a cluster still to be made.

        The engine then asks it nothing: everything that it would answer is unknown (``provider_plugin.go``).
        """
        known = self.resources.get(provider)
        return self.deployment.dry_run and known is not None and wire.contains_unknown(known.inputs)

    def _any_to_create(self, urns: Iterable[str]) -> bool:
        """Whether a resource among these, or below a component among these, does not exist yet."""
        for urn in urns:
            resource = self.resources.get(urn)
            if resource is None or resource.external or resource.is_provider or getattr(resource.options, "import"):
                continue
            children = [child.urn for child in list(self.resources.values()) if child.parent == urn]
            if resource.custom or self._any_to_create(children):
                return True
        return False

    def _answer(self, token: str, arguments: dict[str, Wire], provider: str) -> dict[str, Wire]:
        if token == "pulumi:pulumi:getResource":
            urn = arguments["urn"]
            return {"urn": urn, "id": self.resources[urn].id, "state": self._states.get(urn, {})}
        if self._is_unconfigured(provider.rpartition("::")[0]):
            return {}
        answer = answers.answer(token, arguments, self._place)
        if answer is None:
            raise RefusedError(f"the embedded preview has no answer for the provider function {token}")
        if answer.is_placeholder:
            self.unchecked.add(f"{token}: answered with a placeholder")
        return answer.result

    def _outputs_of_program(self, reference: Resource) -> dict[str, Wire]:
        """What another program exports; in a preview unknown as long as that program was not planned."""
        name = reference.inputs.get("name", reference.id)
        outputs = self._references.get(name)
        if outputs is None:
            self.diagnose(
                "warning", f"the outputs of {name} are not known: plan or bring up that program first", reference.urn
            )
            return {"name": name} if self.deployment.dry_run else {"name": name, "outputs": {}, "secretOutputNames": []}
        secrets = sorted(key for key, value in outputs.items() if wire.contains_secret(value))
        return {"name": name, "outputs": dict(outputs), "secretOutputNames": secrets}
