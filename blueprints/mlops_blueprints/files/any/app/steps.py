"""The loop, one function a step: a command, a schedule and a test call the same ones, each with its own registry.

Each step moves one alias: ``train`` the candidate, ``evaluate`` the challenger, ``promote`` the champion.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from app import data, model
from app.drift import Report, compare, reference
from app.measurements import Measurements
from app.model import Metrics
from app.registry import CANDIDATE, CHALLENGER, CHAMPION, Candidate, Registry, number_of
from app.reports import Reports

log = logging.getLogger(__name__)


class NoSkillError(Exception):
    """A model is no better than one that knows nothing of any one row."""


@dataclass(frozen=True)
class Verdict:
    """What the gate decided, and by which numbers."""

    code: str
    """Whose versions they are: only this code follows what was decided."""
    challenger: str
    champion: str | None
    """The version with which this code answered requests until now; None if it had none."""
    skill: float
    """The challenger's."""
    to_beat: float
    promoted: bool


def train(registry: Registry, rows: int, seed: int) -> str:
    """Trains a model on today's table, keeps it, and makes it the candidate; gives its version's number.

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
    registry.point(CANDIDATE, number)
    log.info("trained", extra={"fields": {"code": registry.code, "version": number, **candidate.metrics}})
    return number


def evaluate(registry: Registry, rows: int, seed: int) -> Metrics:
    """Measures the candidate on the held-out part of today's table, and makes it the challenger.

    From then on it may be asked: a share of the requests can go to the challenger. So it is measured as it comes back
    from the registry, and not as it left the training.

    Raises:
        app.registry.NoVersionError: there is no candidate.
        NoSkillError: it is no better than the baseline, and the challenger stays who it was.
    """
    candidate = number_of(registry, CANDIDATE)
    metrics = _measured(registry, candidate, data.load(rows, seed)[1])
    if metrics["skill"] <= 0:
        raise NoSkillError(
            f"version {candidate} of '{registry.name}' knows no more than how many leave (skill {metrics['skill']:.3f})"
            ": the challenger stays who it was; look at the table, and at what is new in app/data.py and app/model.py"
        )
    registry.point(CHALLENGER, candidate)
    log.info("evaluated", extra={"fields": {"code": registry.code, "version": candidate, **metrics}})
    return metrics


def promote(registry: Registry, rows: int, seed: int, margin: float) -> Verdict:
    """Makes the challenger the champion if it beats it, on the same held-out rows, by a margin of skill.

    Where this code has no champion yet, the bar is the skill that was recorded with the last one of other code, less
    the margin; that model is never asked, for to it a row may mean something else. Where there is none either, it is
    the baseline. A challenger that is the champion already beats nobody, so a second run changes nothing. If somebody
    else promotes while it measures, it measures against that one: a pipeline and a release may be at it at once.

    Raises:
        app.registry.NoVersionError: there is no challenger.
    """
    challenger, champion = number_of(registry, CHALLENGER), registry.current(CHAMPION)
    _, held_out = data.load(rows, seed)
    skill = _measured(registry, challenger, held_out)["skill"]
    bar = _bar(registry, champion, held_out, margin)
    while skill >= bar and (now := registry.current(CHAMPION)) != champion:
        champion, bar = now, _bar(registry, now, held_out, margin)
    verdict = Verdict(registry.code, challenger, champion, skill, bar, promoted=skill >= bar)
    if verdict.promoted:
        registry.point(CHAMPION, challenger)
    log.info("promoted" if verdict.promoted else "not promoted", extra={"fields": vars(verdict)})
    return verdict


def restore(registry: Registry, version: str) -> str | None:
    """Makes a version of this code the champion, whatever its skill; gives the number of the one that was.

    It is loaded first, for what cannot be read cannot answer either.

    Raises:
        app.registry.OtherCodeError: another code made it, so it comes back with its image, and with nothing else.
        app.registry.ChangedError: its file is not the one that was registered.
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
    champion = number_of(registry, CHAMPION)
    trained, measured = registry.reference(champion), measurements.traffic(registry.name, champion, hours)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    comparisons = compare(trained, measured, enough)
    report = Report(registry.name, champion, made, hours, threshold, enough, comparisons)
    place = reports.keep(report)
    measurements.publish(report)
    scores = {each.column: each.score for each in comparisons}
    log.info("compared", extra={"fields": {"version": champion, "report": place, **scores}})
    return report


def _bar(registry: Registry, champion: str | None, held_out: pd.DataFrame, margin: float) -> float:
    """The skill that takes the champion's place."""
    if champion:
        return model.to_beat(_measured(registry, champion, held_out), None, margin)
    return model.to_beat(None, registry.predecessor(), margin)


def _measured(registry: Registry, number: str, held_out: pd.DataFrame) -> Metrics:
    return model.evaluate(registry.load(number).pipeline, held_out)
