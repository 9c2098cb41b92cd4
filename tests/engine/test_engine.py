"""The embedded plan is the engine's plan, and what the engine makes of it is stable and protected.

The providers are ours (``provider.py``), so this proves the engine's part of a plan, not the cloud's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest

from .comparison import Allowed, Difference, Pass, Resources, differences
from .conftest import ENVIRONMENTS, BroughtUp, Platform
from .real import PROGRAMS, EngineError

pytestmark = pytest.mark.xdist_group("engine")

ALLOWED = Allowed.read()
PASSES: Sequence[Pass] = ("preview", "up")

HOLDS_DATA = {
    "aws:ecr/repository:Repository",
    "aws:eks/cluster:Cluster",
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
}
"""What cannot be had back once it is gone."""


def found(it: BroughtUp, when: Pass) -> Sequence[Difference]:
    """The differences between our plan and the engine's."""
    return list(differences(when, it.ours[when], it.engines[when]))


def unexpected(found: Iterable[Difference]) -> Sequence[Difference]:
    """Those that nothing allows."""
    return [difference for difference in found if not any(allowed.covers(difference) for allowed in ALLOWED)]


@pytest.mark.parametrize("when", PASSES)
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_our_plan_is_the_engines(platform: Platform, environment: str, program: str, when: Pass) -> None:
    """Before anything exists, and, with placeholders in the cloud's place, once everything does."""
    left = unexpected(found(platform[environment][program], when))
    assert not left, "\n".join(map(str, left))


@pytest.mark.parametrize("when", PASSES)
def test_every_option_means_to_us_what_it_means_to_the_engine(options: BroughtUp, when: Pass) -> None:
    """A platform uses few options; the program in ``options/`` uses all that a block may use."""
    left = unexpected(found(options, when))
    assert not left, "\n".join(map(str, left))


def test_every_allowed_difference_occurs(platform: Platform, options: BroughtUp) -> None:
    """A reason for nothing would hide the next difference."""
    runs = [*(it for programs in platform.values() for it in programs.values()), options]
    seen = [difference for it in runs for when in PASSES for difference in found(it, when)]
    unused = [allowed for allowed in ALLOWED if not any(map(allowed.covers, seen))]
    assert not unused


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_second_preview_changes_nothing(platform: Platform, environment: str, program: str) -> None:
    """A program that has been brought up stays as it is."""
    assert platform[environment][program].again.changes.keys() == {"same"}


def test_the_executor_finds_the_blocks_of_the_repository(platform: Platform) -> None:
    """Pulumi's own executor gives a program the path of its folder alone; the blocks come from the ``.venv``."""
    for program, blocks in zip(PROGRAMS, ("project:///mlops_stacks/", "project:///../mlops_stacks/"), strict=True):
        resources = platform["dev"][program].engines["preview"].values()
        components = [it for it in resources if it["type"].startswith("mlops:")]
        assert components
        for component in components:
            assert component["sourcePosition"].startswith(blocks)
            places = [frame.get("sourcePosition", "") for frame in component["stackTrace"]]
            assert any("/pulumi-language-python-exec#" in place for place in places)


def test_what_holds_data_refuses_to_be_destroyed_in_prod(platform: Platform) -> None:
    """The engine keeps each such resource protected, and refuses before it deletes anything.

    It names those that stood in the way; to what these depend on it does not come.
    """
    cloud = platform["prod"][""]
    existing = cloud.engines["up"]
    holders = {urn for urn, resource in existing.items() if resource["type"] in HOLDS_DATA}
    assert {existing[urn]["type"] for urn in holders} == HOLDS_DATA
    assert {urn for urn, resource in existing.items() if resource.get("protect")} == holders

    with pytest.raises(EngineError) as refusal:
        cloud.stack.destroy()
    refused = {urn for urn in existing if f'resource "{urn}" cannot be deleted' in str(refusal.value)}
    assert refused <= holders <= set(needed(refused, existing))
    assert cloud.stack.state().keys() == existing.keys()


def needed(urns: Iterable[str], resources: Resources) -> Iterator[str]:
    """The resources, and all that they depend on."""
    for urn in urns:
        yield urn
        yield from needed(resources[urn].get("dependencies", ()), resources)


# The comparison itself: what it must not miss.


def drop_protect(resource: dict[str, Any]) -> bool:
    """Forgets that the resource is protected."""
    return resource.pop("protect", False)


def drop_dependency(resource: dict[str, Any]) -> bool:
    """Forgets one of the resources that this one depends on."""
    return bool(resource["dependencies"]) and bool(resource["dependencies"].pop())


def drop_property_dependency(resource: dict[str, Any]) -> bool:
    """Forgets what one property depends on."""
    return any(urns and urns.pop() for urns in resource["propertyDependencies"].values())


def drop_input(resource: dict[str, Any]) -> bool:
    """Forgets one input."""
    return bool(resource["inputs"]) and bool(resource["inputs"].popitem())


def reveal_secret(resource: dict[str, Any]) -> bool:
    """Shows one secret."""
    inputs = resource["inputs"]
    secrets = [name for name, value in inputs.items() if value == {"$secret": True}]
    inputs.update(dict.fromkeys(secrets[:1], "in clear"))
    return bool(secrets)


def make_up(resource: dict[str, Any]) -> bool:
    """Takes one unknown input for known."""
    inputs = resource["inputs"]
    unknown = [name for name, value in inputs.items() if value == {"$unknown": True}]
    inputs.update(dict.fromkeys(unknown[:1], "made up"))
    return bool(unknown)


@pytest.mark.parametrize(
    "mutate", [drop_protect, drop_dependency, drop_property_dependency, drop_input, reveal_secret, make_up]
)
def test_the_comparison_notices(platform: Platform, mutate: Callable[[dict[str, Any]], bool]) -> None:
    """A mistake in any one resource of our plan is reported, and as a mistake of that resource."""
    mutated = 0
    for it in platform["prod"].values():
        ours, engines = it.ours["preview"], it.engines["preview"]
        for urn in ours.keys() & engines.keys():
            resource = deepcopy(dict(ours[urn]))
            if mutate(resource):
                mutated += 1
                assert unexpected(differences("preview", {urn: resource}, {urn: engines[urn]})), resource
    assert mutated
