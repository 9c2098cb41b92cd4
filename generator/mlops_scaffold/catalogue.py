"""What can be built: the capabilities, blocks and blueprints of every installed package, read by reflection.

Nothing is declared twice: the capability is the folder, the variant is the file, the summary is the first line of the
docstring, the needs are the constructor's keyword-only parameters. A name is imported when it is asked for.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import types
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path, PurePosixPath

from pydantic.errors import PydanticUserError

from mlops_scaffold import closure, document
from mlops_scaffold.document import Document
from mlops_scaffold.errors import ScaffoldError, unknown
from mlops_stacks.component import Component, Settings


@dataclass(frozen=True)
class Need:
    """A wire: a component that a block takes."""

    contract: type[Component]
    optional: bool


@dataclass(frozen=True)
class Block:
    """One component class of a package."""

    capability: str
    variant: str
    cls: type[Component]
    needs: Mapping[str, Need]
    """Keyword to need, in the constructor's order."""
    settings: type[Settings]
    in_cluster: bool
    """Whether it belongs to the cluster program."""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return _summary(self.cls)

    @property
    def files(self) -> Mapping[PurePosixPath, Path]:
        """What it adds to a repository, by path there: its own, and what the component that it extends adds.

        They lie in ``files/any`` and ``files/<variant>`` beside the module.
        """
        found: dict[PurePosixPath, Path] = {}
        for base in reversed(self.cls.__mro__):
            if base is Component or not issubclass(base, Component):
                continue
            module = Path(inspect.getfile(base))
            for folder in (module.parent / "files" / "any", module.parent / "files" / module.stem):
                for path in sorted(folder.rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        found[PurePosixPath(path.relative_to(folder))] = path
        return found


@dataclass(frozen=True)
class Package:
    """An installed package of building blocks."""

    name: str
    folder: Path
    distribution: str
    """Name and version of what installed it."""


class Catalogue:
    """The building blocks and blueprints of every installed package."""

    def __init__(self, stacks: Sequence[EntryPoint], blueprints: Sequence[EntryPoint]) -> None:
        self.problems: list[str] = []
        """Packages that could not be read, each with its name, version and cause."""
        self.packages = [*self._packages(stacks)]
        self._blueprints = [*self._packages(blueprints)]

    @classmethod
    def installed(cls) -> Catalogue:
        """The catalogue of this environment, by entry points."""
        return cls(
            sorted(entry_points(group="mlops_scaffold.stacks"), key=lambda point: point.value),
            sorted(entry_points(group="mlops_scaffold.blueprints"), key=lambda point: point.value),
        )

    def _packages(self, points: Sequence[EntryPoint]) -> Iterator[Package]:
        seen: set[str] = set()
        for point in points:
            name = f"{point.dist.name} {point.dist.version}" if point.dist else point.name
            try:
                module = importlib.import_module(point.value)
                folder = Path(next(iter(module.__path__)))
            except Exception as error:
                self.problems.append(f"{name}: cannot load '{point.value}': {type(error).__name__}: {error}")
                continue
            if point.value not in seen:
                seen.add(point.value)
                yield Package(point.value, folder, name)

    @cached_property
    def roots(self) -> Mapping[str, Path]:
        """Top-level name of each package of blocks to its folder."""
        return {
            package.name.split(".")[0]: package.folder.parents[package.name.count(".") - 1]
            if "." in package.name
            else package.folder
            for package in self.packages
        }

    # -- blocks -------------------------------------------------------------------------------------

    @cached_property
    def _modules(self) -> Mapping[str, Mapping[str, tuple[Package, str]]]:
        """Capability to variant to the package and module that hold it; the variant '' is the contract.

        A file whose name begins with an underscore is a block's own helper, and no variant.
        """
        found: dict[str, dict[str, tuple[Package, str]]] = {}
        for package in self.packages:
            for path in sorted(package.folder.glob("*/*.py")):
                capability, variant = path.parent.name, path.stem
                if variant == "__init__":
                    if not _defines_contract(path):
                        continue
                    variant, module = "", f"{package.name}.{capability}"
                elif variant.startswith("_"):
                    continue
                else:
                    module = f"{package.name}.{capability}.{variant}"
                variants = found.setdefault(capability, {})
                if variant in variants:
                    raise ScaffoldError(
                        f"two packages define '{capability}{'.' if variant else ''}{variant}'",
                        where=f"{variants[variant][0].distribution} and {package.distribution}",
                        then="rename one of them, or uninstall it",
                    )
                variants[variant] = (package, module)
        return found

    @property
    def capabilities(self) -> Sequence[str]:
        """The names of all capabilities."""
        return sorted(self._modules)

    def summary(self, capability: str) -> str:
        """The first line of a capability's docstring."""
        return _summary(_load(*self._modules[capability][""]))

    def variants(self, capability: str) -> Sequence[str]:
        """The names of a capability's components."""
        return sorted(variant for variant in self._modules[capability] if variant)

    def block(self, capability: str, *, on: str | None, cloud: str, where: str) -> Block:
        """The block that fulfils a capability.

        Args:
            capability: its name.
            on: the variant asked for; unless given, the cloud's, else the one inside the cluster.
            cloud: the cloud.
            where: who asks, for the error message.

        Raises:
            ScaffoldError: there is none, or it cannot be loaded.
        """
        if capability not in self._modules:
            raise unknown("capability", capability, self.capabilities, where)
        there = self.variants(capability)
        if on is not None and on not in there:
            raise unknown(f"variant of '{capability}'", on, there, where)
        variant = on or next((name for name in (cloud, "kubernetes") if name in there), None)
        if variant is None:
            raise ScaffoldError(
                f"'{capability}' has no component for {cloud}",
                where=where,
                allowed=", ".join(there) or f"none; another capability's component fulfils {capability}",
                then="choose one of them with 'on', or leave the capability out",
            )
        package, module = self._modules[capability][variant]
        return self._describe(capability, variant, package, module)

    def blocks(self) -> Iterator[Block]:
        """Every block of every package."""
        for capability in self.capabilities:
            for variant in self.variants(capability):
                package, module = self._modules[capability][variant]
                yield self._describe(capability, variant, package, module)

    def _describe(self, capability: str, variant: str, package: Package, module: str) -> Block:
        loaded = _load(package, module)
        classes = [
            found
            for found in vars(loaded).values()
            if inspect.isclass(found) and issubclass(found, Component) and found.__module__ == module
        ]
        where = f"{loaded.__file__} ({package.distribution})"
        if len(classes) != 1:
            raise ScaffoldError(f"{module} must define one component, not {len(classes)}", where=where)
        cls = classes[0]
        unmet = [name for name in dir(cls) if getattr(getattr(cls, name), "__isabstractmethod__", False)]
        if unmet:
            raise ScaffoldError(
                f"{module}: {cls.__name__} lacks what its contract promises: {', '.join(unmet)}",
                where=where,
                then="write the method; without it a right would silently not be granted",
            )
        try:
            parameters = inspect.signature(cls.__init__, eval_str=True).parameters
            needs = {
                keyword: _need(parameter.annotation)
                for keyword, parameter in parameters.items()
                if parameter.kind is inspect.Parameter.KEYWORD_ONLY and keyword != "opts"
            }
            settings = parameters["settings"].annotation
            if not (inspect.isclass(settings) and issubclass(settings, Settings)):
                raise TypeError("'settings' is not annotated with a subclass of Settings")
            settings.model_rebuild()
        except (KeyError, NameError, TypeError, AttributeError, PydanticUserError) as error:
            raise ScaffoldError(
                f"{module}: the constructor cannot be read: {str(error).splitlines()[0]}",
                where=where,
                allowed="(self, name, settings: Settings, *, wire: Contract, opts: ResourceOptions | None = None)",
            ) from error
        return Block(capability, variant, cls, needs, settings, closure.runs_in_cluster(module, self.roots))

    def contract(self, capability: str) -> type[Component]:
        """The contract of a capability."""
        package, module = self._modules[capability][""]
        classes = [found for found in vars(_load(package, module)).values() if inspect.isclass(found)]
        own = [found for found in classes if issubclass(found, Component) and found.__module__ == module]
        return next(found for found in own if Component in found.__bases__)

    # -- blueprints ---------------------------------------------------------------------------------

    @cached_property
    def _blueprint_files(self) -> Mapping[str, tuple[Package, Path]]:
        found: dict[str, tuple[Package, Path]] = {}
        for package in self._blueprints:
            for path in sorted(package.folder.glob("*.yaml")):
                if path.stem in found:
                    raise ScaffoldError(
                        f"two packages define the blueprint '{path.stem}'",
                        where=f"{found[path.stem][0].distribution} and {package.distribution}",
                        then="rename one of them, or uninstall it",
                    )
                found[path.stem] = (package, path)
        return found

    @property
    def blueprints(self) -> Sequence[str]:
        """The names of all blueprints."""
        return sorted(self._blueprint_files)

    def blueprint(self, name: str, asked_by: str) -> Document:
        """The document of a blueprint.

        Raises:
            ScaffoldError: there is none of that name, or it cannot be read.
        """
        if name not in self._blueprint_files:
            raise unknown("stage" if asked_by == "--stage" else "blueprint", name, self.blueprints, asked_by)
        package, path = self._blueprint_files[name]
        return document.read(path, f"{package.name}/{path.name}")


def _summary(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _defines_contract(path: Path) -> bool:
    """Whether a module defines a direct subclass of Component; read as text, for that is quicker than importing it."""
    try:
        body = ast.parse(path.read_bytes()).body
    except SyntaxError as error:
        raise ScaffoldError(f"this is not Python: {error.msg}", where=f"{path}:{error.lineno}") from error
    bases = [base for node in body if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(getattr(base, "id", getattr(base, "attr", None)) == "Component" for base in bases)


def _load(package: Package, module: str) -> types.ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except Exception as error:
        raise ScaffoldError(
            f"cannot load '{module}': {type(error).__name__}: {error}",
            where=package.distribution,
            then="mend or uninstall the package",
        ) from error


def _need(annotation: object) -> Need:
    arguments = [hint for hint in typing.get_args(annotation) if hint is not types.NoneType]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        if len(arguments) != 1:
            raise TypeError(f"a wire is one contract, or 'Contract | None', not {annotation}")
        return Need(arguments[0], optional=True)
    if not (inspect.isclass(annotation) and issubclass(annotation, Component)):
        raise TypeError(f"a wire is a contract, not {annotation}")
    return Need(annotation, optional=False)
