"""A report as a page that a person reads: one file, which asks nobody for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from app.data import FEATURES, Range
from app.drift import ANSWER, STABLE, TENTHS, Comparison, Report

RANGES: Mapping[str, Range] = {**FEATURES, ANSWER: Range(0, 1)}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
section {{ border-top: 1px solid #ccc; margin-top: 1.5rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0 .8rem 0 0; text-align: right; font-weight: normal; white-space: nowrap; }}
.bars {{ width: 24rem; }}
.bar {{ display: block; height: .5rem; }}
.trained {{ background: #999; }}
.measured {{ background: #1667b7; }}
.drifted strong {{ color: #b3261e; }}
</style>
<h1>{title}</h1>
<p>Version {version}, the {hours} hours before {made}. {verdict}</p>
<p>Each table shows how many of a hundred rows lie in each tenth of the column's range:
<span class="trained">&emsp;</span> when the model was trained, <span class="measured">&emsp;</span> now.
Of the scores (population stability index), those below {stable} are of the same population, and those from
{threshold} on of another.</p>
{sections}
</html>
"""

SECTION = """<section class="{kind}">
<h2>{column}</h2>
<p><strong>{verdict}</strong>, {rows} rows</p>
<table>
<tr><th>above</th><th>to</th><th>trained</th><th>now</th><th class="bars"></th></tr>
{tenths}
</table>
</section>"""

TENTH = """<tr><td>{above:g}</td><td>{to:g}</td><td>{trained:.1f}</td><td>{measured:.1f}</td>
<td><span class="bar trained" style="width: {trained:.1f}%"></span>
<span class="bar measured" style="width: {measured:.1f}%"></span></td></tr>"""


def page(report: Report) -> str:
    """The report, as HTML."""
    return PAGE.format(
        title=f"Drift of {escape(report.name)}",
        version=escape(report.version),
        hours=report.hours,
        made=report.made,
        verdict=_verdict(report),
        stable=STABLE,
        threshold=report.threshold,
        sections="\n".join(_section(each, report) for each in report.comparisons),
    )


def _verdict(report: Report) -> str:
    if report.drifted:
        return f"<strong>{escape(', '.join(report.drifted))}: not what the model was trained on.</strong>"
    if all(each.score is None for each in report.comparisons):
        return f"Too few rows to say anything: it takes {report.enough}."
    return "Nothing has drifted."


def _section(compared: Comparison, report: Report) -> str:
    return SECTION.format(
        kind="drifted" if compared.column in report.drifted else "calm",
        column=escape(compared.column),
        verdict="too few rows for a score" if compared.score is None else f"{compared.score:.3f}",
        rows=compared.rows,
        tenths="\n".join(_tenths(compared)),
    )


def _tenths(compared: Comparison) -> Sequence[str]:
    """A line for each tenth, with its bounds as the column has them."""
    # The champion may have been trained on a column that is gone by now.
    values = RANGES.get(compared.column, Range(0, 1))
    bounds = [values.low + share * (values.high - values.low) for share in (0, *TENTHS)]
    return [
        TENTH.format(above=above, to=to, trained=100 * trained, measured=100 * measured)
        for above, to, trained, measured in zip(
            bounds[:-1], bounds[1:], compared.trained, compared.measured, strict=True
        )
    ]
