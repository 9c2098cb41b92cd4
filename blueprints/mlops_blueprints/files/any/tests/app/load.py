"""Asks a running predictor at a steady rate, and prints how long it took (``make app-load``).

A request begins when its time has come, whether or not the one before has been answered, and its time counts from
then: a predictor that stalls is charged for everyone who waited.
"""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from time import perf_counter

import httpx2

from app import data

SETTLING = 2
"""Seconds of requests before those that count."""


async def measure(url: str, rate: float, seconds: float) -> dict[str, float]:
    """Latencies in milliseconds, and how many requests were not answered with 200."""
    customers = data.make(1000, seed=7)[list(data.FEATURES)]
    bodies = [{"rows": [row]} for row in customers.to_dict("records")]
    latencies: list[float] = []
    errors = 0

    async def ask(client: httpx2.AsyncClient, number: int, due: float) -> None:
        nonlocal errors
        try:
            answer = await client.post("/predict", json=bodies[number % len(bodies)])
            errors += answer.status_code != 200
        except httpx2.HTTPError:
            errors += 1
        latencies.append(1000 * (perf_counter() - due))

    async with httpx2.AsyncClient(base_url=url, timeout=10) as client, asyncio.TaskGroup() as asked:
        started = perf_counter()
        for number in range(int(rate * (SETTLING + seconds))):
            due = started + number / rate
            await asyncio.sleep(due - perf_counter())
            asked.create_task(ask(client, number, due))
    counted = sorted(latencies[int(rate * SETTLING) :])

    def percentile(share: float) -> float:
        return round(counted[int(share * (len(counted) - 1))], 2)

    return {
        "requests": len(latencies),
        "errors": errors,
        "p50_ms": percentile(0.5),
        "p95_ms": percentile(0.95),
        "p99_ms": percentile(0.99),
        "max_ms": percentile(1),
    }


def main() -> None:
    """Measures, and prints JSON."""
    parser = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the predictor is")
    parser.add_argument("--rate", type=float, default=100, help="requests a second, of one row each")
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    print(json.dumps(asyncio.run(measure(**vars(parser.parse_args())))))


if __name__ == "__main__":
    main()
