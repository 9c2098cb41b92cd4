"""Turns what ``pulumi preview --json`` prints, program after program, into Markdown for a pull request.

    plan.py ENVIRONMENT < previews

First what it costs (``plan_costs.py``). Of resources it tells names and the properties that change; of their values,
only those that a price hangs on and the book does not know, such as a machine's type. In these, and in the sentence or
two of what the programs say, Pulumi has masked the secrets that it knows. What is deleted or replaced comes first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import plan_costs
from costs import CostError

STEPS = {
    "delete": "delete",
    "replace": "replace",
    "create": "create",
    "update": "update",
    "import": "import",
}
"""The engine's steps that change something, in this order; of a replacement it lists its two halves as well."""

LONGEST = 15_000
"""Characters for one environment: a comment on GitHub holds 65,536, and there is one for all of them."""

SENTENCES = 500
"""Characters of what a program says at once."""

GAPS = 10
"""How many things of unknown cost are named."""


def documents(text: str) -> Iterator[Mapping[str, Any]]:
    """The documents of a stream of JSON, up to where it is none: a command that failed early says why elsewhere."""
    decoder = json.JSONDecoder()
    while (text := text.lstrip()).startswith("{"):
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def lines(preview: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said of one program."""
    steps: Sequence[Mapping[str, Any]] = preview.get("steps", [])
    project = steps[0]["urn"].split("::")[1] if steps else "a program"
    changes: Mapping[str, int] = preview.get("changeSummary", {})
    counts = [f"{changes[op]} to {word}" for op, word in STEPS.items() if changes.get(op)]
    yield f"**{project}**: {', '.join(counts) or 'no change'}; {changes.get('same', 0)} stay as they are"
    yield ""
    said = [each for each in preview.get("diagnostics", []) if each["severity"] in ("warning", "error")]
    # A provider says the same once for each of its resources.
    for severity, message in dict.fromkeys((each["severity"], each["message"]) for each in said):
        yield f"- *{severity}*: {plain(message.removeprefix(f'{severity}: ')[:SENTENCES])}"
    yield ""
    told = sorted((step for step in steps if step["op"] in STEPS), key=lambda step: list(STEPS).index(step["op"]))
    if told:
        yield from ("| step | resource | name | because of |", "|---|---|---|---|")
    for step in told:
        of, name = step["urn"].split("::")[2:4]
        because = step.get("replaceReasons") or step.get("diffReasons") or []
        yield f"| {STEPS[step['op']]} | `{of.rpartition('$')[2]}` | {plain(name)} | {plain(', '.join(because))} |"
    yield ""


def costs(environment: str, previews: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the environment costs, and what the change does to that."""
    try:
        found = plan_costs.costs(environment, previews)
    except CostError as error:
        yield from (f"**cost**: not known: {plain(str(error))}", "")
        return
    *_, (_, whole, more) = found.rows
    compared = f"{code(more)} against" if more else "the same as"
    yield from (f"**cost**: {code(whole)} a month after this change, {compared} now", "")
    yield from (f"- unknown: {plain(gap[:SENTENCES])}" for gap in found.unknown[:GAPS])
    if len(found.unknown) > GAPS:
        yield f"- and {len(found.unknown) - GAPS} more"
    if found.unknown:
        yield ""
    # Whoever reviews a change of costs sees it at once, everybody else may open it.
    yield from (f"<details{' open' if more else ''}><summary>Cost by component</summary>", "")
    yield from ("| component | a month | difference |", "|---|---|---|")
    yield from (f"| {plain(name)} | {code(cost)} | {code(more)} |" for name, cost, more in found.rows)
    yield ""
    yield f"US dollars, list prices of {found.region}; `~` by assumed use, `?` unknown. [More]({plan_costs.page()})"
    yield from ("", "</details>", "")


def code(cost: str) -> str:
    """A sum in which GitHub takes two dollar signs for no formula, and two tildes for nothing to be struck out."""
    return cost and f"`{cost}`"


def plain(text: str) -> str:
    """A text of one line that no sign in it turns into anything else."""
    return "".join(f"&#{ord(sign)};" if sign in "<>&|`*_[]@#" else sign for sign in " ".join(text.split()))


def shortened(text: Sequence[str]) -> Iterator[str]:
    """As many lines as fit, and how many do not."""
    room = LONGEST
    for number, line in enumerate(text):
        room -= len(line) + 1
        if room < 0:
            yield from ("", f"… and {len(text) - number} lines more: `make preview` shows all of it.")
            return
        yield line


def main(environment: str) -> None:
    """Reads the previews and prints the page."""
    previews = list(documents(sys.stdin.read()))
    page = [line for preview in previews for line in lines(preview)] or ["There is no plan: the job's log says why."]
    if any(preview.get("steps") for preview in previews):
        page = [*costs(environment, previews), *page]
    if plan_costs.failed(previews):
        page = ["**The preview failed**: this is what there is of it.", "", *page]
    print(f"### {environment}\n")
    print(*shortened(page), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
