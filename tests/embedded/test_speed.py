"""What stands in the place of the SDK's own functions means the same as they do."""

from __future__ import annotations

import collections
from types import SimpleNamespace

import pytest
from pulumi.runtime import resource, stack

from mlops_scaffold.embedded import speed

THEIRS = resource._get_stack_trace


class Resource:
    """As deep as a resource of an SDK: the trace begins where the outermost of three constructors was called."""

    def __init__(self) -> None:
        self.traces = THEIRS(), speed.stack_trace()


class CustomResource(Resource):
    def __init__(self) -> None:
        super().__init__()


class Bucket(CustomResource):
    def __init__(self) -> None:
        super().__init__()


def test_a_trace_is_the_one_that_the_sdk_takes() -> None:
    theirs, ours = Bucket().traces

    assert ours == theirs
    assert ours.frames[0].pc.uri.endswith("test_speed.py")


def test_without_a_resource_there_is_no_trace() -> None:
    theirs, ours = CustomResource().traces

    assert ours == theirs
    assert not ours.frames


@pytest.mark.parametrize(("outputs", "replaced"), [(set(), True), (collections.deque(), False)])
def test_an_sdk_that_waits_in_another_way_keeps_its_own(
    outputs: object, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of 3.231 does, which is the oldest that is allowed."""
    theirs = stack.wait_for_rpcs
    monkeypatch.setattr(stack, "wait_for_rpcs", theirs)
    monkeypatch.setattr(resource, "_get_stack_trace", THEIRS)
    monkeypatch.setattr(speed.settings, "SETTINGS", SimpleNamespace(outputs=outputs))

    speed.quicken()

    assert (stack.wait_for_rpcs is not theirs) == replaced
