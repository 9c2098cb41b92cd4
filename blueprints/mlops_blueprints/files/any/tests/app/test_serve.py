from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from shelf import MADE, Shelf
from sklearn.pipeline import Pipeline

from app import data, model, serve
from app.logs import JsonFormatter
from app.predict import Predictor
from app.registry import CANDIDATE, CHAMPION, Candidate, OtherCodeError
from app.serve import create

FOREVER = 3600.0
MADE_METRIC = "predictor_model_made_timestamp_seconds"
TABLE = data.make(3, seed=5)
ROWS: list[dict[str, float]] = [{name: float(row[name]) for name in data.FEATURES} for _, row in TABLE.iterrows()]


@pytest.fixture
def predictor(shelf: Shelf) -> Predictor:
    return Predictor(shelf, CHAMPION)


@pytest.fixture
def client(predictor: Predictor) -> TestClient:
    """Without its lifespan: a test says when the predictor looks at the registry."""
    return TestClient(create(predictor, FOREVER))


@pytest.fixture
def loaded(shelf: Shelf, candidate: Candidate, predictor: Predictor, client: TestClient) -> TestClient:
    shelf.point(CHAMPION, shelf.record(candidate))
    predictor.refresh()
    return client


def scraped(client: TestClient) -> Mapping[str, float]:
    """What Prometheus would read: name and labels to value."""
    return {
        f"{sample.name}{json.dumps(sample.labels)}": sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_without_a_model_it_lives_and_is_not_ready(client: TestClient, predictor: Predictor) -> None:
    predictor.refresh()

    assert client.get("/healthz").status_code == 200
    assert not [sample for sample in scraped(client) if sample.startswith(("predictor_model_info", MADE_METRIC))]
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "no version of 'churn' is the champion of this code, 0123456789ab: 'promote'" in ready.json()["detail"]
    answer = client.post("/predict", json={"rows": ROWS})
    assert (answer.status_code, answer.json()["detail"]) == (503, "no model is loaded yet")
    assert answer.headers["Retry-After"] == "5"


def test_it_tells_when_a_model_was_trained_last_good_or_not(
    shelf: Shelf, candidate: Candidate, predictor: Predictor, loaded: TestClient
) -> None:
    metric = 'predictor_last_training_timestamp_seconds{"name": "churn"}'
    assert metric not in scraped(loaded)

    shelf.point(CANDIDATE, shelf.record(candidate))
    predictor.refresh()

    assert scraped(loaded)[metric] == MADE + 1
    assert loaded.get("/readyz").json()["version"] == "1"


def test_it_loads_the_champion_at_its_start(shelf: Shelf, candidate: Candidate, predictor: Predictor) -> None:
    shelf.point(CHAMPION, shelf.record(candidate))

    with TestClient(create(predictor, FOREVER)) as client:
        for _ in range(100):
            if (answer := client.get("/readyz")).status_code == 200:
                break
            asyncio.run(asyncio.sleep(0.02))

    assert answer.json() == {"status": "ready", "version": "1", "code": shelf.code}


def test_it_answers_what_the_model_says(loaded: TestClient, pipeline: Pipeline) -> None:
    answer = loaded.post("/predict", json={"rows": ROWS}).json()

    assert answer == {
        "model": "churn",
        "version": "1",
        "probabilities": model.probabilities(pipeline, model.features(TABLE)).tolist(),
    }


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda row: [], ["rows"]),
        (lambda row: [row] * (serve.MAX_ROWS + 1), ["rows"]),
        (lambda row: [{**row, "shoe_size": 42}], ["rows", 0, "shoe_size"]),
        (lambda row: [{**row, "tenure_months": -1}], ["rows", 0, "tenure_months"]),
        (lambda row: [{**row, "monthly_charge": 201}], ["rows", 0, "monthly_charge"]),
        (lambda row: [{**row, "late_payments": None}], ["rows", 0, "late_payments"]),
        (lambda row: [{**row, "late_payments": float("nan")}], ["rows", 0, "late_payments"]),
        (lambda row: [{**row, "late_payments": "many"}], ["rows", 0, "late_payments"]),
        (lambda row: [{name: row[name] for name in row if name != "weekly_logins"}], ["rows", 0, "weekly_logins"]),
    ],
)
def test_a_wrong_request_is_refused_with_the_place(
    spoil: Callable[[Mapping[str, float]], object],
    where: list[str | int],
    loaded: TestClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = json.dumps({"rows": spoil(ROWS[0])})

    with caplog.at_level(logging.INFO, logger="app"):
        answer = loaded.post("/predict", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", *where]
    (line,) = [vars(record)["fields"] for record in caplog.records if record.message == "refused"]
    assert line["where"] == ".".join(map(str, ["body", *where]))
    assert set(line) == {"where", "why"}, "the value is a customer's, and not for the log"


def test_a_request_that_is_too_long_is_refused(loaded: TestClient) -> None:
    assert loaded.post("/predict", content=b" " * (serve.MAX_BODY + 1)).status_code == 413


def test_as_many_rows_as_are_allowed_fit(loaded: TestClient) -> None:
    answer = loaded.post("/predict", json={"rows": [ROWS[0]] * serve.MAX_ROWS})

    assert len(answer.json()["probabilities"]) == serve.MAX_ROWS


def test_a_request_whose_sending_takes_too_long_is_ended(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create(predictor, FOREVER)

    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        return {}

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    monkeypatch.setattr(serve, "REQUEST_SECONDS", 0.05)
    asyncio.run(app({"type": "http", "method": "POST", "path": "/predict", "headers": []}, never, send))

    assert sent[0]["status"] == 408


def test_it_follows_the_champion(loaded: TestClient, shelf: Shelf, candidate: Candidate, predictor: Predictor) -> None:
    shelf.point(CHAMPION, shelf.record(candidate))
    assert loaded.get("/readyz").json()["version"] == "1"

    predictor.refresh()

    assert loaded.get("/readyz").json()["version"] == "2"
    samples = scraped(loaded)
    told = {name: value for name, value in samples.items() if name.startswith(("predictor_model_info", MADE_METRIC))}
    assert told == {
        'predictor_model_info{"code": "0123456789ab", "name": "churn", "version": "2"}': 1,
        f'{MADE_METRIC}{{"name": "churn", "version": "2"}}': MADE + 1,
    }


def test_a_broken_registry_is_counted_and_the_version_in_use_stays(
    shelf: Shelf, candidate: Candidate, predictor: Predictor
) -> None:
    shelf.point(CHAMPION, shelf.record(candidate))
    predictor.refresh()
    shelf.broken = True

    with TestClient(create(predictor, reload_seconds=0.01)) as client:
        for _ in range(100):
            if scraped(client)["predictor_reload_failures_total{}"] > 2:
                break
            asyncio.run(asyncio.sleep(0.02))

        assert client.get("/readyz").status_code == 200
        assert scraped(client)["predictor_reload_failures_total{}"] > 2


def test_a_version_of_other_code_answers_nobody(
    loaded: TestClient, shelf: Shelf, candidate: Candidate, predictor: Predictor
) -> None:
    other = shelf.of("ba9876543210")
    number = other.record(candidate)
    other.point(CHAMPION, number)
    predictor.refresh()
    assert loaded.get("/readyz").json()["version"] == "1", "its champion is another's"

    shelf.point(CHAMPION, number)
    with pytest.raises(OtherCodeError):
        predictor.refresh()
    assert loaded.get("/readyz").json()["version"] == "1", "somebody has set the alias by hand"


def test_when_it_stops_it_is_not_ready_answers_still_and_closes_connections(
    shelf: Shelf, candidate: Candidate, predictor: Predictor
) -> None:
    shelf.point(CHAMPION, shelf.record(candidate))
    predictor.refresh()
    app = create(predictor, FOREVER)
    loaded = TestClient(app)
    app.state.stopping = True

    assert loaded.get("/readyz").status_code == 503
    answer = loaded.post("/predict", json={"rows": ROWS})
    assert answer.status_code == 200
    assert answer.headers["Connection"] == "close"


def test_what_is_asked_and_answered_can_be_seen(loaded: TestClient) -> None:
    loaded.post("/predict", json={"rows": [{**ROWS[0], "support_tickets": 7}] * 4})
    loaded.post("/predict", json={"rows": []})
    loaded.get("/nowhere")

    samples = scraped(loaded)
    bucket = 'predictor_feature_ratio_bucket{{"feature": "support_tickets", "le": "{}", "name": "churn"}}'

    assert samples['predictor_predictions_total{"version": "1"}'] == 4
    assert samples['predictor_request_seconds_count{"path": "/predict", "status": "200"}'] == 1
    assert samples['predictor_request_seconds_count{"path": "/predict", "status": "422"}'] == 1
    assert samples['predictor_request_seconds_count{"path": "unknown", "status": "404"}'] == 1
    assert samples[bucket.format(0.3)] == 0
    assert samples[bucket.format(0.4)] == 4
    assert samples['predictor_probability_ratio_count{"name": "churn", "version": "1"}'] == 4


def test_a_line_of_the_log_is_one_object(loaded: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="app"):
        loaded.post("/predict", json={"rows": ROWS})

    line = JsonFormatter().format(caplog.records[-1])
    assert "\n" not in line
    told = json.loads(line)
    assert (told["message"], told["path"], told["status"], told["level"]) == ("answered", "/predict", 200, "info")
