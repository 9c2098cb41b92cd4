"""A registry in memory."""

from __future__ import annotations

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
