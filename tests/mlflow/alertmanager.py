"""Alertmanager, for real, with the platform's own configuration."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from services import LOCALHOST, free_port, process, status, until

from mlops_stacks.monitoring import MonitoringSettings
from mlops_stacks.monitoring.kubernetes import SECRETS, routing


@dataclass(frozen=True)
class Alertmanager:
    """A running server."""

    url: str

    def tell(self, *alerts: Mapping[str, Any]) -> None:
        """Sends it alerts."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", json.dumps(alerts).encode(), headers)
        urllib.request.urlopen(request, timeout=10).close()

    def alerts(self) -> Sequence[dict[str, Any]]:
        """Those that are not over, each with the receivers that it goes to."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)


def write(settings: MonitoringSettings, folder: Path, address: str = "http://127.0.0.1:9") -> Path:
    """Writes the configuration, with the secrets' files in a folder of the test."""
    for entry in (settings.slack, settings.pagerduty, settings.heartbeat):
        if entry:
            (folder / entry).write_text(f"{address}/{entry}")
    configuration = json.loads(json.dumps(routing(settings)).replace(SECRETS, str(folder)))
    configuration["global"] = {"pagerduty_url": f"{address}/pagerduty"}
    for receiver in configuration["receivers"]:
        for webhook in receiver.get("webhook_configs", []):
            # Alertmanager reads the address from a file since 0.26; Debian 12 has 0.25.
            webhook["url"] = Path(webhook.pop("url_file")).read_text()
    file = folder / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(configuration))
    return file


@contextmanager
def alertmanager(folder: Path, file: Path) -> Iterator[Alertmanager]:
    """Runs one that nobody shares alerts with; a test that needs it never passes without."""
    if (program := shutil.which("prometheus-alertmanager")) is None:
        pytest.fail("prometheus-alertmanager is missing: apt-get install prometheus-alertmanager, as .ci/run does")
    port = free_port()
    url = f"http://{LOCALHOST}:{port}"
    options = [f"--config.file={file}", f"--web.listen-address={LOCALHOST}:{port}", "--cluster.listen-address="]
    command = [program, *options, f"--storage.path={folder / 'alertmanager'}"]
    with process(command, os.environ, folder, folder / "alertmanager-log"):
        until(lambda: status(f"{url}/-/ready") == 200, "Alertmanager is not ready")
        yield Alertmanager(url)
