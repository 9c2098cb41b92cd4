"""Why a program failed, in the words and lines of the program."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import PurePath
from typing import TypedDict

from pulumi.runtime.proto import source_pb2

from .registration import is_own, source_of


class Failure(TypedDict):
    """An exception as an answer tells it."""

    type: str
    message: str
    frames: list[str]
    """The program's own frames, outermost first: ``cluster/__main__.py:12 in <module>: code``."""
    source: str | None
    """The innermost of them: ``cluster/__main__.py:12``."""


def describe(error: BaseException, root: str) -> Failure:
    """The exception that the program itself caused.

    The SDK raises what follows from the first failure, with the first as its cause; the outer one (``'NoneType' object
    has no attribute ...``) explains nothing. The deepest that has frames of the program counts.
    """
    chain = list(_chain(error))
    for cause in reversed(chain):
        if isinstance(cause, SyntaxError) and cause.filename:
            place = f"{_relative(cause.filename, root)}:{cause.lineno}"
            return Failure(
                type="SyntaxError", message=cause.msg, frames=[f"{place}: {cause.text or ''}".rstrip()], source=place
            )
        if own := [frame for frame in traceback.extract_tb(cause.__traceback__) if is_own(frame.filename, root)]:
            places = [f"{_relative(frame.filename, root)}:{frame.lineno}" for frame in own]
            return Failure(
                type=type(cause).__name__,
                message=_message(cause, root),
                frames=[f"{place} in {frame.name}: {frame.line}" for place, frame in zip(places, own, strict=True)],
                source=places[-1],
            )
    root_cause = chain[-1]
    source = next(filter(None, (_registration(cause, root) for cause in reversed(chain))), None)
    return Failure(type=type(root_cause).__name__, message=_message(root_cause, root), frames=[], source=source)


def _registration(error: BaseException, root: str) -> str | None:
    """Where the program made the resource that the SDK was about to register.

    Its own frames are gone by then, but the SDK keeps their trace in the variable ``stack_trace``.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        trace = frame.f_locals.get("stack_trace")
        if isinstance(trace, source_pb2.StackTrace) and (source := source_of(trace, root)):
            return source
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, then what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _message(error: BaseException, root: str) -> str:
    if isinstance(error, SystemExit):
        return f"the program ended itself with exit status {error.code!r}"
    return str(error).replace(f"{root}/", "")


def _relative(path: str, root: str) -> str:
    return str(PurePath(path).relative_to(root)) if PurePath(path).is_relative_to(root) else path
