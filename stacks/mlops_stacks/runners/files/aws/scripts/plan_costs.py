"""What a change costs, from what ``pulumi preview --json --show-sames`` prints: a part of the page of ``plan.py``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from costs import ROOT, Cost, CostError, Estimate, Resource, book, books, estimate

Preview = Mapping[str, Any]

NOTHING = Cost(0, 0, [])
"""What a component costs that is not there."""


@dataclass(frozen=True)
class Costs:
    """What an environment would cost, and how that differs from what stands now."""

    rows: Sequence[tuple[str, str, str]]
    """Component, a month, difference; the dearest first, then those that go, and at the end all together."""
    unknown: Sequence[str]
    """What is not in it, and why."""
    region: str
    """Where the prices hold."""


def costs(environment: str, previews: Sequence[Preview]) -> Costs:
    """The costs of an environment, now and as they would be.

    Args:
        environment: its name.
        previews: what its programs print, one after the other.

    Raises:
        CostError: a book of prices cannot be read, or a preview leaves out what stays as it is.
    """
    steps = [step for preview in previews for step in preview.get("steps", [])]
    stay = sum(preview.get("changeSummary", {}).get("same", 0) for preview in previews)
    if stay > sum(step["op"] == "same" for step in steps):
        raise CostError("the preview leaves out what stays as it is", "pulumi preview needs --show-sames")
    prices = book(books())
    now, then = (estimate(environment, states(steps, state), prices) for state in ("oldState", "newState"))
    unknown = [*then.cost.gaps]
    if failed(previews):
        unknown += ["not every program could be previewed: what the others make, or what they cost now, is not in it"]
    whole = Cost(then.cost.fixed, then.cost.by_usage, unknown)
    return Costs(
        rows=[*rows(now, then), ("together", str(whole), then.cost.beyond(now.cost))],
        unknown=unknown,
        region=then.region,
    )


def rows(now: Estimate, then: Estimate) -> Iterator[tuple[str, str, str]]:
    """Each component that costs anything, now or then."""
    before, after = now.components, then.components
    for name in dict.fromkeys((*after, *before)):
        cost = after.get(name, NOTHING)
        yield name, str(cost), cost.beyond(before.get(name, NOTHING))


def states(steps: Sequence[Mapping[str, Any]], state: str) -> Sequence[Resource]:
    """The resources as they are (``oldState``) or would be (``newState``); a replacement has several steps."""
    found = {step["urn"]: step[state] for step in steps if step.get(state)}
    return [*found.values()]


def failed(previews: Sequence[Preview]) -> bool:
    """Whether a program is missing, or ended with an error."""
    programs = {*ROOT.glob("Pulumi.yaml"), *ROOT.glob("*/Pulumi.yaml")}
    said = [each for preview in previews for each in preview.get("diagnostics", [])]
    return len(previews) < len(programs) or any(each["severity"] == "error" for each in said)


def page() -> str:
    """Where the page is that explains it; links of a comment are no links of the repository."""
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    return f"{server}/{repository}/blob/HEAD/docs/costs.md" if server and repository else "docs/costs.md"
