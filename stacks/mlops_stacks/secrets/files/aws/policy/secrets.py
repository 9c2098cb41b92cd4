"""The rules for secrets. After each, the check of Checkov that asks for the same."""

from __future__ import annotations

from collections.abc import Iterator

from policy import Plan


def entries_are_encrypted_with_our_own_key(plan: Plan) -> Iterator[str]:
    """Every entry of Secrets Manager uses our key (CKV_AWS_149)."""
    for entry in plan.of("aws:secretsmanager/secret:Secret"):
        if "kmsKeyId" not in entry.inputs:
            yield f"the entry {entry.name} is not encrypted with a key of ours"


def entries_are_filled_by_people(plan: Plan) -> Iterator[str]:
    """No program puts a value into an entry (AWS Well-Architected SEC02-BP03).

    It would be in the state, and could overwrite what somebody brought.
    """
    for version in plan.of("aws:secretsmanager/secretVersion:SecretVersion"):
        yield f"{version.name} puts a value into an entry: leave that to 'make secret'"
