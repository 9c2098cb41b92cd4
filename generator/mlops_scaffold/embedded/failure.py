"""Why a program failed, in the words and lines of the program."""

from __future__ import annotations

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from pathlib import PurePath
from types import TracebackType
from typing import Any, TypedDict

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


class Tracebacks:
    """Remembers where exceptions came from.

    An exception passes from task to task on its way out of the SDK, and asyncio's futures forget its traceback once
    they have handed it on (``future_get_result`` in CPython's ``_asynciomodule.c``): at the end the frames of the
    program may or may not be in it.
    """

    def __init__(self) -> None:
        self._seen: dict[int, list[TracebackType]] = defaultdict(list)
        self._errors: list[BaseException] = []
        """Kept, so that no other exception gets the same id."""

    def task(self, loop: asyncio.AbstractEventLoop, work: Any, /, **options: Any) -> asyncio.Task[Any]:
        """A task factory for an event loop."""
        return asyncio.Task(self._watch(work), loop=loop, **options)

    def of(self, error: BaseException) -> list[TracebackType]:
        """All the ways that the exception took, the one nearest to its origin first."""
        return [*self._seen[id(error)], *filter(None, [error.__traceback__])]

    async def _watch(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await work
        except BaseException as error:
            self._errors.append(error)
            self._seen[id(error)].extend(filter(None, [error.__traceback__]))
            raise


def describe(error: BaseException, root: str, tracebacks: Tracebacks) -> Failure:
    """The exception that the program itself caused.

    The SDK raises what follows from the first failure, with the first as its cause; the outer one (``'NoneType' object
    has no attribute ...``) explains nothing. The deepest that has frames of the program counts.
    """
    chain = list(_chain(error))
    for cause in reversed(chain):
        if isinstance(cause, SyntaxError) and cause.filename:
            place = f"{_relative(cause.filename, root)}:{cause.lineno}"
            frames = [f"{place}: {cause.text or ''}".rstrip()]
            return Failure(type="SyntaxError", message=cause.msg, frames=frames, source=place)
        own = _own_frames(tracebacks.of(cause), root)
        if own:
            places = [f"{_relative(frame.filename, root)}:{frame.lineno}" for frame in own]
            return Failure(
                type=type(cause).__name__,
                message=_message(cause, root),
                frames=[f"{place} in {frame.name}: {frame.line}" for place, frame in zip(places, own, strict=True)],
                source=places[-1],
            )
    return _while_registering(chain, root, tracebacks)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, then what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _own_frames(ways: list[TracebackType], root: str) -> list[traceback.FrameSummary]:
    """The frames of the program in the first traceback that has any."""
    of_each = ([frame for frame in traceback.extract_tb(way) if is_own(frame.filename, root)] for way in ways)
    return next(filter(None, of_each), [])


def _while_registering(chain: list[BaseException], root: str, tracebacks: Tracebacks) -> Failure:
    """An exception of the SDK's own, with the resource that it was about to register, and where that was made.

    The program's frames are gone by then, but the SDK keeps their trace in the variable ``stack_trace``.
    """
    kind, message = type(chain[-1]).__name__, _message(chain[-1], root)
    ways = [way for error in reversed(chain) for way in tracebacks.of(error)]
    for frame, _ in (step for way in ways for step in traceback.walk_tb(way)):
        known = frame.f_locals
        if isinstance(known.get("stack_trace"), source_pb2.StackTrace):
            message = f"{known['ty']} '{known['name']}': {message}"
            return Failure(type=kind, message=message, frames=[], source=source_of(known["stack_trace"], root))
    return Failure(type=kind, message=message, frames=[], source=None)


def _message(error: BaseException, root: str) -> str:
    if isinstance(error, SystemExit):
        return f"the program ended itself with exit status {error.code!r}"
    return str(error).replace(f"{root}/", "")


def _relative(path: str, root: str) -> str:
    return str(PurePath(path).relative_to(root)) if PurePath(path).is_relative_to(root) else path
