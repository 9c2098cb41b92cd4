"""What every building block is made of: settings in, other components in, outputs out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import pulumi
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

Size = Literal["small", "medium", "large"]
"""How much of a thing; each cloud's module says which machine that is."""

LogDays = Literal[30, 60, 90, 180, 365, 400, 731]
"""Days to keep a log: of the values that CloudWatch Logs takes (PutRetentionPolicy), those that make sense here."""


def addresses(texts: Sequence[str]) -> Sequence[str]:
    """Refuses what is no e-mail address.

    Raises:
        ValueError: which pydantic reports as a setting that is not allowed.
    """
    for text in texts:
        if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text):
            raise ValueError("e-mail addresses, such as platform@example.com")
    return texts


Addresses = Annotated[Sequence[str], AfterValidator(addresses)]
"""People, by their e-mail addresses."""


class Settings(BaseModel):
    """What a team may tune: plain values, checked before any resource exists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _worded(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Says what would be right, wherever the wrong stands: in settings.py, or in an environment's file."""
        try:
            return handler(values)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [_said(problem, cls) for problem in error.errors(include_url=False)]
            ) from None


def _said(problem: Mapping[str, Any], settings: type[Settings]) -> InitErrorDetails:
    words = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
        words = f"there is no such setting, but {', '.join(settings.model_fields)}"
    elif problem["type"] == "sequence_str":
        words = f"should be a list, such as [{problem['input']}]"
    # A brace in the words would be a place to fill in.
    kind = PydanticCustomError(problem["type"], "{words}", {"words": words})
    return InitErrorDetails(type=kind, loc=problem["loc"], input=problem["input"])


class Component(pulumi.ComponentResource):
    """A group of resources that does one job of the platform.

    A direct subclass is a *contract*: it promises outputs (annotated ``Output[...]``) and verbs. A subclass of a
    contract is a component, which makes the resources.
    """

    token: ClassVar[str]
    """The component's type. It is part of every URN below it: a promise, never changed."""

    deploy_actions: ClassVar[Sequence[str]] = ()
    """The actions that making and changing it takes, of a service that our own components do not use:
    ``sqs:CreateQueue``. They are added to the setting ``identity.actions``, so that CI may make it."""

    deploy_settings: ClassVar[Sequence[str]] = ()
    """Those of its settings that the rights to deploy it hang on, such as a domain. What they are given, ``identity``'s
    of the same name are given too, unless they are given something themselves."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, *, protected: bool = True) -> None:
        super().__init__(self.token, name, None, opts)
        self.name = name
        self.child = pulumi.ResourceOptions(parent=self)
        """The options of every child resource."""
        self.keep = pulumi.ResourceOptions(parent=self, protect=protected, retain_on_delete=protected)
        """The options of the children that hold data: never deleted while ``protected``."""

    @classmethod
    def outputs(cls) -> Sequence[str]:
        """The names of the outputs that the component's contracts promise, sorted."""
        contracts = [base for base in cls.__mro__ if Component in base.__bases__]
        hints = {name: hint for base in contracts for name, hint in inspect.get_annotations(base).items()}
        return sorted(name for name, hint in hints.items() if str(hint).startswith("Output["))

    @classmethod
    def imported(cls, name: str, program: pulumi.StackReference) -> Self:
        """The component that another program made: its outputs and its verbs, none of its resources."""

        def require(output: str, value: Any) -> Any:
            if value is None:
                raise pulumi.RunError(
                    f"the cloud program has no output '{name}.{output}' in environment "
                    f"'{pulumi.get_stack()}' yet: bring it up first (make up ENV={pulumi.get_stack()})"
                )
            return value

        self = cls.__new__(cls)
        Component.__init__(self, name)
        self.publish(
            **{
                output: program.get_output(f"{name}.{output}").apply(
                    lambda value, output=output: require(output, value)
                )
                for output in cls.outputs()
            }
        )
        return self

    def publish(self, **outputs: pulumi.Input[Any]) -> None:
        """Sets the promised outputs, no fewer and no more.

        Raises:
            TypeError: an output is missing, or was never promised.
        """
        promised = set(self.outputs())
        if outputs.keys() != promised:
            missing, more = sorted(promised - outputs.keys()), sorted(outputs.keys() - promised)
            raise TypeError(f"{type(self).__name__} publishes what it promises: {missing} missing, {more} too many")
        for name, value in outputs.items():
            setattr(self, name, pulumi.Output.from_input(value))
        self.register_outputs(outputs)


def export(*components: Component) -> None:
    """Exports every promised output as ``<component>.<output>``, so that secrets stay secret one by one."""
    for component in components:
        for output in component.outputs():
            pulumi.export(f"{component.name}.{output}", getattr(component, output))


def program(project: str) -> pulumi.StackReference:
    """Another program of this repository, in the same environment: what it exports."""
    return pulumi.StackReference(f"{pulumi.get_organization()}/{project}/{pulumi.get_stack()}")


Platform = TypeVar("Platform", bound=Settings)


def load(platform: type[Platform]) -> Platform:
    """The settings of this environment: the defaults, and over them what ``Pulumi.<environment>.yaml`` says.

    The configuration's one key is ``<project>:platform``, component to setting to value.

    Raises:
        pulumi.RunError: names every value that is not allowed, all at once.
    """
    file, key = f"Pulumi.{pulumi.get_stack()}.yaml", f"{pulumi.get_project()}:platform"
    values = platform().model_dump()
    changes = pulumi.Config().get_object("platform") or {}
    if not isinstance(changes, dict):
        raise pulumi.RunError(f"{file}: {key}: Input should be a mapping of components to their settings")
    for component, settings in changes.items():
        values[component] = {**values.get(component, {}), **settings} if isinstance(settings, dict) else settings
    try:
        return platform.model_validate(values)
    except ValidationError as error:
        raise pulumi.RunError(
            "\n".join(
                f"{file}: {key}.{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
            )
        ) from None
