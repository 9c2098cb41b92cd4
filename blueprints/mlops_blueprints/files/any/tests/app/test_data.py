from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from app import data


def test_the_same_seed_makes_the_same_customers() -> None:
    pd.testing.assert_frame_equal(data.make(100, seed=3), data.make(100, seed=3))
    assert not data.make(100, seed=3).equals(data.make(100, seed=4))


def test_what_is_made_passes_the_check_and_leaves_as_often_as_it_should() -> None:
    table = data.make(20_000, seed=1)

    data.check(table)

    assert table[data.LABEL].mean() == pytest.approx(0.29, abs=0.01)


def test_what_is_held_out_is_not_learned_from() -> None:
    training, held_out = data.load(4000, seed=1)

    assert len(training) + len(held_out) == 4000
    assert not set(training[data.ID]) & set(held_out[data.ID])
    # Four standard deviations of a share of 4000.
    assert len(held_out) / 4000 == pytest.approx(data.HELD_OUT, abs=0.03)
    assert training[data.LABEL].mean() == pytest.approx(held_out[data.LABEL].mean(), abs=0.06)


def test_whoever_is_held_out_stays_so_whatever_the_table_grows_by() -> None:
    before = data.make(1000, seed=1)
    again = before.assign(tenure_months=before["tenure_months"].clip(upper=119) + 1)
    grown = pd.concat([data.make(500, seed=2), before, again]).sample(frac=1, random_state=3)

    trained, measured = data.split(before)
    trained_later, measured_later = data.split(grown)

    assert not set(measured_later[data.ID]) & set(trained[data.ID])
    assert not set(trained_later[data.ID]) & set(measured[data.ID])
    assert set(measured[data.ID]) < set(measured_later[data.ID])


def test_a_customer_is_held_out_by_every_python_on_every_machine() -> None:
    # Those whose digest, in hexadecimal as `sha256sum` prints it, begins with 0 to 3.
    assert [number for number in range(20) if data.held_out(f"1-{number}")] == [4, 7, 9, 12]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="tenure_months"), "tenure_months: the column is missing"),
        (lambda table: table.assign(shoe_size=42), "shoe_size: nobody has said what this column is"),
        (lambda table: table.assign(customer_id=7), "customer_id: text is expected, not int64"),
        (lambda table: table.assign(customer_id=None), "customer_id: 10 of 10 values are missing"),
        (lambda table: table.assign(late_payments="two"), "late_payments: numbers are expected, not"),
        (lambda table: table.assign(churned=0.5), "churned: whole numbers are expected, not float64"),
        (lambda table: table.assign(churned=2), "churned: 10 of 10 values are not from 0 to 1, such as 2"),
        (lambda table: table.assign(monthly_charge=-5.0), "monthly_charge: 10 of 10 values are not from 0 to 200"),
        (lambda table: table.assign(monthly_charge=float("inf")), "such as inf"),
        (lambda table: table.assign(weekly_logins=float("nan")), "weekly_logins: 10 of 10 values are missing"),
        (lambda table: table.head(0), "there is no row"),
    ],
)
def test_a_table_is_refused(spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str) -> None:
    with pytest.raises(data.UnfitError, match=message):
        data.check(spoil(data.make(10, seed=1)))


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(data.UnfitError) as error:
        data.check(data.make(10, seed=1).drop(columns=[data.ID, "tenure_months", data.LABEL]))

    assert str(error.value).count("the column is missing") == 3
