"""The predictor: asks the champion, and follows it when another version becomes that."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event

from pydantic import BaseModel

from app.data import Customer
from app.metrics import Metrics
from app.model import asked, probabilities
from app.registry import NoVersionError, Registry, Version, number_of

log = logging.getLogger(__name__)


class Answer(BaseModel):
    """What a version says of some customers."""

    model: str
    version: str
    probabilities: list[float]
    """How likely each is to leave, in their order."""


class Predictor:
    """The version in use."""

    def __init__(self, registry: Registry, alias: str) -> None:
        self.registry = registry
        self.alias = alias
        self.metrics = Metrics(registry.name)
        self.version: Version | None = None
        self.missing = "no model is loaded yet"
        """Why there is no version yet, for whoever looks."""

    def predict(self, customers: Sequence[Customer]) -> Answer | None:
        """Asks the version in use; None if there is none yet."""
        if (version := self.version) is None:
            return None
        rows = asked(customers)
        answers = probabilities(version.pipeline, rows)
        self.metrics.observe(rows, answers, version.number)
        return Answer(model=self.registry.name, version=version.number, probabilities=answers.tolist())

    def refresh(self) -> None:
        """Loads the version that the alias points to, unless it is in use already, or the alias points to none."""
        self.metrics.trains(self.registry.trained())
        try:
            number = number_of(self.registry, self.alias)
        except NoVersionError as error:
            if self.version is None:
                self.missing = str(error)
                log.warning(self.missing)
            return
        if self.version and self.version.number == number:
            return
        self.version = version = self.registry.load(number)
        self.metrics.loads(version, self.registry.code)
        fields = {"model": self.registry.name, "version": number, "code": self.registry.code}
        log.info("loaded", extra={"fields": fields})

    def follow(self, seconds: float, stopped: Event) -> None:
        """Looks at the alias again and again. What fails is logged and counted, and the version in use stays."""
        while not stopped.is_set():
            try:
                self.refresh()
            except Exception:
                log.exception("the registry could not be read")
                self.metrics.failures.inc()
            stopped.wait(seconds)
