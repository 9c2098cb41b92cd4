"""Prints the figures of DESIGN section 11: medians of whole processes, and ratios within this run. ``make bench``.

    bench.py [tool] [predictor]

The second part is the predictor of a repository, for a minute and a half; without a word, both.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mlops_scaffold.preview import MODES, open_session, preview
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


def bench_tool(work: Path) -> None:
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
        made = preview(repository, ["prod"], session=session).programs
        warm = statistics.median(seconds(partial(preview, repository, ["prod"], session=session)) for _ in range(7))
    each = warm * 1000 / sum(len(program.resources) for program in made) / len(MODES)
    say("warm preview, one environment, seconds, and a resource and pass", f"{warm:.2f} ({each:.1f} ms)", "1, 2 ms")

    many = work / "many"
    many.mkdir()
    (many / "Pulumi.yaml").write_text("name: many\nruntime: python\n")
    (many / "Pulumi.dev.yaml").write_text("config: {}\n")
    (many / "__main__.py").write_text(MANY)
    say("preview of 1,000 resources, both passes, seconds", f"{seconds(lambda: run(tool, 'preview', many)):.1f}", "8")


RATE, WINDOWS, WINDOW_SECONDS = 100, 6, 10
"""A minute of requests, in windows: whoever shares the machine spoils one or two of them, and not the median."""


def bench_predictor(work: Path) -> None:
    run(BIN / "mlops-scaffold", *SERIES_A, "--no-preview", "--output", work / "app")
    repository = work / "app" / "acme"
    ours = {**ENVIRONMENT, "PATH": os.pathsep.join([str(BIN), ENVIRONMENT["PATH"]])}
    for target in ("app-setup", "train-local"):
        subprocess.run(["make", target], cwd=repository, check=True, capture_output=True, env=ours)
    # One core for the predictor, and another, where there is one, for whoever asks.
    first, *others = sorted(os.sched_getaffinity(0))
    python = repository / ".venv-app" / "bin" / "python"
    load = [python, "tests/app/load.py", "--rate", str(RATE), "--seconds", str(WINDOW_SECONDS)]
    asker = ["taskset", "--cpu-list", str(others[-1] if others else first), *load]
    with predictor(repository, python, first) as (url, waited):
        before = waited()
        windows = [
            json.loads(subprocess.check_output([*asker, "--url", url], cwd=repository, env={**ours, "PYTHONPATH": "."}))
            for _ in range(WINDOWS)
        ]
        waiting = waited() - before
    p99 = [window["p99_ms"] for window in windows]
    requests, errors = (sum(window[of] for window in windows) for of in ("requests", "errors"))
    say(f"predictor on one core, {RATE} requests a second: p99, ms (worst)", f"{middle(p99)} ({max(p99)})", "20")
    say(f"errors in {requests:.0f} requests", f"{errors:.0f}", "0")
    # Of its own doing it hardly waits: what stands here is what others took from it.
    state = f"{waiting:.1f}, {os.getloadavg()[1]:.1f} on {len(others) + 1}"
    say("seconds that it waited for its core meanwhile, and the machine's load", state, "none")


def middle(figures: list[float]) -> float:
    """The median, as it was measured: the worse of the two in the middle."""
    return statistics.median_high(figures)


@contextmanager
def predictor(repository: Path, python: Path, core: int) -> Iterator[tuple[str, Callable[[], float]]]:
    """Runs the predictor on one core, with one thread for the sums as in its image, once it has its model.

    Gives its address, and what tells for how many seconds its main thread could have worked, and had no core.
    """
    url = "http://127.0.0.1:8089"
    command = [
        "taskset",
        "--cpu-list",
        str(core),
        python,
        "-m",
        "app",
        "serve",
        "--port",
        url[-4:],
        "--drain-seconds=0",
    ]
    alone = {**ENVIRONMENT, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with (repository / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=repository, env=alone, stdout=log, stderr=log)
    account = Path("/proc") / str(process.pid) / "schedstat"
    try:
        while not ready(url):
            if process.poll() is not None:
                sys.exit((repository / "log").read_text())
            time.sleep(0.2)
        yield url, lambda: int(account.read_text().split()[1]) / 1e9
    finally:
        process.terminate()
        process.wait()


def ready(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
    except (urllib.error.URLError, TimeoutError):
        return False
    return True


PARTS = {"tool": bench_tool, "predictor": bench_predictor}


def main() -> None:
    wrong = sorted(set(sys.argv[1:]) - set(PARTS))
    if wrong:
        print(
            f"There are no figures of {', '.join(wrong)}. PARTS is one or more of: {' '.join(PARTS)}", file=sys.stderr
        )
        sys.exit(2)
    work = Path(tempfile.mkdtemp(prefix="bench-"))
    for part in sys.argv[1:] or PARTS:
        PARTS[part](work)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
