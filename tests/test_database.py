"""The numbers of the database, against those of RDS."""

from __future__ import annotations

import pytest

from mlops_stacks.component import Size
from mlops_stacks.database import DatabaseSettings
from mlops_stacks.database.aws import MACHINES, alarms


@pytest.mark.parametrize("size", MACHINES)
def test_a_machine_lets_in_no_more_than_rds_would(size: Size) -> None:
    """RDS User Guide, *Quotas and constraints*: a connection for 9,531,392 bytes of what it leaves to the server."""
    machine = MACHINES[size]

    assert machine.connections <= 0.85 * machine.memory_gb * 2**30 / 9531392
    assert alarms(DatabaseSettings(size=size))["connections"].threshold == 0.8 * machine.connections


@pytest.mark.parametrize("size", MACHINES)
def test_a_disk_that_can_still_grow_raises_no_alarm(size: Size) -> None:
    """RDS User Guide, *Managing capacity automatically*: it grows once a tenth has been free for five minutes."""
    storage = alarms(DatabaseSettings(size=size, storage_gb=100))["storage"]

    assert storage.threshold <= 100 * 2**30 / 10
    assert storage.minutes > 5
