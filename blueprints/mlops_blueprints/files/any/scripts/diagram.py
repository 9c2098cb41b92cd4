"""Draws the platform from its programs: each component a box, each wire an arrow. ``make diagram`` writes it down."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
SOURCES = {"__main__.py": "The cloud program", "cluster/__main__.py": "The cluster program"}
"""The programs, and what they are called."""
PAGE, PICTURE = "README.md", "docs/architecture.svg"
"""Where the diagram is shown."""
START, END = "```mermaid\n", "```\n"
"""Around it in the page; without them, the page goes without."""

WIDTH, HEIGHT = 116, 34
"""Of a box, in pixels."""
ACROSS, DOWN = 48, 22
"""Between two boxes."""
MARGIN = 24
TITLE = 26
"""Room for the name of a program above its boxes."""


@dataclass(frozen=True)
class Program:
    """One Pulumi program: its title, and each component with the components that it is given."""

    title: str
    components: Mapping[str, Sequence[str]]


def read(source: str, title: str) -> Program:
    """Reads a program: every statement of the form ``name = Class("name", …, keyword=other)`` is a component."""
    components: dict[str, Sequence[str]] = {}
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(args=[ast.Constant(value), *_], keywords=given)):
                if name == value:
                    wires = [wire for wire in given if wire.arg != "opts"]
                    components[name] = [wire.value.id for wire in wires if isinstance(wire.value, ast.Name)]
    return Program(title, components)


def wires(programs: Sequence[Program]) -> Mapping[str, Sequence[str]]:
    """What each component is built on, without what follows from the rest."""
    given = {name: used for program in programs for name, used in program.components.items()}
    given = {name: [other for other in dict.fromkeys(used) if other in given] for name, used in given.items()}

    def below(name: str) -> set[str]:
        return {other for used in given[name] for other in (used, *below(used))}

    return {
        name: [other for other in used if not any(other in below(between) for between in used)]
        for name, used in given.items()
    }


def mermaid(programs: Sequence[Program]) -> str:
    """The diagram as Mermaid."""
    lines = ["flowchart LR"]
    for number, program in enumerate(programs):
        lines += [f'    subgraph program{number}["{program.title}"]']
        lines += [f"        {name}" for name in program.components]
        lines += ["    end"]
    lines += [f"    {other} --> {name}" for name, used in wires(programs).items() for other in used]
    return "\n".join(lines) + "\n"


def svg(programs: Sequence[Program]) -> str:
    """The diagram as a picture: columns from left to right, each component right of all that it is built on."""
    built_on = wires(programs)
    columns = [*_columns(programs, built_on)]
    paths, waypoints = _paths(columns, built_on)
    rows = _sorted([[*column, *waypoints[at]] for at, column in enumerate(columns)], paths)
    height = max(map(len, rows)) * (HEIGHT + DOWN) - DOWN
    place = {
        name: (
            MARGIN + at * (WIDTH + ACROSS),
            MARGIN + TITLE + (height - len(row) * (HEIGHT + DOWN) + DOWN) / 2 + number * (HEIGHT + DOWN),
        )
        for at, row in enumerate(rows)
        for number, name in enumerate(row)
    }
    parts = [
        *_frames(programs, columns, height),
        *(_arrow([place[name] for name in path]) for path in paths),
        *(_box(name, *place[name]) for column in columns for name in column),
    ]
    across = 2 * MARGIN + len(columns) * (WIDTH + ACROSS) - ACROSS
    down = 2 * MARGIN + TITLE + height
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down:g}" font-family="sans-serif"'
            ' font-size="13" role="img">',
            f"<title>{escape(' and '.join(program.title for program in programs))}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>',
            f'<rect width="{across}" height="{down:g}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _columns(programs: Sequence[Program], built_on: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The components of each column; a program begins right of the one before."""
    for program in programs:
        depth: dict[str, int] = {}

        def deep(name: str, depth: dict[str, int] = depth, program: Program = program) -> int:
            if name not in depth:
                inside = [other for other in built_on[name] if other in program.components]
                depth[name] = 1 + max((deep(other) for other in inside), default=-1)
            return depth[name]

        for name in program.components:
            deep(name)
        for column in range(max(depth.values(), default=-1) + 1):
            yield [name for name in program.components if depth[name] == column]


def _paths(
    columns: Sequence[Sequence[str]], built_on: Mapping[str, Sequence[str]]
) -> tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]:
    """Each arrow as what it leads over, and the waypoints in each column: an arrow passes no box on its way."""
    column = {name: at for at, names in enumerate(columns) for name in names}
    paths: list[list[str]] = []
    waypoints: list[list[str]] = [[] for _ in columns]
    for name, used in built_on.items():
        for other in used:
            # Arrows from one component share their way as long as they can.
            between = [f"{other}@{at}" for at in range(column[other] + 1, column[name])]
            paths.append([other, *between, name])
            for at, waypoint in enumerate(between, column[other] + 1):
                if waypoint not in waypoints[at]:
                    waypoints[at].append(waypoint)
    return paths, waypoints


def _sorted(rows: Sequence[Sequence[str]], paths: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """The columns, each from top to bottom in the order of what it is linked to, so that few arrows cross."""
    links: dict[str, set[str]] = {}
    for path in paths:
        for one, other in pairwise(path):
            links.setdefault(one, set()).add(other)
            links.setdefault(other, set()).add(one)
    ordered = [list(row) for row in rows]
    for _ in range(8):
        for at in (*range(1, len(ordered)), *range(len(ordered) - 2, -1, -1)):
            height = {
                name: (number + 0.5) / len(row)
                for row in (*ordered[max(0, at - 1) : at], *ordered[at + 1 : at + 2])
                for number, name in enumerate(row)
            }

            def middle(name: str, height: Mapping[str, float] = height) -> float:
                linked = [height[other] for other in links.get(name, ()) if other in height]
                return sum(linked) / len(linked) if linked else 0.5

            ordered[at].sort(key=middle)
    return ordered


def _frames(programs: Sequence[Program], columns: Sequence[Sequence[str]], height: float) -> Iterator[str]:
    for program, colour in zip(programs, ("#eff6ff", "#f0fdf4"), strict=False):
        own = [at for at, column in enumerate(columns) if set(column) & program.components.keys()]
        if own:
            x = MARGIN + own[0] * (WIDTH + ACROSS) - MARGIN / 2
            across = (own[-1] - own[0] + 1) * (WIDTH + ACROSS) - ACROSS + MARGIN
            y, down = MARGIN / 2, height + TITLE + MARGIN
            yield f'<rect x="{x:g}" y="{y:g}" width="{across:g}" height="{down:g}" rx="10" fill="{colour}"/>'
            yield _text(program.title, x + 12, y + 20, 'font-weight="bold"')


def _arrow(places: Sequence[tuple[float, float]]) -> str:
    """A line from the right side of the first to the left side of the last, level past what lies between."""
    (x, y), *others = places
    middle = HEIGHT / 2
    steps = [f"M{x + WIDTH:g} {y + middle:g}"]
    for number, (to_x, to_y) in enumerate(others):
        half = (x + WIDTH + to_x) / 2
        steps.append(f"C{half:g} {y + middle:g} {half:g} {to_y + middle:g} {to_x:g} {to_y + middle:g}")
        if number < len(others) - 1:
            steps.append(f"H{to_x + WIDTH:g}")
        x, y = to_x, to_y
    return f'<path d="{" ".join(steps)}" fill="none" stroke="#64748b" stroke-width="1.2" marker-end="url(#tip)"/>'


def _box(name: str, x: float, y: float) -> str:
    frame = f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff" stroke="#334155"/>'
    return frame + _text(name, x + WIDTH / 2, y + HEIGHT / 2 + 4.5, 'text-anchor="middle"')


def _text(text: str, x: float, y: float, style: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="#0f172a" {style}>{escape(text)}</text>'


def drawn(root: Path = ROOT) -> Mapping[str, str]:
    """The files that show the diagram, by path, as they should be."""
    sources = {title: root / path for path, title in SOURCES.items()}
    found = [read(path.read_text(encoding="utf-8"), title) for title, path in sources.items() if path.exists()]
    before, start, rest = (root / PAGE).read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    page = f"{before}{start}{mermaid(found)}{end}{after}" if end else before
    return {PAGE: page, PICTURE: svg(found)}


if __name__ == "__main__":
    for path, text in drawn().items():
        (ROOT / path).write_text(text, encoding="utf-8")
