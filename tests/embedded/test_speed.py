"""What stands in the place of the SDK's own functions means the same as they do."""

from __future__ import annotations

from pulumi.runtime import resource

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
