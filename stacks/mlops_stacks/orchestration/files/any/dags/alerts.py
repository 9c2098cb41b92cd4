"""Tells Alertmanager of a run that has failed for good, and takes it back when a later one succeeds.

A pipeline names both functions, `@dag(on_failure_callback=failed, on_success_callback=succeeded)`. Airflow calls one of
them once a run, after the last retry, in the DAG processor and not in a task's pod: so also when that pod died without
a word. Whom they do not reach stands in the DAG processor's log; on a platform without monitoring they do nothing.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

RUNBOOK = "docs/runbooks/a-dag-failed.md"

KEPT = timedelta(days=7)
"""How long the alert stands if no run succeeds: as long as a ticket may wait."""

SECONDS = 5
"""How long each Alertmanager may take. Airflow gives a callback, with the reading of its file, 50."""

log = logging.getLogger(__name__)


def failed(context: Mapping[str, Any]) -> None:
    """Says that a run has failed; of another one of the same pipeline it is the same alert."""
    task = context.get("task_instance")
    tell(
        context,
        KEPT,
        summary=f"The pipeline {context['dag'].dag_id} has failed",
        description=f"Run {context['run_id']}, {task.task_id if task else 'no task'}: {context.get('reason', '')}.",
        runbook=RUNBOOK,
    )


def succeeded(context: Mapping[str, Any]) -> None:
    """Ends the alert of an earlier run, if there is one."""
    tell(context, timedelta())


def tell(context: Mapping[str, Any], lasts: timedelta, **annotations: str) -> None:
    """Tells every Alertmanager how long the alert of a pipeline still stands. Whom it does not reach, it logs."""
    if not (url := os.environ.get("ALERTMANAGER_URL")):
        return
    labels = {"alertname": "PipelineFailed", "severity": "ticket", "dag_id": context["dag"].dag_id}
    now = datetime.now(UTC)
    alert = {
        "labels": {**json.loads(os.environ["ALERT_LABELS"]), **labels},
        "annotations": annotations,
        # Without a start, it would start when it ends.
        "startsAt": now.isoformat(),
        "endsAt": (now + lasts).isoformat(),
    }
    place = urlsplit(url)
    try:
        found = socket.getaddrinfo(place.hostname, place.port, type=socket.SOCK_STREAM)
    except OSError:
        log.exception("Alertmanager has no address: %s", url)
        return
    # Each replica, for they do not pass alerts on to each other.
    for address in sorted({str(where[0]) for *_, where in found}):
        connection = HTTPConnection(address, place.port, timeout=SECONDS)
        try:
            connection.request("POST", "/api/v2/alerts", json.dumps([alert]), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                log.error("Alertmanager at %s refuses: %s %s", address, answer.status, answer.read())
        except (OSError, HTTPException):
            log.exception("Alertmanager at %s does not answer", address)
        finally:
            connection.close()
