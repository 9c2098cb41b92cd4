"""The loop, one function a step: a command, a schedule and a test call the same ones, each with its own registry."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from app import data, model
from app.drift import Report, compare, reference
from app.measurements import Measurements
from app.model import Metrics
from app.registry import CHALLENGER, CHAMPION, Candidate, NoVersionError, Registry
from app.reports import Reports

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What the gate decided, and by which numbers."""

    challenger: str
    champion: str | None
    """The version that answered requests until now."""
    skill: float
    """The challenger's."""
    to_beat: float
    promoted: bool


def train(registry: Registry, rows: int, seed: int) -> str:
    """Trains a model on today's table, keeps it, and makes it the challenger; gives its version's number.

    Raises:
        app.data.UnfitError: the table cannot be used.
    """
    training, held_out = data.load(rows, seed)
    pipeline = model.train(training)
    candidate = Candidate(
        pipeline=pipeline,
        parameters={**model.PARAMETERS, "rows": rows, "seed": seed},
        metrics=model.evaluate(pipeline, held_out),
        example=training[list(data.FEATURES)].head(5),
        reference=reference(pipeline, held_out),
    )
    number = registry.record(candidate)
    registry.point(CHALLENGER, number)
    log.info("trained", extra={"fields": {"version": number, **candidate.metrics}})
    return number


def evaluate(registry: Registry, alias: str, rows: int, seed: int) -> Metrics:
    """How good the version behind an alias is on the held-out part of today's table.

    Raises:
        app.registry.NoVersionError: the alias points to nothing.
    """
    return _measured(registry, _number(registry, alias), data.load(rows, seed)[1])


def promote(registry: Registry, rows: int, seed: int, margin: float) -> Verdict:
    """Makes the challenger the champion if it beats it, on the same held-out rows, by a margin of skill.

    Where there is no champion yet, the baseline stands in its place. A challenger that is the champion already beats
    nobody, so a second run changes nothing. If somebody else promotes while it measures, it measures against that one:
    a pipeline and a release may be at it at the same time.

    Raises:
        app.registry.NoVersionError: there is no challenger.
    """
    challenger, champion = _number(registry, CHALLENGER), registry.current(CHAMPION)
    _, held_out = data.load(rows, seed)
    skill = _measured(registry, challenger, held_out)["skill"]
    bar = _bar(registry, champion, held_out, margin)
    while skill >= bar and (now := registry.current(CHAMPION)) != champion:
        champion, bar = now, _bar(registry, now, held_out, margin)
    verdict = Verdict(challenger, champion, skill, bar, promoted=skill >= bar)
    if verdict.promoted:
        registry.point(CHAMPION, challenger)
    log.info("promoted" if verdict.promoted else "not promoted", extra={"fields": vars(verdict)})
    return verdict


def restore(registry: Registry, version: str) -> str | None:
    """Makes an earlier version the champion again, whatever its skill; gives the number of the one that was.

    It is loaded first, for what cannot be read cannot answer either.
    """
    before = registry.current(CHAMPION)
    registry.load(version)
    registry.point(CHAMPION, version)
    log.info("restored", extra={"fields": {"champion": version, "before": before}})
    return before


def drift(
    registry: Registry, measurements: Measurements, reports: Reports, hours: int, threshold: float, enough: int
) -> Report:
    """Compares what was asked and answered lately with what the champion was trained on; keeps and publishes that.

    Raises:
        app.registry.NoVersionError: there is no champion.
        app.registry.NoReferenceError: the champion does not say what it was trained on.
    """
    champion = _number(registry, CHAMPION)
    trained, measured = registry.reference(champion), measurements.traffic(registry.name, champion, hours)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    comparisons = compare(trained, measured, enough)
    report = Report(registry.name, champion, made, hours, threshold, enough, comparisons)
    place = reports.keep(report)
    measurements.publish(report)
    scores = {each.column: each.score for each in comparisons}
    log.info("compared", extra={"fields": {"version": champion, "report": place, **scores}})
    return report


def _number(registry: Registry, alias: str) -> str:
    if (number := registry.current(alias)) is None:
        raise NoVersionError(f"no version of '{registry.name}' is its {alias}: train one first")
    return number


def _bar(registry: Registry, champion: str | None, held_out: pd.DataFrame, margin: float) -> float:
    """The skill that takes the champion's place."""
    return model.to_beat(_measured(registry, champion, held_out) if champion else None, margin)


def _measured(registry: Registry, number: str, held_out: pd.DataFrame) -> Metrics:
    return model.evaluate(registry.load(number).pipeline, held_out)
