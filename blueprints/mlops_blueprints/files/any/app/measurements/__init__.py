"""What was measured of the predictor: what the app asks and tells, in its own words. Each tool has a module here."""

from __future__ import annotations

from typing import Protocol

from app.drift import Distributions, Report


class Measurements(Protocol):
    """Where the predictor's metrics are, and where the scores go."""

    def traffic(self, name: str, version: str, hours: int) -> Distributions:
        """What a model was asked, whichever version answered, and what one version answered, in the hours until now.

        A column of which nothing is known is missing.
        """
        ...

    def publish(self, report: Report) -> None:
        """Shows a report's scores, in the place of those that the last one of the same model had."""
        ...
