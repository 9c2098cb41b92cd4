"""A blueprint: which capabilities, which variants, which settings, which environments.

Stages are blueprints, each a delta on the one before; what a person asks for on the command line is one more delta.
The merge law, complete: settings merge key by key; new names are added, those of environments if ``new_environments``
says so, before production; ``without`` removes, and fails if absent; so does ``null`` of a name that is deferred; lists
replace. A reason is one for a variant: whoever chooses another with ``on`` says ``why`` anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from mlops_scaffold.document import Document, Place, validated
from mlops_scaffold.errors import ScaffoldError, unknown

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
"""A component's name: a Python name, for it becomes a variable."""
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=10)]
"""An environment's name; it is a part of every physical name."""

CHOICES = ("on", "why")
"""The keys of a component that are not settings: its variant, and the need that it answers."""

PRODUCTION = {"prod", "production"}
"""The environments that people depend on, by name."""


def check_environment(name: str, where: str) -> None:
    """Refuses what cannot be an environment's name.

    Raises:
        ScaffoldError: it is no lower-case word of at most 10 letters and digits.
    """
    try:
        TypeAdapter(EnvironmentName).validate_python(name)
    except ValidationError:
        raise ScaffoldError(
            f"'{name[:60]}' cannot be an environment's name",
            where=where,
            allowed="at most 10 letters and digits, lower case, beginning with a letter; several with commas between "
            "them, such as dev,prod",
        ) from None


class BlueprintFile(BaseModel):
    """What a blueprint file may say."""

    model_config = ConfigDict(extra="forbid", strict=True, title="A blueprint of mlops-scaffold")

    extends: str | None = Field(default=None, description="The blueprint that this one is a delta on.")
    summary: str = Field(default="", description="One sentence: whom the platform is for.")
    components: dict[Name, dict[str, Any] | None] = Field(
        default_factory=dict, description="Component name to its choices and settings."
    )
    without: list[Name] = Field(default_factory=list, description="Inherited components to leave out.")
    environments: dict[EnvironmentName, dict[Name, dict[str, Any]] | None] = Field(
        default_factory=dict, description="Environment name to the settings that it changes."
    )
    new_environments: list[EnvironmentName] = Field(
        default_factory=list,
        description="Environments that the blueprint that it extends does not have. They come after those that it has, "
        "and before prod or production.",
    )
    environment_order: list[EnvironmentName] = Field(
        default_factory=list,
        description="All environments in the order in which they are brought up, where it is to be another.",
    )
    deferred: dict[str, str | None] = Field(
        default_factory=dict,
        description="What is left out for now, and the need that would justify it; null takes back what the blueprint "
        "that it extends says.",
    )


@dataclass(frozen=True)
class Blueprint:
    """A blueprint after merging."""

    summary: str = ""
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    deferred: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Component to the line that leaves it out."""
    lines: Mapping[Place, str] = field(default_factory=dict)

    def where(self, *place: str) -> str:
        """The place (``file:line`` or the option) where a value was last set, or the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, "the blueprint")


def load(name: str, find: Callable[[str, str], Document], *, asked_by: str = "--stage") -> Blueprint:
    """Reads a blueprint and all that it extends.

    Args:
        name: the blueprint's name.
        find: gives the document of a name; its second argument says who asks for it.
        asked_by: who asks, for the error message.

    Raises:
        ScaffoldError: a name is unknown, a file is wrong, or blueprints extend each other in a circle.
    """
    chain: list[Document] = []
    seen: list[str] = []
    asked: str | None = name
    while asked is not None:
        if asked in seen:
            raise ScaffoldError(f"blueprints extend each other: {' → '.join([*seen, asked])}", where=asked_by)
        document = find(asked, asked_by)
        seen.append(asked)
        chain.append(document)
        asked, asked_by = check(document).extends, document.where(("extends",))
    blueprint = Blueprint()
    for document in reversed(chain):
        blueprint = merge(blueprint, document)
    return blueprint


def check(document: Document) -> BlueprintFile:
    """Holds a document against what a blueprint file may say.

    Raises:
        ScaffoldError: names the first value that is not allowed, and its line.
    """
    blueprint = validated(document, BlueprintFile)
    _check_choices(blueprint, document)
    return blueprint


def _check_choices(blueprint: BlueprintFile, document: Document) -> None:
    for name, given in blueprint.components.items():
        for key, value in (given or {}).items():
            by_cloud = key == "on" and isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            if key in CHOICES and not (isinstance(value, str) or by_cloud):
                allowed = "a text, or one for each cloud" if key == "on" else "a text"
                where = document.where(("components", name, key))
                raise ScaffoldError(f"{name}.{key} cannot be {value!r:.60}", where=where, allowed=allowed)


def merge(base: Blueprint, document: Document) -> Blueprint:
    """Applies one delta to a blueprint, by the merge law.

    Raises:
        ScaffoldError: ``without`` names a component that is not there, or an environment is neither there nor new, or
            changes the topology.
    """
    delta = check(document)
    components = dict(base.components)
    left_out: dict[str, str] = {}
    whys: dict[str, str] = {}
    for index, name in enumerate(delta.without):
        where = document.where(("without", index))
        if name not in components:
            raise unknown("component", name, components, where)
        if name in delta.components:
            raise ScaffoldError(
                f"'{name}' is left out, and has settings", where=f"{where}; {document.where(('components', name))}"
            )
        left_out[name] = where
        whys[name] = f"Left out by choice. {components.pop(name).get('why', '')}".strip()
    for name, given in delta.components.items():
        components[name] = _deep(before := components.get(name, {}), given or {})
        if before.get("why") and "why" not in (given or {}) and components[name].get("on") != before.get("on"):
            raise ScaffoldError(
                f"'{name}' gets another variant, and the reason that it inherits speaks of the one before",
                where=document.where(("components", name, "on")),
                then=f"say 'why' beside 'on'; it was: {before['why']}",
            )
    environments: dict[str, Mapping[str, Any]] = {
        name: {
            component: settings
            for component, settings in changes.items()
            if component in components and component not in delta.without
        }
        for name, changes in base.environments.items()
    }
    for name, changes in delta.environments.items():
        if base.environments and name not in {*base.environments, *delta.new_environments}:
            error = unknown("environment", name, base.environments, document.where(("environments", name)))
            error.then = "; ".join(filter(None, [error.then, f"to add it, name it in 'new_environments: [{name}]'"]))
            raise error
        for component, settings in (changes or {}).items():
            place = ("environments", name, component)
            if component in left_out:
                raise ScaffoldError(
                    f"'{component}' is left out, and has settings in '{name}'",
                    where=f"{left_out[component]}; {document.where(place)}",
                )
            if component not in components:
                raise unknown("component", component, components, document.where(place))
            if choice := next((key for key in CHOICES if key in settings), None):
                raise ScaffoldError(
                    f"an environment cannot set '{choice}': every environment has the same components",
                    where=document.where((*place, choice)),
                )
        environments[name] = _deep(environments.get(name, {}), changes or {})
    for name in delta.new_environments:
        environments.setdefault(name, {})
    deferred = {**base.deferred, **whys}
    for name, why in delta.deferred.items():
        if why is not None and name in components:
            raise ScaffoldError(
                f"'{name}' is deferred, and it is there",
                where=document.where(("deferred", name)),
                then=f"leave it out, too: 'without: [{name}]'; or say nothing of it here",
            )
        if why is not None:
            deferred[name] = why
        elif name not in deferred:
            raise unknown("deferral", name, deferred, document.where(("deferred", name)))
        else:
            del deferred[name]
    return replace(
        base,
        summary=delta.summary or base.summary,
        components=components,
        environments={name: environments[name] for name in _in_order(environments, base, delta, document)},
        deferred={name: why for name, why in deferred.items() if name not in components},
        left_out={**base.left_out, **left_out},
        lines={**base.lines, **document.lines},
    )


def _in_order(environments: Iterable[str], base: Blueprint, delta: BlueprintFile, document: Document) -> Sequence[str]:
    """Environments in the order in which they are brought up: none that is new comes after production.

    Raises:
        ScaffoldError: ``environment_order`` does not name all of them once.
    """
    known = [*(base.environments or delta.environments)]
    if ordered := delta.environment_order:
        if sorted(ordered) != sorted(environments):
            raise ScaffoldError(
                f"environment_order names {', '.join(ordered)}",
                where=document.where(("environment_order",)),
                allowed=f"each of {', '.join(environments)}, once",
            )
        return ordered
    new = [name for name in environments if name not in known]
    place = next((index for index, name in enumerate(known) if name in PRODUCTION), len(known))
    known[place:place] = [name for name in new if name not in PRODUCTION]
    return [*known, *(name for name in new if name in PRODUCTION)]


def _deep(base: Mapping[str, Any], delta: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in delta.items():
        old = merged.get(key)
        merged[key] = _deep(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
