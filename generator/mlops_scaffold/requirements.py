"""A repository's lock, and what its programs import beyond it: a plugin may need more than our own blocks do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions, version

from mlops_scaffold.source import Module

DISTRIBUTIONS = {"yaml": "pyyaml"}
"""Of what every repository has, the packages whose distribution has another name. Python can tell, but takes a tenth of
the time of ``new`` for it."""


def unlocked(lock: str, imported: Mapping[str, Module]) -> Iterator[str]:
    """What is imported and not locked, each with who imports it and what to do.

    Args:
        lock: the text of a ``requirements.txt``.
        imported: the name of each package from outside to a module that imports it.
    """
    locked = {_normal(line.partition("==")[0]) for line in lock.splitlines() if "==" in line}
    strange = [
        name
        for name in imported
        if name not in sys.stdlib_module_names and _normal(DISTRIBUTIONS.get(name, name)) not in locked
    ]
    known = packages_distributions() if strange else {}
    for name in strange:
        bringing = known.get(name, [name])
        if not {_normal(distribution) for distribution in bringing} & locked:
            importer = imported[name].name
            owners = [f"{owner} {version(owner)}: " for owner in known.get(importer.partition(".")[0], [])[:1]]
            yield (
                f"{''.join(owners)}{importer} imports '{name}', which requirements.txt does not hold: "
                f"name {bringing[0]} in the dependencies of pyproject.toml, and run 'make lock'"
            )


def _normal(name: str) -> str:
    return name.strip().lower().replace("-", "_")
