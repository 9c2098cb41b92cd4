"""A registry, measurements and reports in memory."""

from __future__ import annotations

from app.drift import Distributions, Report
from app.registry import Candidate, Version


class Shelf:
    """Keeps models in a list; ``broken`` makes it fail."""

    def __init__(self) -> None:
        self.name = "churn"
        self.kept: list[Candidate] = []
        self.aliases: dict[str, str] = {}
        self.broken = False

    def record(self, candidate: Candidate) -> str:
        self.kept.append(candidate)
        return str(len(self.kept))

    def current(self, alias: str) -> str | None:
        if self.broken:
            raise ConnectionError("nobody answers")
        return self.aliases.get(alias)

    def point(self, alias: str, number: str) -> None:
        self.aliases[alias] = number

    def load(self, number: str) -> Version:
        candidate = self.kept[int(number) - 1]
        return Version(number, candidate.pipeline, [str(column) for column in candidate.example])

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
