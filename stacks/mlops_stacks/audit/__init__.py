"""Audit: the record of what was done, by whom, and what looks like an attack."""

from __future__ import annotations

from typing import Literal

from pulumi import Output
from pydantic import Field

from mlops_stacks.component import Addresses, Component, Settings


class AuditSettings(Settings):
    """What is recorded, how long it stays, and who could shorten that.

    The first three concern the whole account, so one environment of an account has them on: a second one would pay for
    a second copy of the record, and is refused a second detector or recorder.
    """

    whole_account: bool = True
    """Whether to record what is done to the resources of the whole account, in every region."""
    detect_threats: bool = False
    """Whether to have the record, the traffic and the cluster watched for attacks (GuardDuty on AWS)."""
    record_configuration: bool = False
    """Whether to keep how each resource of the account was configured, and when (Config on AWS)."""
    recipients: Addresses = Field(default=(), max_length=10)
    """The e-mail addresses that hear of what ``detect_threats`` finds. Each must confirm a first message."""
    objects: Literal["all", "changes"] = "all"
    """Which requests to the objects in our own buckets to record: all, or without those that only read."""
    days: int = Field(default=400, ge=90, le=3650)
    """Days to keep the record of what was done: a year, and time to look back at it."""
    lock: Literal["none", "governance", "compliance"] = "governance"
    """Who may delete a record earlier: whoever may delete, who has a right of its own for that, or nobody at all."""
    protected: bool = True
    """Whether ``destroy`` refuses to delete the record, and stops while there is something in it."""


class Audit(Component):
    """A record of what was done and by whom, that nobody can change, and a watch over it."""

    token = "mlops:platform:Audit"

    records_url: Output[str]
    """The bucket of the records, as a URL (``s3://…``, ``gs://…``)."""
    trail: Output[str]
    """What writes them, by the name that the cloud's command line wants: an ARN on AWS."""
