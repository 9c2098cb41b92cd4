"""What is let pass, and why: ``checkov:skip=<check>: <reason>`` in a comment beside the object.

For a resource it stands in the lines right above the call that makes it, or above a call that leads there, and may name
several checks, and the environments that alone it is for: ``checkov:skip=CKV_A_1, CKV_A_2 in dev, staging: <reason>``.
In a file that checkov reads by itself, such as a Dockerfile, it stands anywhere, and has checkov's own form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARK = "checkov:skip="
NAMES = r"\w+(?:, ?\w+)*"
WAIVER = re.compile(rf"{MARK}({NAMES})(?: in ({NAMES}))?: *(.+?)(?= *{MARK}|$)")
COMMENT = re.compile(r"^\s*#\s?(.*)$")


@dataclass(frozen=True, order=True)
class Waiver:
    """One check that is not asked for in one place."""

    place: str
    """``file:line`` of the call, or the file."""
    check: str
    """Its id."""
    environments: tuple[str, ...]
    """Where it holds; everywhere if none is named."""
    reason: str

    def covers(self, check: str, environment: str) -> bool:
        """Whether it lets this check pass there."""
        return check == self.check and environment in (self.environments or (environment,))


def of_calls(calls: Iterable[str]) -> Iterator[Waiver]:
    """The waivers right above some calls, each ``file:line``."""
    for call in calls:
        file, _, line = call.rpartition(":")
        above: list[str] = []
        for text in reversed(_lines(file)[: int(line) - 1]):
            comment = COMMENT.match(text)
            if not comment:
                break
            above.insert(0, comment[1])
        yield from _read(call, above)


def of_file(file: str) -> Iterator[Waiver]:
    """The waivers in a file; each is one line."""
    for text in _lines(file):
        if comment := COMMENT.match(text):
            yield from _read(file, [comment[1]])


def _read(place: str, comment: Iterable[str]) -> Iterator[Waiver]:
    for checks, environments, reason in WAIVER.findall(" ".join(comment)):
        for check in re.findall(r"\w+", checks):
            yield Waiver(place, check, tuple(re.findall(r"\w+", environments)), reason)


@cache
def _lines(file: str) -> list[str]:
    return (ROOT / file).read_text().splitlines()
