"""The files that a piece of source code needs: the closure of its imports over the registered packages."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

CLUSTER_SDK = "pulumi_kubernetes"
"""What a block imports when it runs inside the cluster."""


@cache
def _imports(path: Path, module: str, *, late: bool = True) -> frozenset[str]:
    """The absolute names that a file imports, each ``from`` both as a module and as a module of a package.

    Args:
        path: the file.
        module: its dotted name.
        late: whether what is imported inside of a function counts; it may run elsewhere, in an image of its own.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    tree = _parse(path)
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(names)


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def _file(name: str, roots: Mapping[str, Path]) -> tuple[PurePosixPath, Path] | None:
    """Where a module of a registered package lies: its path in a repository, and on this machine."""
    top, *rest = name.split(".")
    if top not in roots:
        return None
    for relative in (PurePosixPath(*rest, "__init__.py"), PurePosixPath(*rest).with_suffix(".py") if rest else None):
        if relative and (path := roots[top] / relative).is_file():
            return PurePosixPath(top) / relative, path
    return None


def modules(names: Iterable[str], roots: Mapping[str, Path]) -> Mapping[PurePosixPath, Path]:
    """Every file of the registered packages that some modules need, themselves included.

    Args:
        names: the modules' dotted names.
        roots: top-level package name to its folder; what lies outside of them is somebody else's to install.

    Returns:
        Path in a repository to path on this machine, sorted.
    """
    found: dict[PurePosixPath, Path] = {}
    queue = list(names)
    while queue:
        name = queue.pop()
        parents = name.split(".")
        candidates = [".".join(parents[: length + 1]) for length in range(len(parents))]
        for candidate in candidates:
            if (file := _file(candidate, roots)) and file[0] not in found:
                found[file[0]] = file[1]
                queue += _imports(file[1], candidate)
    return dict(sorted(found.items()))


def outside(names: Iterable[str], roots: Mapping[str, Path]) -> Iterator[str]:
    """The top-level packages that some modules need to be imported, and the registered packages do not hold."""
    for relative, path in modules(names, roots).items():
        dotted = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        tops = {name.split(".")[0] for name in _imports(path, dotted, late=False)}
        yield from sorted(tops - roots.keys())


def runs_in_cluster(module: str, roots: Mapping[str, Path]) -> bool:
    """Whether a block belongs to the cluster program: it, or what it imports, speaks to Kubernetes."""
    return CLUSTER_SDK in outside([module], roots)
