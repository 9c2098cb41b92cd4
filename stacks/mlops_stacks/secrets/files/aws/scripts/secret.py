"""Puts a value into an entry of Secrets Manager, or says which entries have one.

    secret.py ENVIRONMENT
    secret.py ENVIRONMENT NAME

The value is typed or pasted where nobody sees it, and goes to AWS's command line through a pipe: it is in no file, no
list of processes, no shell's history, and no state of Pulumi's.
"""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def main(environment: str, name: str | None = None) -> None:
    """Fills the entry, or lists all of them when there is no name."""
    references = json.loads(run("pulumi", "stack", "output", "secrets.references", "--json", "--stack", environment))
    if name is None:
        for entry, reference in references.items():
            print(f"{entry:20}{state(reference) or f'empty: make secret NAME={entry} ENV={environment}'}")
        return
    if name not in references:
        sys.exit(f"Say which entry, as in 'make secret NAME=slack'. {environment} has: {', '.join(references)}")
    value = getpass.getpass(f"The value of {name} in {environment}, which is not shown: ").strip()
    if not value:
        sys.exit("Nothing was entered, and nothing has changed.")
    # The command line reads the value from its standard input, under the name of a file.
    aws(references[name], "put-secret-value", "--secret-string", "file:///dev/stdin", given=value)
    print(f"{name} in {environment} has a new value of {len(value)} characters. Pods have it within five minutes.")


def state(reference: str) -> str | None:
    """Since when an entry has the value that counts; none for one that is empty."""
    versions: Sequence[Mapping[str, Any]] = aws(reference, "list-secret-version-ids")["Versions"]
    current = [version for version in versions if "AWSCURRENT" in version["VersionStages"]]
    return f"filled {current[0]['CreatedDate']}" if current else None


def aws(reference: str, command: str, *options: str, given: str | None = None) -> Mapping[str, Any]:
    """What Secrets Manager answers about an entry, in the region that its ARN names."""
    region = reference.split(":")[3]
    call = ["aws", "secretsmanager", command, "--secret-id", reference, "--region", region, "--output", "json"]
    return json.loads(run(*call, *options, given=given))


def run(*command: str, given: str | None = None) -> str:
    """Runs a command and returns what it prints; ends the script when the command fails, with its own words."""
    try:
        return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"the command '{command[0]}' is missing: docs/backend.md says where to get it")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
