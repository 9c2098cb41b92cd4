from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from prometheus_client import CollectorRegistry, Histogram
from shelf import Folder, Shelf, Traffic
from sklearn.pipeline import Pipeline

from app import data, drift, steps
from app.drift import ANSWER, ENOUGH, MOVED, STABLE, TENTHS, Distributions, compare, stability
from app.registry import NoVersionError
from app.reports.page import page

LOOK = {"hours": 24, "threshold": MOVED, "enough": ENOUGH}


def scores(trained: Distributions, measured: Distributions) -> dict[str, float]:
    """The scores that there are."""
    return {each.column: each.score for each in compare(trained, measured, ENOUGH) if each.score is not None}


def raised(table: pd.DataFrame, tickets: float) -> pd.DataFrame:
    """The same customers with more trouble each."""
    column, allowed = "support_tickets", data.FEATURES["support_tickets"]
    return table.assign(**{column: np.minimum(table[column] + tickets, allowed.high)})


@pytest.fixture(scope="session")
def trained(pipeline: Pipeline) -> Distributions:
    return drift.reference(pipeline, data.make(5000, seed=2))


def test_the_same_shares_score_nothing_however_many_rows() -> None:
    assert stability([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(0)


def test_the_score_is_what_the_formula_says_and_the_same_both_ways() -> None:
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)

    assert stability([50, 50], [80, 20]) == pytest.approx(expected)
    assert stability([80, 20], [50, 50]) == pytest.approx(expected)


def test_the_score_is_never_below_zero_and_always_a_number() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        trained, measured = random.multinomial(600, random.dirichlet([0.1] * 10), size=2)
        assert 0 <= stability(trained.tolist(), measured.tolist()) < np.inf


def test_what_is_in_no_tenth_on_either_side_says_nothing() -> None:
    assert stability([1, 1, 0, 0], [2, 1, 0, 0]) == stability([1, 1], [2, 1])


def test_the_same_population_stays_below_what_counts_as_stable(pipeline: Pipeline, trained: Distributions) -> None:
    for seed in range(100, 160):
        found = scores(trained, drift.reference(pipeline, data.make(ENOUGH, seed)))
        assert len(found) == len(data.FEATURES) + 1
        assert max(found.values()) < STABLE


def test_the_further_a_population_moves_the_higher_its_score(pipeline: Pipeline, trained: Distributions) -> None:
    table = data.make(2000, seed=3)

    found = [scores(trained, drift.reference(pipeline, raised(table, by))) for by in (0, 2, 4, 8)]

    tickets = [each["support_tickets"] for each in found]
    assert tickets == sorted(tickets)
    assert tickets[0] < STABLE
    assert tickets[1] > MOVED
    assert [each["tenure_months"] for each in found] == [found[0]["tenure_months"]] * 4, "what has not moved"
    assert found[2][ANSWER] > MOVED, "who has more trouble is said to leave more often"


def test_too_few_rows_say_nothing_on_either_side(trained: Distributions) -> None:
    few = {column: [1] * len(TENTHS) for column in trained}

    assert scores(trained, few) == scores(few, trained) == scores(trained, {}) == {}
    assert all(each.score is not None for each in compare(trained, few, enough=len(TENTHS)))


def test_a_value_is_in_the_same_tenth_for_training_and_for_prometheus() -> None:
    allowed = data.FEATURES["support_tickets"]
    ratios = allowed.ratios(np.arange(0, 21, dtype=float))
    registry = CollectorRegistry()
    histogram = Histogram("ratio", "Where.", buckets=TENTHS, registry=registry)
    for ratio in ratios.tolist():
        histogram.observe(ratio)

    below = [registry.get_sample_value("ratio_bucket", {"le": str(bound)}) for bound in TENTHS]

    assert np.cumsum(drift.tenths(ratios)).tolist() == below


def test_a_model_says_what_it_can_expect(shelf: Shelf) -> None:
    steps.train(shelf, rows=4000, seed=1)

    (kept,) = shelf.kept
    assert list(kept.reference) == [*data.FEATURES, ANSWER]
    (rows,) = {sum(counts) for counts in kept.reference.values()}
    assert rows == len(data.load(4000, seed=1)[1])


def test_a_report_is_kept_and_published(shelf: Shelf, pipeline: Pipeline) -> None:
    shelf.point("champion", steps.train(shelf, rows=4000, seed=1))
    traffic = Traffic(drift.reference(pipeline, raised(data.make(1000, seed=4), 4)))
    folder = Folder()

    report = steps.drift(shelf, traffic, folder, **LOOK)

    assert folder.kept == traffic.published == [report]
    assert traffic.asked == ("churn", "1", 24)
    assert report.drifted == ["support_tickets", ANSWER]


def test_without_a_champion_it_says_what_to_do(shelf: Shelf) -> None:
    with pytest.raises(NoVersionError, match="is the champion of this code, 0123456789ab: 'promote'"):
        steps.drift(shelf, Traffic({}), Folder(), **LOOK)


def test_a_page_tells_a_person_what_has_moved(shelf: Shelf, pipeline: Pipeline) -> None:
    shelf.point("champion", steps.train(shelf, rows=4000, seed=1))
    moved = Traffic(drift.reference(pipeline, raised(data.make(1000, seed=4), 4)))

    report = steps.drift(shelf, moved, Folder(), **LOOK)

    text = page(report)
    assert "support_tickets, probability: not what the model was trained on" in text
    assert text.count("<section") == text.count("</section>") == len(data.FEATURES) + 1
    assert text.count('<section class="drifted">') == 2
    assert "://" not in text, "it asks nobody for anything"
    calm = replace(report, threshold=100.0)
    assert "Nothing has drifted." in page(calm)
    gone = replace(report, comparisons=[replace(report.comparisons[0], column="shoe_size")])
    assert "<h2>shoe_size</h2>" in page(gone)
    assert "Too few rows" in page(steps.drift(shelf, Traffic({}), Folder(), **LOOK))
