"""Prints the figures of DESIGN section 11: medians of whole processes, and ratios within this run. ``make bench``."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mlops_scaffold.preview import open_session, preview
from mlops_scaffold.preview.repository import find

BIN = Path(sys.executable).parent
SERIES_A = ["new", "acme", "--stage", "series-a", "--cloud", "aws"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
MANY = """
import pulumi_random as random
for number in range(1000):
    random.RandomId(f"r{number}", byte_length=4)
"""


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, env=ENVIRONMENT)


def paired(ours: Callable[[], object], theirs: Callable[[], object], runs: int = 7) -> tuple[float, float, float]:
    """Medians of both, taken in turn after a warm-up of each, and the median of the ratios pair by pair."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    mine, other = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(other), statistics.median(a / b for a, b in pairs)


def say(what: str, figure: str, bar: str) -> None:
    print(f"{what:<66} {figure:>24}   bar {bar}", flush=True)


def template(repository: Path, folder: Path) -> Path:
    """A cookiecutter template that renders the same files."""
    (folder / "cookiecutter.json").write_text('{"name": "acme"}')
    inner = folder / "{{cookiecutter.name}}"
    for path in (path for path in repository.rglob("*") if path.is_file() and path.suffix != ".zip"):
        place = inner / path.relative_to(repository)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{% raw %}" + path.read_text() + "{% endraw %}\n")
    return folder


def largest_child(command: list[str]) -> float:
    """MiB that a command's process held at most."""
    pid = os.posix_spawn(command[0], command, ENVIRONMENT)
    _, _, usage = os.wait4(pid, 0)
    return usage.ru_maxrss / 1024


def main() -> None:
    work = Path(tempfile.mkdtemp(prefix="bench-"))
    tool, peer = BIN / "mlops-scaffold", BIN / "cookiecutter"

    mine, theirs, ratio = paired(lambda: run(tool, "--version"), lambda: run(peer, "--version"), 15)
    say("start: --version, seconds, and against cookiecutter's own", f"{mine:.3f} ({ratio:.2f}x)", "0.15, 0.75x")

    run(tool, *SERIES_A, "--no-preview", "--output", work / "first")
    repository = work / "first" / "acme"
    (work / "template").mkdir()
    same = template(repository, work / "template")

    def new() -> None:
        shutil.rmtree(work / "new", ignore_errors=True)
        run(tool, *SERIES_A, "--no-preview", "--output", work / "new")

    def rendered() -> None:
        shutil.rmtree(work / "rendered", ignore_errors=True)
        run(peer, "--no-input", "--output-dir", work / "rendered", same)

    mine, theirs, ratio = paired(new, rendered)
    say("new --no-preview, seconds, and against cookiecutter", f"{mine:.3f} ({ratio:.2f}x)", "0.80x")
    shutil.rmtree(work / "new")
    command = [str(tool), *SERIES_A, "--no-preview", "--output", str(work / "new")]
    say("new --no-preview, MiB", f"{largest_child(command):.0f}", "80")

    def embedded() -> None:
        run(tool, "preview", repository, "--env", "prod")

    try:
        from engine.real import preview_seconds
    except ImportError:
        preview_seconds = None
    if preview_seconds and (Path("build") / "engine" / "pulumi").exists():
        subprocess.run(["make", "setup"], cwd=repository, check=True, capture_output=True, env=ENVIRONMENT)
        embedded()
        mine = statistics.median(seconds(embedded) for _ in range(5))
        theirs = preview_seconds(repository, "prod")
        say("preview, one environment, seconds, and against the engine", f"{mine:.2f} ({mine / theirs:.2f}x)", "0.50x")
    else:
        embedded()
        mine = statistics.median(seconds(embedded) for _ in range(5))
        say("preview, one environment, seconds (no engine here)", f"{mine:.2f}", "0.50x")

    with open_session(find(repository)) as session:
        preview(repository, ["prod"], session=session)
        warm = statistics.median(seconds(lambda: preview(repository, ["prod"], session=session)) for _ in range(7))
    say("preview in the warm process, both programs and passes, seconds", f"{warm:.2f}", "0.50")

    many = work / "many"
    many.mkdir()
    (many / "Pulumi.yaml").write_text("name: many\nruntime: python\n")
    (many / "Pulumi.dev.yaml").write_text("config: {}\n")
    (many / "__main__.py").write_text(MANY)
    say("preview of 1,000 resources, both passes, seconds", f"{seconds(lambda: run(tool, 'preview', many)):.1f}", "8")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
