"""A registry, measurements and reports in memory."""

from __future__ import annotations

from app.drift import Distributions, Report
from app.model import Metrics
from app.registry import CANDIDATE, CHAMPION, Candidate, OtherCodeError, Version

MADE = 1_800_000_000.0
"""When the first version was made; each one after it a second later."""


class Shelf:
    """Keeps models in a list; ``broken`` makes it fail. ``of`` gives the same shelf as other code sees it."""

    def __init__(self, code: str = "0123456789ab") -> None:
        self.name = "churn"
        self.code = code
        self.kept: list[Candidate] = []
        self.codes: list[str] = []
        self.aliases: dict[str, str] = {}
        """Those of this code."""
        self.promoted: list[str] = []
        """The champions of every code, one after the other."""
        self.broken = False

    def of(self, code: str) -> Shelf:
        other = Shelf(code)
        other.kept, other.codes, other.promoted = self.kept, self.codes, self.promoted
        return other

    def record(self, candidate: Candidate) -> str:
        self.kept.append(candidate)
        self.codes.append(self.code)
        return str(len(self.kept))

    def current(self, alias: str) -> str | None:
        if self.broken:
            raise ConnectionError("nobody answers")
        return self.aliases.get(alias)

    def point(self, alias: str, number: str) -> None:
        self.aliases[alias] = number
        if alias == CHAMPION:
            self.promoted.append(number)

    def load(self, number: str) -> Version:
        candidate, code = self.kept[int(number) - 1], self.codes[int(number) - 1]
        if code != self.code:
            raise OtherCodeError(f"made by {code}")
        return Version(number, candidate.pipeline, MADE + int(number) - 1)

    def trained(self) -> float | None:
        return MADE + int(self.aliases[CANDIDATE]) - 1 if CANDIDATE in self.aliases else None

    def predecessor(self) -> Metrics | None:
        return self.kept[int(self.promoted[-1]) - 1].metrics if self.promoted else None

    def reference(self, number: str) -> Distributions:
        return self.kept[int(number) - 1].reference


class Traffic:
    """Measurements that are what they are."""

    def __init__(self, measured: Distributions) -> None:
        self.measured = measured
        self.asked: tuple[str, str, int] | None = None
        self.published: list[Report] = []

    def traffic(self, name: str, version: str, hours: int) -> Distributions:
        self.asked = (name, version, hours)
        return self.measured

    def publish(self, report: Report) -> None:
        self.published.append(report)


class Folder:
    """Keeps reports in a list."""

    def __init__(self) -> None:
        self.kept: list[Report] = []

    def keep(self, report: Report) -> str:
        self.kept.append(report)
        return f"folder/{len(self.kept)}"
