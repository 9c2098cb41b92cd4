"""Whether what holds data is on a repository's list of names that are never changed."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_scaffold.preview.plan import Finding, Program
from mlops_scaffold.preview.repository import Repository


def check(repository: Repository, program: Program) -> Iterator[Finding]:
    """A warning for each resource that is protected and not promised; the repository's own test fails on it."""
    promised = repository.promises
    if promised is None:
        return
    for resource in program.made:
        name = f"{resource['type']}::{resource['name']}"
        if resource["protect"] and name not in promised:
            file = f"tests/promises/{program.component(resource) or resource['name']}.txt"
            yield Finding(
                "warning",
                "not-promised",
                f"it is kept, and nothing promises its name: add the line '{name}' to {file} (a block brings that file "
                "in its files/)",
                urn=resource["urn"],
                source=resource.get("source"),
            )
