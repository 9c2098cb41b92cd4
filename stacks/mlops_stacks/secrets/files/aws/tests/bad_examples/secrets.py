"""What breaks the rules for secrets."""

from __future__ import annotations

from bad_examples import plan, resource

EXAMPLES = {
    "entries_are_encrypted_with_our_own_key": [plan(resource("aws:secretsmanager/secret:Secret"))],
    "entries_are_filled_by_people": [plan(resource("aws:secretsmanager/secretVersion:SecretVersion"))],
}
