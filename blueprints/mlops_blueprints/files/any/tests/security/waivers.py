"""What is let pass, and why: ``checkov:skip=<check>: <reason>`` in a comment beside the object.

For a resource it stands in the lines right above the call that makes it, or above a call that leads there, and may name
several checks, and a setting of its component that it is not for: ``checkov:skip=CKV_A_1 unless standby: <reason>``.
In a file that checkov reads by itself, such as a Dockerfile, it stands anywhere, and has checkov's own form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MARK = "checkov:skip="
NAME = re.compile(r"[\w-]+")
NAMES = rf"{NAME.pattern}(?:, ?{NAME.pattern})*"
WAIVER = re.compile(rf"{MARK}({NAMES})(?: unless (\w+))?: *(.+?)(?= *{MARK}|$)")
COMMENT = re.compile(r"^\s*#\s?(.*)$")


@dataclass(frozen=True, order=True)
class Waiver:
    """One check that is not asked for in one place."""

    place: str
    """``file:line`` of the call, or the file."""
    check: str
    """Its id."""
    reason: str


def of_calls(calls: Iterable[str], settings: Mapping[str, Any]) -> Iterator[Waiver]:
    """The waivers that stand right above some calls, each ``file:line``, and hold with the settings of a component."""
    for call in calls:
        file, _, line = call.rpartition(":")
        above: list[str] = []
        for text in reversed(_lines(file)[: int(line) - 1]):
            comment = COMMENT.match(text)
            if not comment:
                break
            above.insert(0, comment[1])
        yield from _read(call, " ".join(above), settings)


def of_file(file: str) -> Iterator[Waiver]:
    """The waivers in a file; each is one line."""
    for text in _lines(file):
        if comment := COMMENT.match(text):
            yield from _read(file, comment[1], {})


def _read(place: str, comment: str, settings: Mapping[str, Any]) -> Iterator[Waiver]:
    for checks, unless, reason in WAIVER.findall(comment):
        if not settings.get(unless):
            for check in NAME.findall(checks):
                yield Waiver(place, check, reason)


@cache
def _lines(file: str) -> list[str]:
    return (ROOT / file).read_text().splitlines()
