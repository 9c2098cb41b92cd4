"""Budget: what an environment may cost, and who hears of it when it costs more."""

from __future__ import annotations

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Addresses, Component, Settings


class BudgetSettings(Settings):
    """How much is too much, and who is told."""

    monthly_usd: int = Field(default=750, ge=1)
    """What the environment may cost a month, in US dollars, before credits. Alerts go by it; nothing stops there."""
    recipients: Addresses = Field(default=(), max_length=10)
    """The e-mail addresses that hear of it, ten at most (AWS Budgets API). They need not confirm anything."""
    anomaly_usd: int = Field(default=100, ge=0)
    """Tell of unusual cost in the whole project from this many US dollars on; 0 to leave that out. One environment is
    enough, in the account that pays: a member of an organisation may not watch a tag."""


class Budget(Component):
    """A monthly limit, with alerts on the way to it, and an eye on what is unusual."""

    token = "mlops:platform:Budget"

    topic: Output[str]
    """Where the alerts are published too, for a chat or an on-call service to listen to."""
