"""Reads the packages of building blocks as text: what their classes say, and which files they need.

Nothing is imported: a block that fails, or an SDK that takes long, is described all the same. Only a settings class is
run, with the few statements of its module that it refers to, for what it allows cannot be read off.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_scaffold.errors import ScaffoldError

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Library:
    """The modules of some packages.

    Args:
        packages: dotted name of each package to its folder; what lies outside of them is somebody else's.
    """

    def __init__(self, packages: Mapping[str, Path]) -> None:
        self._bases: dict[str, list[Path]] = {}
        for name, folder in packages.items():
            top, *inner = name.split(".")
            base = folder.parents[len(inner)]
            if base not in self._bases.setdefault(top, []):
                self._bases[top].append(base)
        self._modules: dict[str, Module | None] = {}
        self._found: dict[str, Class | None] = {}

    def module(self, name: str) -> Module | None:
        """A module of the packages, or None."""
        if name not in self._modules:
            self._modules[name] = next(self._look_for(name), None)
        return self._modules[name]

    def _look_for(self, name: str) -> Iterator[Module]:
        place = PurePosixPath(*name.split("."))
        for base in self._bases.get(name.split(".")[0], []):
            for relative in (place / "__init__.py", place.with_suffix(".py")):
                if (base / relative).is_file():
                    yield Module(self, name, relative, base / relative)

    def find(self, name: str) -> Class | None:
        """The class of a dotted name, wherever it is defined, or None if that is outside of the packages."""
        if name not in self._found:
            self._found[name] = None  # Whoever asks for it meanwhile goes round in a circle.
            holder, _, own = name.rpartition(".")
            if module := self.module(holder):
                self._found[name] = module.find(own)
        return self._found[name]

    def closure(self, names: Iterable[str]) -> Mapping[PurePosixPath, Path]:
        """Every file that some modules need, themselves included: path in a repository to path here, sorted."""
        return dict(sorted((module.relative, module.path) for module in self.reached(names)))

    def reached(self, names: Iterable[str], *, late: bool = True) -> Iterable[Module]:
        """Every module that some modules need, themselves included.

        Args:
            names: dotted names.
            late: whether what a function imports while it runs counts too.
        """
        found: dict[str, Module] = {}
        queue = list(names)
        while queue:
            parts = queue.pop().split(".")
            for name in (".".join(parts[: length + 1]) for length in range(len(parts))):
                if name not in found and (module := self.module(name)):
                    found[name] = module
                    queue += module.imports if late else module.early_imports
        return found.values()

    def outside(self, names: Iterable[str]) -> Mapping[str, Module]:
        """The top-level packages that some modules import when they are imported, and that are none of ours, sorted.

        Each with the first module that imports it.
        """
        found: dict[str, Module] = {}
        for module in self.reached(names, late=False):
            for name in module.early_imports:
                found.setdefault(name.partition(".")[0], module)
        return {top: found[top] for top in sorted(found.keys() - self._bases.keys())}


@lru_cache(1000)
def _parsed(source: bytes) -> ast.Module:
    """A warm process looks at the same files again and again."""
    return ast.parse(source)


@dataclass(frozen=True, eq=False)
class Module:
    """One file of a package."""

    library: Library
    name: str
    relative: PurePosixPath
    """Its path in a repository."""
    path: Path
    """Its path on this machine."""

    @cached_property
    def tree(self) -> ast.Module:
        """Its source, parsed."""
        try:
            return _parsed(self.path.read_bytes())
        except OSError as error:
            raise ScaffoldError(f"cannot read the file: {error.strerror}", where=str(self.path)) from error
        # Python's parser answers what is nested too deeply with one of the last two.
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            line = getattr(error, "lineno", None) or 1
            what = getattr(error, "msg", str(error))
            raise ScaffoldError(f"this is not Python: {what}", where=f"{self.path}:{line}") from error

    def refuse_stars(self) -> None:
        """Refuses ``from … import *``: which names it brings, only running it could tell.

        Raises:
            ScaffoldError: names its line.
        """
        for node in _statements(self.tree.body, _is_top_level):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                raise ScaffoldError(
                    f"{self.name} imports *, and what that brings cannot be read",
                    where=f"{self.path}:{node.lineno}",
                    then=f"import by name: from {'.' * node.level}{node.module or ''} import …",
                )

    @cached_property
    def imports(self) -> frozenset[str]:
        """The dotted names that it imports anywhere, each ``from`` both as a module and as a name in one.

        What is imported inside of a function counts: it may run elsewhere, in an image of its own.
        """
        return frozenset(self._named(_statements(self.tree.body, lambda _: True)))

    @cached_property
    def early_imports(self) -> frozenset[str]:
        """Those that importing it imports."""
        return frozenset(self._named(_statements(self.tree.body, _runs_at_once)))

    def _named(self, nodes: Iterable[ast.AST]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield self._absolute(node)
                yield from (f"{self._absolute(node)}.{alias.name}" for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])

    @cached_property
    def _meanings(self) -> Mapping[str, ast.stmt]:
        """The statement that gives each name of the module its meaning."""
        found: dict[str, ast.stmt] = {}
        for node in _statements(self.tree.body, _is_top_level):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found[name] = node
                case ast.Assign(targets=targets):
                    found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
                case ast.AnnAssign(target=ast.Name(id=name)):
                    found[name] = node
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    found |= {alias.asname or alias.name.split(".")[0]: node for alias in names}
        return found

    def _origin(self, name: str) -> str | None:
        """What an imported name stands for, dotted."""
        node = self._meanings.get(name)
        if isinstance(node, ast.Import):
            return next((alias.name for alias in node.names if alias.asname == name), name)
        if isinstance(node, ast.ImportFrom):
            there = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
            return f"{self._absolute(node)}.{there}"
        return None

    @property
    def classes(self) -> Sequence[Class]:
        """The classes that it defines."""
        return [Class(self, node) for node in self._meanings.values() if isinstance(node, ast.ClassDef)]

    def find(self, name: str) -> Class | None:
        """The class that a name (``Storage``, ``storage.Storage``) stands for in this module."""
        first, *rest = name.split(".")
        node = self._meanings.get(first)
        if isinstance(node, ast.ClassDef) and not rest:
            return Class(self, node)
        origin = self._origin(first)
        return self.library.find(".".join([origin, *rest])) if origin else None

    def choices(self, annotation: str) -> Sequence[Any]:
        """The values that a ``Literal`` allows, or a name that stands for one; none of any other annotation."""
        node = ast.parse(annotation, mode="eval").body
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Literal":
            values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return [value.value for value in values if isinstance(value, ast.Constant)]
        holder, _, name = (self._origin(annotation) or "").rpartition(".")
        if module := self.library.module(holder):
            return module.choices(name)
        statement = self._meanings.get(annotation)
        return self.choices(ast.unparse(statement.value)) if isinstance(statement, ast.Assign) else []

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {"__name__": self.name}

    def value(self, name: str) -> Any:
        """What a name is once its statement, and before it those that it refers to, have been run; no others are."""
        statement = self._meanings[name]
        if name in self._values:
            return self._values[name]
        self._values[name] = None  # A statement that refers to itself does so when it has been run.
        holder, _, there = (self._origin(name) or "").rpartition(".")
        if module := self.library.module(holder):
            self._values[name] = module.value(there)
            return self._values[name]
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in self._meanings:
                self.value(node.id)
        # Without the module's own «from __future__ import annotations»: all that an annotation names is there.
        code = compile(ast.Module([statement], []), str(self.path), "exec", dont_inherit=True)
        exec(code, self._values)  # noqa: S102 (an installed package's own source)
        return self._values[name]


@dataclass(frozen=True)
class Class:
    """A class as its source has it."""

    module: Module
    node: ast.ClassDef

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @property
    def where(self) -> str:
        """``file:line`` of its definition."""
        return f"{self.module.path}:{self.node.lineno}"

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return summary(self.node)

    @cached_property
    def bases(self) -> Sequence[Class]:
        """The classes that it extends, as far as the packages define them."""
        return [found for base in self.node.bases if (found := self.module.find(ast.unparse(base)))]

    @cached_property
    def ancestors(self) -> Sequence[Class]:
        """Itself and all that it extends, in the order in which Python looks for an attribute."""
        found = [self, *(ancestor for base in self.bases for ancestor in base.ancestors)]
        # One that is reached twice comes after all that extend it.
        return list(reversed(dict.fromkeys(reversed(found))))

    def extends(self, other: Class) -> bool:
        """Whether it is another class, or a subclass of it."""
        return other in self.ancestors

    def method(self, name: str) -> tuple[Class, Function] | None:
        """A method, and the class that has it."""
        for ancestor in self.ancestors:
            for node in ancestor.node.body:
                if isinstance(node, Function) and node.name == name:
                    return ancestor, node
        return None

    @cached_property
    def abstract(self) -> Sequence[str]:
        """The names of the methods that it promises and does not have."""
        methods = [node for base in self.ancestors for node in base.node.body if isinstance(node, Function)]
        # Of those with one name the first is what the class has.
        first = {node.name: node for node in reversed(methods)}
        return sorted(name for name, node in first.items() if _is_abstract(node))

    @cached_property
    def constants(self) -> Mapping[str, Any]:
        """The plain values that its body assigns, inherited ones too."""
        found: dict[str, Any] = {}
        for ancestor in reversed(self.ancestors):
            for node in ancestor.node.body:
                match node:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                        found[name] = value
                    case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                        found[name] = value
        return found

    def texts(self, name: str) -> Sequence[str]:
        """The texts that its body, or that of what it extends, lists under a name; empty where none does.

        Raises:
            ScaffoldError: what stands there is no list of plain texts.
        """
        for ancestor in self.ancestors:
            for node in ancestor.node.body:
                match node:
                    case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                        return _texts(value, ancestor, name)
                    case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                        return _texts(value, ancestor, name)
        return ()

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        """Its own annotated attributes, name to annotation."""
        nodes = [node for node in self.node.body if isinstance(node, ast.AnnAssign)]
        return {node.target.id: ast.unparse(node.annotation) for node in nodes if isinstance(node.target, ast.Name)}

    @cached_property
    def descriptions(self) -> Mapping[str, str]:
        """The docstring under each of its attributes, inherited ones too."""
        found: dict[str, str] = {}
        for ancestor in reversed(self.ancestors):
            body = ancestor.node.body
            for statement, following in pairwise(body):
                match statement, following:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = " ".join(text.split())
        return found

    def load(self) -> Any:
        """The class itself, having run of its module only what it needs.

        Raises:
            ScaffoldError: that fails.
        """
        try:
            return self.module.value(self.name)
        except (Exception, SystemExit) as error:
            first = str(error).partition("\n")[0]
            raise ScaffoldError(
                f"{self.name} cannot be loaded: {type(error).__name__}: {first}", where=self.where
            ) from error


def summary(node: ast.Module | Definition) -> str:
    """The first line of a docstring; empty if there is none."""
    return (ast.get_docstring(node) or "").partition("\n")[0]


def signature(method: Function) -> str:
    """A method as it is called: its name, its parameters but for the first, and what it returns."""
    arguments = ast.unparse(method.args).partition(", ")[2]
    return f"{method.name}({arguments}){f' -> {ast.unparse(method.returns)}' if method.returns else ''}"


def _texts(value: ast.expr, cls: Class, name: str) -> Sequence[str]:
    items = value.elts if isinstance(value, ast.Tuple | ast.List) else [None]
    found = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if len(found) != len(items):
        raise ScaffoldError(
            f"{cls.name}.{name} cannot be read: it is no list of plain texts",
            where=f"{cls.module.path}:{value.lineno}",
            allowed=f'{name} = ("service:Action", ...), written out',
        )
    return found


def _is_abstract(method: Function) -> bool:
    return any(ast.unparse(decorator).rpartition(".")[2] == "abstractmethod" for decorator in method.decorator_list)


def _statements(body: Iterable[ast.stmt], enter: Callable[[ast.stmt], bool]) -> Iterator[ast.stmt]:
    """The statements of a body, and those inside of the ones that ``enter`` says yes to."""
    for node in body:
        yield node
        if enter(node):
            inner = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
            for block in (node, *inner):
                for part in ("body", "orelse", "finalbody"):
                    yield from _statements(getattr(block, part, []), enter)


def _is_top_level(node: ast.stmt) -> bool:
    """Whether what stands in a statement belongs to the module: ``if`` and ``try``, but no function."""
    return not isinstance(node, Definition)


def _runs_at_once(node: ast.stmt) -> bool:
    """Whether what stands in a statement runs when its module is imported; a type checker's imports do not."""
    checks_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    return not isinstance(node, Function) and not checks_types
