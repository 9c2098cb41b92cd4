"""Resolves a blueprint for a cloud: which block stands for each component, what it is wired to, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mlops_scaffold.blueprint import CHOICES, Blueprint
from mlops_scaffold.catalogue import IDENTITY, Block, Catalogue
from mlops_scaffold.clouds import CLOUDS, CLOUDS_TO_COME
from mlops_scaffold.errors import ScaffoldError, unknown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

NAMED = (*CLOUDS, *CLOUDS_TO_COME)
"""The clouds that a blueprint may choose variants for."""

TAKEN = frozenset({"cloud", "export", "inside", "program", "pulumi", "settings"})
"""Names that a program uses itself."""


@dataclass(frozen=True)
class Node:
    """A component of the platform, resolved."""

    name: str
    block: Block
    why: str
    """The need that it answers, in the blueprint's words."""
    given: Mapping[str, Any]
    """The settings that the blueprint gives."""
    changes: Mapping[str, Mapping[str, Any]]
    """Environment to the settings that it changes."""
    wires: Mapping[str, str]
    """Keyword of the constructor to name of the component."""

    @property
    def in_cluster(self) -> bool:
        """Whether it belongs to the cluster program."""
        return self.block.in_cluster


def resolve(blueprint: Blueprint, cloud: str, catalogue: Catalogue) -> Sequence[Node]:
    """Chooses a block for every component, checks its settings, wires it by type and orders all.

    Returns:
        The components, each after what it is wired to; else in the blueprint's order.

    Raises:
        ScaffoldError: names what is wrong and the line that says it.
    """
    blocks = {
        name: catalogue.block(
            name, on=_variant(blueprint, name, cloud), cloud=cloud, where=blueprint.where("components", name)
        )
        for name in blueprint.components
    }
    _keep_apart(blocks, blueprint)
    wires = {name: _wire(name, blocks, blueprint, catalogue) for name in blocks}
    try:
        order = list(_ordered(wires))
    except CycleError as error:
        circle = error.args[1]
        raise ScaffoldError(
            f"components need each other: {' → '.join(circle)}",
            where=blueprint.where("components", circle[0]),
            then="one of these blocks must do without the other",
        ) from None
    return _with_rights([_node(blueprint, name, blocks[name], wires[name]) for name in order])


def _with_rights(nodes: Sequence[Node]) -> Sequence[Node]:
    """Gives CI, where it has an identity, what the components say deploying them takes: settings and actions.

    Raises:
        ScaffoldError: one is not what IAM calls an action.
    """
    asked = {action: node for node in nodes for action in node.block.cls.texts("deploy_actions")}
    told = {setting: node for node in nodes for setting in node.block.cls.texts("deploy_settings")}
    return [_may(_knows(node, told), asked) if node.block.token == IDENTITY else node for node in nodes]


def _knows(identity: Node, told: Mapping[str, Node]) -> Node:
    """The identity with the settings of others; its own come first."""
    given = {key: node.given[key] for key, node in told.items() if key in node.given}
    changes = {name: dict(settings) for name, settings in identity.changes.items()}
    for key, node in told.items():
        for environment, changed in node.changes.items():
            if key in changed:
                changes.setdefault(environment, {}).setdefault(key, changed[key])
    return replace(identity, given={**given, **identity.given}, changes=changes)


def _may(identity: Node, asked: Mapping[str, Node]) -> Node:
    if not asked:
        return identity
    for action, node in asked.items():
        try:
            identity.block.model.model_validate({**identity.given, "actions": [action]})
        except ValidationError as error:
            raise ScaffoldError(
                f"'{action}' is no action that CI can be given",
                where=f"deploy_actions of {node.block.cls.name}, {node.block.cls.where}",
                allowed=_allowed(error.errors()[0]),
            ) from None

    def more(settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**settings, "actions": list(dict.fromkeys([*settings.get("actions", ()), *asked]))}

    # An environment's own list would replace it.
    changes = {name: more(changed) if "actions" in changed else changed for name, changed in identity.changes.items()}
    return replace(identity, given=more(identity.given), changes=changes)


def _ordered(wires: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Each component after what it is wired to; of those that could come next, the blueprint's first.

    Raises:
        CycleError: components need each other.
    """
    places = {name: place for place, name in enumerate(wires)}
    sorter = TopologicalSorter({name: wires[name].values() for name in wires})
    sorter.prepare()
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=places.__getitem__)
        yield (first := ready.pop(0))
        sorter.done(first)


def _node(blueprint: Blueprint, name: str, block: Block, wires: Mapping[str, str]) -> Node:
    given = {key: value for key, value in blueprint.components[name].items() if key not in CHOICES}
    checked = _check(given, block, name, blueprint, ("components", name))
    why = str(blueprint.components[name].get("why", ""))
    return Node(name, block, why, checked, _changes(blueprint, name, block, checked), wires)


def _keep_apart(blocks: Mapping[str, Block], blueprint: Blueprint) -> None:
    """Refuses names that would hide one another in a program, or in its URNs."""
    seen: dict[str, str] = {}
    for name, block in blocks.items():
        where = blueprint.where("components", name)
        if name in TAKEN:
            raise ScaffoldError(f"a component cannot be called '{name}': the program uses that name", where=where)
        for what in (
            f"the class {block.cls.name}",
            f"the class {block.settings.name}",
            f"the token {block.token}",
        ):
            if (other := seen.setdefault(what, name)) != name:
                raise ScaffoldError(f"'{other}' and '{name}' both have {what}", where=where, then="rename one of them")


def _variant(blueprint: Blueprint, name: str, cloud: str) -> str | None:
    on = blueprint.components[name].get("on")
    where = blueprint.where("components", name, "on")
    if isinstance(on, Mapping):
        for other in on:
            if other not in NAMED:
                raise unknown("cloud", other, NAMED, where)
        on = on.get(cloud)
    # What runs inside a cluster runs on every cloud.
    if (variant := (on or "").rpartition(":")[2]) in NAMED and variant not in (cloud, "kubernetes"):
        raise ScaffoldError(f"'{name}' cannot run on {variant}: the platform is on {cloud}", where=where)
    return on


def _wire(name: str, blocks: Mapping[str, Block], blueprint: Blueprint, catalogue: Catalogue) -> Mapping[str, str]:
    wires: dict[str, str] = {}
    for keyword, need in blocks[name].needs.items():
        fulfilling = [other for other, block in blocks.items() if block.cls.extends(need.contract)]
        # Of two that fulfil a contract, the one whose own capability it is comes first.
        capability = need.contract.module.name.rpartition(".")[2]
        found = [capability] if capability in fulfilling else fulfilling
        where = blueprint.where("components", name)
        if len(found) > 1:
            raise ScaffoldError(
                f"'{name}' needs one {need.contract.name}, and {' and '.join(found)} both are one",
                where="; ".join([where, *(blueprint.where("components", other) for other in found)]),
                then="leave one of them out with 'without'",
            )
        if not found:
            if need.optional:
                continue
            could = catalogue.fulfilling(need.contract)
            then = f"add '{' or '.join(could)}' to 'components', or leave '{name}' out with 'without'"
            asked = [other for other, place in blueprint.left_out.items() if place.startswith("--without ")]
            if {*asked} & {*could}:
                then = f"leave out all that builds on it, too: --without {','.join([*asked, *_stranded(blocks)])}"
            raise ScaffoldError(
                f"'{name}' needs a {need.contract.name}, and the blueprint has none",
                where="; ".join(
                    [where, *(blueprint.left_out[other] for other in could if other in blueprint.left_out)]
                ),
                then=then,
            )
        if blocks[found[0]].in_cluster and not blocks[name].in_cluster:
            if need.optional:
                continue
            raise ScaffoldError(
                f"'{name}' is made before the cluster, and needs '{found[0]}', which runs inside it",
                where=where,
                then=f"choose a variant of '{name}' that runs inside the cluster, or one of '{found[0]}' that does not",
            )
        wires[keyword] = found[0]
    return wires


def _stranded(blocks: Mapping[str, Block]) -> Sequence[str]:
    """The components that lack what they need, or need one that does."""
    left, lost = dict(blocks), list[str]()
    while gone := [name for name, block in left.items() if not _has_all(block, left)]:
        lost += gone
        left = {name: block for name, block in left.items() if name not in gone}
    return lost


def _has_all(block: Block, among: Mapping[str, Block]) -> bool:
    return all(
        need.optional or any(other.cls.extends(need.contract) for other in among.values())
        for need in block.needs.values()
    )


def _changes(
    blueprint: Blueprint, name: str, block: Block, given: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    changes: dict[str, Mapping[str, Any]] = {}
    for environment, settings in blueprint.environments.items():
        if changed := settings.get(name):
            checked = _check({**given, **changed}, block, name, blueprint, ("environments", environment, name))
            changes[environment] = {key: checked[key] for key in changed}
    return changes


def _check(
    given: Mapping[str, Any], block: Block, name: str, blueprint: Blueprint, place: tuple[str, ...]
) -> Mapping[str, Any]:
    """Holds settings against the block's own.

    Returns:
        Those that were given, as the block reads them: a number where it wants one.

    Raises:
        ScaffoldError: the first that is unknown or not allowed.
    """
    try:
        checked = block.model.model_validate(given).model_dump(mode="json")
        return {key: checked[key] for key in given}
    except ValidationError as error:
        problem = error.errors()[0]
        loc = [str(part) for part in problem["loc"]]
        where = blueprint.where(*place, *loc)
        if problem["type"] == "extra_forbidden":
            raise unknown(f"setting of '{name}'", loc[-1], block.model.model_fields, where) from None
        what = f"{name}.{'.'.join(loc)} cannot be {problem['input']!r:.60}"
        if problem["type"] == "missing":
            what = f"{name}.{loc[-1]} must be set"
        raise ScaffoldError(what, where=where, allowed=_allowed(problem)) from None


WORDS = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a map, {key: value}",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list, [a, b]",
    "sequence_str": "a list, [a, b]",
    "is_instance_of": "a list, [a, b]",
    "string_type": "a text",
    "tuple_type": "a list, [a, b]",
}
"""What each kind of error of pydantic's asks for, in our words; of the others its own words do."""


def _allowed(problem: ErrorDetails) -> str | None:
    if problem["type"] == "missing":
        return None
    own = problem["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    own = own.replace("String should match pattern", "a text that matches")
    return WORDS.get(problem["type"], own)
