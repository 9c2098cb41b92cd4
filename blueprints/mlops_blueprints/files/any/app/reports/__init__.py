"""Where reports are kept: what the app needs of it, in its own words. Each tool has a module here."""

from __future__ import annotations

from typing import Protocol

from app.drift import Report


class Reports(Protocol):
    """A place for reports."""

    def keep(self, report: Report) -> str:
        """Keeps a report, for people and for programs to read, and says where."""
        ...
