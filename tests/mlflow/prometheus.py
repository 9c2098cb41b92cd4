"""Prometheus and its Pushgateway, for real: they watch what runs on this machine."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from services import LOCALHOST, free_port, process, status, until


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    url: str

    def ask(self, query: str) -> Sequence[tuple[dict[str, str], float]]:
        """What a query yields now: the labels and the value of each series."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
        return [(series["metric"], float(series["value"][1])) for series in found]


@contextmanager
def prometheus(folder: Path, rules: Path, *targets: str) -> Iterator[Prometheus]:
    """Runs a Prometheus that reads its targets, and judges by the rules, every second."""
    port = free_port()
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "pods", "static_configs": [{"targets": list(targets)}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    options = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address={LOCALHOST}:{port}",
    ]
    with running("prometheus", options, folder, port) as url:
        yield Prometheus(url)


@contextmanager
def pushgateway(folder: Path, arguments: Sequence[str], port: int) -> Iterator[str]:
    """Runs a Pushgateway as its container would; gives its address."""
    with running("prometheus-pushgateway", list(arguments), folder, port) as url:
        yield url


@contextmanager
def running(program: str, options: list[str], folder: Path, port: int) -> Iterator[str]:
    """Runs a server of the Prometheus project until it is ready; gives its address."""
    if (found := shutil.which(program)) is None:
        pytest.skip(f"{program} is not installed: apt-get install {program}")
    url, log = f"http://{LOCALHOST}:{port}", folder / f"{program}.log"
    with process([found, *options], {}, folder, log) as server:
        until(lambda: server.poll() is not None or status(f"{url}/-/ready") == 200, f"{program} is not ready")
        assert server.poll() is None, log.read_text()
        yield url
