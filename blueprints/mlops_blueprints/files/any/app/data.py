"""The table that the model learns from: its columns, a seeded example of it, and what it is refused for.

The example stands where a query of your warehouse will stand. ``make`` says by which process a customer leaves, so that
one can tell what a model should find in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_integer_dtype, is_numeric_dtype, is_string_dtype
from pydantic import BaseModel, ConfigDict, Field


class Customer(BaseModel):
    """What is known of a customer: a row of the table, and of a request. Each value is a number within a range."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    tenure_months: float = Field(ge=0, le=120, description="how long they have been a customer")
    monthly_charge: float = Field(ge=0, le=200, description="what they pay each month")
    support_tickets: float = Field(ge=0, le=20, description="tickets of the last 90 days")
    late_payments: float = Field(ge=0, le=12, description="invoices paid late in the last twelve months")
    weekly_logins: float = Field(ge=0, le=50, description="logins a week, over the last four")


@dataclass(frozen=True)
class Range:
    """The values that a column may hold."""

    low: float
    high: float

    def ratios(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where in it some values lie: 0 is the lowest allowed, 1 the highest."""
        return (values - self.low) / (self.high - self.low)


FEATURES: Mapping[str, Range] = {
    name: Range(column["minimum"], column["maximum"])
    for name, column in Customer.model_json_schema()["properties"].items()
}
"""The columns of a customer, in the order in which the model takes them."""

ID = "customer_id"
"""Who the customer is, as text. It is no feature: it says who is held out."""

LABEL = "churned"
"""Whether the customer left in the month that followed: 1, or 0."""

HELD_OUT = 0.25
"""The share of the customers that training never sees."""


class UnfitError(ValueError):
    """A table cannot be used; the message says why, all at once."""


def load(rows: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of today, checked, as what to learn from and what to be measured by.

    Raises:
        UnfitError: the table is not as ``ID``, ``FEATURES`` and ``LABEL`` say.
    """
    table = make(rows, seed)
    check(table)
    return split(table)


def make(rows: int, seed: int) -> pd.DataFrame:
    """Customers that nobody has ever had; the same seed makes the same ones, and another one others.

    The columns are drawn independently and cut to their ranges: tenure is exponential (24 months on average), the
    charge gamma (60), tickets, late payments and logins Poisson (1.5, 0.8 and 9). The log-odds of leaving are

        -2.2 - 0.04 tenure + 0.02 charge + 0.4 tickets + 0.3 late - 0.08 logins + 0.5 tickets x late

    so 29 in a hundred leave, and a customer with trouble of both kinds far more often than either kind explains.
    """
    random = np.random.default_rng(seed)
    drawn = {
        "tenure_months": random.exponential(24, rows),
        "monthly_charge": random.gamma(4, 15, rows),
        "support_tickets": random.poisson(1.5, rows),
        "late_payments": random.poisson(0.8, rows),
        "weekly_logins": random.poisson(9, rows),
    }
    table = pd.DataFrame(
        {
            ID: [f"{seed}-{number}" for number in range(rows)],
            **{name: np.clip(drawn[name], range_.low, range_.high).astype(float) for name, range_ in FEATURES.items()},
        }
    )
    tickets, late = table["support_tickets"], table["late_payments"]
    log_odds = (
        -2.2
        - 0.04 * table["tenure_months"]
        + 0.02 * table["monthly_charge"]
        + 0.4 * tickets
        + 0.3 * late
        - 0.08 * table["weekly_logins"]
        + 0.5 * tickets * late
    )
    table[LABEL] = random.binomial(1, 1 / (1 + np.exp(-log_odds)))
    return table


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What to learn from, and what to be measured by."""
    apart = table[ID].map(held_out)
    return table[~apart], table[apart]


def held_out(customer: str) -> bool:
    """Whether a customer is one to be measured by.

    A digest decides, so it is the same for ever, whoever else is in the table: were it drawn anew each time, the
    champion would have learned from part of the rows that it is measured by, and a challenger from others.
    """
    return int.from_bytes(sha256(customer.encode()).digest()[:8], "big") < HELD_OUT * 2**64


def check(table: pd.DataFrame) -> None:
    """Refuses a table that a model should not learn from, or be measured by.

    Raises:
        UnfitError: names every column that is missing, unknown, empty in places, of another type, or out of its range.
    """
    if found := list(_problems(table)):
        raise UnfitError("the table cannot be used:\n" + "\n".join(f"- {problem}" for problem in found))


def _problems(table: pd.DataFrame) -> Iterator[str]:
    known = [ID, *FEATURES, LABEL]
    if table.empty:
        yield "there is no row"
    yield from (f"{name}: nobody has said what this column is" for name in table if name not in known)
    yield from (f"{ID}: {problem}" for problem in _wrong(table, ID, "text is", is_string_dtype))
    for name, allowed in FEATURES.items():
        yield from (f"{name}: {problem}" for problem in _wrong(table, name, "numbers are", is_numeric_dtype, allowed))
    yield from (
        f"{LABEL}: {problem}" for problem in _wrong(table, LABEL, "whole numbers are", is_integer_dtype, Range(0, 1))
    )


def _wrong(
    table: pd.DataFrame, name: str, what: str, is_type: Callable[[pd.Series], bool], allowed: Range | None = None
) -> Iterator[str]:
    """What is wrong with one column; later checks rely on the earlier ones."""
    if name not in table:
        yield "the column is missing"
        return
    values = table[name]
    if missing := int(values.isna().sum()):
        yield f"{missing} of {len(values)} values are missing"
    elif not is_type(values):
        yield f"{what} expected, not {values.dtype}"
    elif allowed and (wrong := values[~values.between(allowed.low, allowed.high)].tolist()):
        yield (f"{len(wrong)} of {len(values)} values are not from {allowed.low} to {allowed.high}, such as {wrong[0]}")
