"""What the SDK does for an engine in another process, done for one in the same.

A program of 200 resources spends a third of its time in these (docs/adr/0004). Each stands in the place of
a function of the SDK that has the same meaning, and only where the installed SDK has such a function.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pulumi.runtime import resource, settings, stack
from pulumi.runtime.proto import source_pb2

CONSTRUCTORS = 3
"""Of ``Resource``, of its kind (``CustomResource``), and of the resource's own class: none is where it was made."""

THREADS = 4
"""The language host has 64, which wait for its engine."""


class Inline(ThreadPoolExecutor):
    """Runs the SDK's requests at once: their answer takes less time than to wake a thread.

    A transform runs on the program's event loop, so a request that may call one leaves the loop free, in a thread; so
    does whatever else the program sends there.

    Args:
        calls_back: whether a request may do so.
    """

    def __init__(self, calls_back: Callable[[], bool]) -> None:
        super().__init__(THREADS)
        self._calls_back = calls_back

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done already, for a request of the SDK."""
        is_request = (getattr(fn, "__module__", None) or "").startswith("pulumi.runtime")
        if not is_request or settings.SETTINGS.callbacks or self._calls_back():
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # whoever waits for the future gets it
            future.set_exception(error)
        return future


def quicken() -> None:
    """Puts what is here in its place."""
    resource._get_stack_trace = stack_trace
    stack.wait_for_rpcs = wait_for_rpcs


def stack_trace() -> source_pb2.StackTrace:
    """The frames of whoever makes a resource, the innermost first; the SDK's own reads each line's text as well."""
    frames = list(_frames(sys._getframe(1)))
    constructors = [index for index, frame in enumerate(frames) if frame.f_code.co_name == "__init__"]
    if len(constructors) < CONSTRUCTORS:
        return source_pb2.StackTrace()
    made = frames[constructors[CONSTRUCTORS - 1] + 1 :]
    return source_pb2.StackTrace(frames=[_frame(frame.f_code, frame.f_lineno) for frame in made])


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


@functools.cache
def _frame(code: CodeType, line: int) -> source_pb2.StackFrame:
    path = Path(code.co_filename)
    if not path.is_absolute():  # ``<frozen runpy>``
        return source_pb2.StackFrame()
    return source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=path.as_uri(), line=line))


async def wait_for_rpcs(await_all_outstanding_tasks: bool = True) -> None:
    """Waits until all requests and outputs are done, or raises what the first of them raises.

    The SDK's own looks at every output each time that one of them is done.
    """
    requests = stack._get_rpc_manager()
    while True:
        while requests.rpcs:
            await asyncio.sleep(0)
            try:
                await requests.rpcs.pop()
            except Exception as error:
                if requests.unhandled_exception is not None:
                    raise error from requests.unhandled_exception.with_traceback(requests.exception_traceback)
                raise
        if requests.unhandled_exception is not None:
            raise requests.unhandled_exception.with_traceback(requests.exception_traceback)
        pending: Any = settings.SETTINGS.outputs
        while await_all_outstanding_tasks and pending:
            outputs = list(pending)
            pending.clear()
            done, others = await asyncio.wait(outputs, return_when=asyncio.FIRST_EXCEPTION)
            for output in done:
                await output
            pending.update(others)
        if not requests.rpcs:
            return
