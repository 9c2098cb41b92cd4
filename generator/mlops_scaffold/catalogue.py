"""What can be built: the capabilities, blocks and blueprints of every installed package, read by reflection.

Nothing is declared twice: the capability is the folder, the variant is the file, the summary is the first line of the
docstring, the needs are the constructor's keyword-only parameters. All of it is read from the source, and none is run.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import mlops_stacks
from mlops_scaffold import document
from mlops_scaffold.document import Document
from mlops_scaffold.errors import ScaffoldError, nearest, unknown
from mlops_scaffold.source import Class, Function, Library, Module, summary

if TYPE_CHECKING:
    from mlops_stacks.component import Settings

FRAMEWORK = "mlops_stacks.component"
"""The module that says what a component and what settings are."""

CLUSTER_SDK = "pulumi_kubernetes"
"""What a block imports, itself or through another module, when it runs inside the cluster."""

IDENTITY = "mlops:platform:Identity"
"""The token of the component that makes CI's roles, and gives them their rights."""

TOKEN = re.compile(r"[\w.-]+:[\w./-]+:\w+")
"""A type in Pulumi, ``package:module:name`` (its reference of ``resourceType``)."""

RESERVED = (
    *("child", "deploy_actions", "deploy_settings", "get_provider", "imported", "keep", "name", "outputs", "publish"),
    *("pulumi_resource_name", "pulumi_resource_type", "register_outputs", "token"),
    *("translate_input_property", "translate_output_property", "urn"),
)
"""What every component has already: attributes of Pulumi's, and of ``mlops_stacks.component.Component``."""

STAGES_TO_COME = ("poc", "seed", "series-b", "enterprise")
"""Stages of the ladder that are not made yet."""


@dataclass(frozen=True)
class Need:
    """A wire: a component that a block takes."""

    contract: Class
    optional: bool


@dataclass(frozen=True)
class Block:
    """One component class of a package."""

    capability: str
    variant: str
    cls: Class
    needs: Mapping[str, Need]
    """Keyword to need, in the constructor's order."""
    settings: Class
    in_cluster: bool
    """Whether it belongs to the cluster program."""
    distribution: str = ""
    """Name and version of what installed it."""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.cls.summary

    @property
    def module(self) -> str:
        """The dotted name of its module."""
        return self.cls.module.name

    @property
    def package(self) -> str:
        """The dotted name of the package that its module lies in: its capability's own."""
        return self.module.rpartition(".")[0]

    @property
    def token(self) -> str:
        """Its type in Pulumi."""
        return self.cls.constants.get("token", "")

    @cached_property
    def model(self) -> type[Settings]:
        """Its settings' class, loaded."""
        return self.settings.load()

    @property
    def page(self) -> Mapping[PurePosixPath, Path]:
        """Its catalogue page, or that of the component that it extends, by path in a repository; empty without any."""
        for base in self.cls.ancestors:
            page = base.module.path.with_name("README.md")
            if not base.module.path.stem.startswith("_") and page.is_file():
                return {PurePosixPath(*base.module.name.split(".")[:-1], page.name): page}
        return {}

    def files(self, among: Collection[str]) -> Mapping[PurePosixPath, Path]:
        """What it adds to a repository, by path there: its own, and what the component that it extends adds.

        They lie beside the module; see ``beside``. A contract adds nothing: what ``files/any`` says of the components
        beside it, such as which pods to look at, does not hold for one in another package.

        Args:
            among: the names of all components of the repository.
        """
        found: dict[PurePosixPath, Path] = {}
        for base in reversed(self.cls.ancestors):
            if base.module.path.stem != "__init__":
                found |= beside(base.module.path.parent, base.module.path.stem, among)
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
        """What could not be read, each with the name and version of what installed it, and the cause."""
        self._unread: dict[str, tuple[Package, ScaffoldError]] = {}
        """Capability to what is wrong with its contract."""
        self.packages = [*self._packages(stacks, "*/*.py", "no block")]
        self._blueprints = [*self._packages(blueprints, "*.yaml", "no blueprint")]

    @classmethod
    def installed(cls) -> Catalogue:
        """The catalogue of this environment, by entry points."""
        found = entry_points()
        groups = (found.select(group=f"mlops_scaffold.{kind}") for kind in ("stacks", "blueprints"))
        return cls(*(sorted(group, key=lambda point: point.value) for group in groups))

    def _packages(self, points: Sequence[EntryPoint], holds: str, nothing: str) -> Iterator[Package]:
        """The packages that entry points name.

        Args:
            points: the entry points.
            holds: the pattern of what each should hold.
            nothing: what to call it where there is none: a build backend that was not told packs no data.
        """
        seen: set[str] = set()
        for point in points:
            name = f"{point.dist.name} {point.dist.version}" if point.dist else point.name
            try:
                module = importlib.import_module(point.value)
                folder = Path(next(iter(module.__path__)))
            except (Exception, SystemExit) as error:
                self.problems.append(f"{name}: cannot load '{point.value}': {type(error).__name__}: {error}")
                continue
            if not any(folder.glob(holds)):
                self.problems.append(
                    f"{name}: '{point.value}' holds {nothing} ({folder / holds}): if the source does, its build left "
                    "it out; section 1 of docs/extend.md has a [build-system] that packs all files"
                )
            if point.value not in seen:
                seen.add(point.value)
                yield Package(point.value, folder, name)

    def _set_aside(self, package: Package, error: ScaffoldError) -> None:
        """Does without a part of a package: it is a warning, and no hindrance for all others."""
        problem = f"{package.distribution}: {error.what} ({error.where})"
        if problem not in self.problems:
            self.problems.append(problem)

    def missing(
        self, kind: str, name: str, known: Sequence[str], where: str, to_come: Sequence[str] = ()
    ) -> ScaffoldError:
        """The error for a name that no package defines; it may stand in what could not be read."""
        if "capability" in kind and name in self._unread:
            package, problem = self._unread[name]
            return ScaffoldError(
                f"'{name}' of {package.distribution} cannot be read: {problem.what}",
                where=f"{problem.where}; {where}",
                allowed=problem.allowed,
                then=problem.then,
            )
        error = unknown(kind, name, known, where, to_come)
        unread = [f"mend what could not be read: {problem}" for problem in self.problems]
        error.then = "; ".join([*([error.then] if error.then else []), *unread])
        return error

    @cached_property
    def library(self) -> Library:
        """The source of all packages of blocks, and of what they are made with."""
        framework = {"mlops_stacks": Path(next(iter(mlops_stacks.__path__)))}
        return Library(framework | {package.name: package.folder for package in self.packages})

    def _framework(self, name: str) -> Class:
        found = self.library.find(f"{FRAMEWORK}.{name}")
        if found is None:
            raise ScaffoldError(f"{FRAMEWORK} has no {name}", then="install the tool again")
        return found

    @cached_property
    def _component(self) -> Class:
        return self._framework("Component")

    # -- blocks -------------------------------------------------------------------------------------

    @cached_property
    def _modules(self) -> Mapping[str, Mapping[str, Sequence[tuple[Package, Module]]]]:
        """Capability to variant to the package and module that hold it; the variant '' is the contract.

        Where there are several, it is a clash of names. A file whose name begins with an underscore is a block's own
        helper, and no variant.
        """
        found: dict[str, dict[str, list[tuple[Package, Module]]]] = {}
        for package in self.packages:
            for path in sorted(package.folder.glob("*/*.py")):
                capability, variant = path.parent.name, path.stem
                if variant.startswith("_") and variant != "__init__":
                    continue
                variant = "" if variant == "__init__" else variant
                module = self.library.module(".".join(filter(None, (package.name, capability, variant))))
                try:
                    if module is None:
                        continue
                    if not variant:
                        module.refuse_stars()
                        if not (contracts := self._contracts(module)):
                            continue
                        for contract in contracts:
                            _refuse_reserved(contract)
                            _refuse_nameless(contract)
                except ScaffoldError as error:
                    self._unread[capability] = (package, error)
                    self._set_aside(package, error)
                    continue
                found.setdefault(capability, {}).setdefault(variant, []).append((package, module))
        for capability in [capability for capability, variants in found.items() if "" not in variants]:
            ((package, module), *_), *_ = found.pop(capability).values()
            if capability not in self._unread:
                self._set_aside(
                    package, ScaffoldError(f"'{capability}' has no contract", where=str(module.path.parent))
                )
        for capability, variants in sorted(found.items()):
            for variant, holders in variants.items():
                if len(holders) > 1:
                    clash = _clash(f"{capability}{'.' if variant else ''}{variant}", holders, "")
                    self.problems.append(f"{clash.what} ({clash.where}); only who asks for it must choose")
        return found

    def _contracts(self, module: Module) -> Sequence[Class]:
        return [found for found in module.classes if self._component in found.bases]

    @property
    def capabilities(self) -> Sequence[str]:
        """The names of all capabilities."""
        return sorted(self._modules)

    def summary(self, capability: str) -> str:
        """The first line of a capability's docstring."""
        return summary(self._modules[capability][""][0][1].tree)

    def variants(self, capability: str) -> Sequence[str]:
        """The names of a capability's components."""
        return sorted(variant for variant in self._modules[capability] if variant)

    def block(self, capability: str, *, on: str | None, cloud: str, where: str) -> Block:
        """The block that fulfils a capability.

        Args:
            capability: its name.
            on: the variant asked for, of one package (``acme_platform.blocks:aws``) or whichever has it; unless given,
                the cloud's, else the one inside the cluster.
            cloud: the cloud.
            where: who asks, for the error message.

        Raises:
            ScaffoldError: there is none, or one of two packages must be chosen, or it cannot be loaded.
        """
        if capability not in self._modules:
            raise self.missing("capability", capability, self.capabilities, where)
        every = self._modules[capability]
        package, _, variant = (on or "").rpartition(":")
        if package:
            for holder, module in every.get(variant, ()) if variant else ():
                if holder.name == package:
                    return self._describe(capability, variant, holder, module)
            there = [f"{holder.name}:{name}" for name, holders in every.items() if name for holder, _ in holders]
            raise unknown(f"variant of '{capability}'", f"{on}", there, where)
        if len(every[""]) > 1:
            raise _clash(capability, [holder for name, holders in every.items() if name for holder in holders], where)
        there = self.variants(capability)
        if on is not None and on not in there:
            raise unknown(f"variant of '{capability}'", on, there, where)
        chosen = on or next((name for name in (cloud, "kubernetes") if name in there), None)
        if chosen is None:
            raise ScaffoldError(
                f"'{capability}' has no component for {cloud}",
                where=where,
                allowed=", ".join(there) or f"none; another capability's component fulfils {capability}",
                then="choose one of them with 'on', or leave the capability out",
            )
        (holder, module), *others = every[chosen]
        if others:
            raise _clash(f"{capability}.{chosen}", every[chosen], where)
        return self._describe(capability, chosen, holder, module)

    def blocks(self) -> Iterator[Block]:
        """Every block of every package that can be read."""
        for capability in self.capabilities:
            for variant in self.variants(capability):
                for package, module in self._modules[capability][variant]:
                    try:
                        yield self._describe(capability, variant, package, module)
                    except ScaffoldError as error:
                        self._set_aside(package, error)

    def _describe(self, capability: str, variant: str, package: Package, module: Module) -> Block:
        module.refuse_stars()
        classes = [found for found in module.classes if found.extends(self._component)]
        if len(classes) != 1:
            raise ScaffoldError(
                f"{module.name} must define one component, not {len(classes)}",
                where=f"{module.path} ({package.distribution})",
                then="rename it with a leading underscore if it is a helper, and no variant",
            )
        cls = classes[0]
        if not cls.summary:
            raise ScaffoldError(
                f"{module.name}: {cls.name} has no docstring",
                where=cls.where,
                then="say in one sentence what it makes: the catalogue and the repository's pages show it",
            )
        if cls.abstract:
            raise ScaffoldError(
                f"{module.name}: {cls.name} lacks what its contract promises: {', '.join(cls.abstract)}",
                where=cls.where,
                then="write the method; without it a right would silently not be granted",
            )
        constructor = cls.method("__init__")
        if constructor is None or constructor[0] == self._component:
            raise _unreadable(cls, "there is none")
        owner, node = constructor
        needs = {
            parameter.arg: self._need(owner.module, parameter)
            for parameter in node.args.kwonlyargs
            if parameter.arg != "opts"
        }
        in_cluster = CLUSTER_SDK in self.library.outside([module.name])
        self._look_for_strays(capability, package, module.path.parent)
        return Block(
            capability, variant, cls, needs, self._settings(owner, node), in_cluster, distribution=package.distribution
        )

    def _look_for_strays(self, capability: str, package: Package, folder: Path) -> None:
        """Refuses what lies under ``files/`` for no variant, and warns of what is for a component that nobody has.

        Raises:
            ScaffoldError: nothing would ever copy it.
        """
        variants = ["any", *(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))]
        for path in sorted((folder / "files").glob("*")):
            variant, *others = path.name.split("+")
            if path.name.startswith((".", "__")):
                continue
            if variant not in variants or not path.is_dir():
                raise ScaffoldError(
                    f"'files/{path.name}' of '{capability}' is for no variant, and nothing in it would be copied",
                    where=f"{path} ({package.distribution})",
                    allowed=f"folders: {', '.join(sorted(variants))}; each also with + and the components that must be "
                    "there too, such as any+training",
                    then=nearest(variant, variants),
                )
            for other in others:
                if other not in self.capabilities:
                    error = unknown("capability", other, self.capabilities, str(path))
                    error.what += "".join(f"; {hint}" for hint in [error.then] if hint)
                    self._set_aside(package, error)

    def _settings(self, owner: Class, constructor: ast.FunctionDef | ast.AsyncFunctionDef) -> Class:
        for parameter in (*constructor.args.posonlyargs, *constructor.args.args):
            if parameter.arg == "settings":
                found = owner.module.find(_written(parameter.annotation))
                if found and found.extends(self._framework("Settings")):
                    return found
                raise _unreadable(owner, "'settings' is not annotated with a subclass of Settings", parameter)
        raise _unreadable(owner, "it has no parameter 'settings'", constructor)

    def _need(self, module: Module, parameter: ast.arg) -> Need:
        first, *others = (part.strip() for part in _written(parameter.annotation).split("|"))
        contract = module.find(first)
        if others not in ([], ["None"]) or contract is None or not contract.extends(self._component):
            raise ScaffoldError(
                f"a wire is one contract, or 'Contract | None', not {_written(parameter.annotation) or 'nothing'}",
                where=f"{module.path}:{parameter.lineno}",
                allowed="a contract of a registered package, imported by its name",
            )
        if self._component not in contract.bases:
            promises = self._promising(contract)
            raise ScaffoldError(
                f"'{parameter.arg}' is annotated with the component {contract.module.name}.{contract.name}, and a wire "
                "names a contract: which component fulfils it, the blueprint says",
                where=f"{module.path}:{parameter.lineno}",
                then=" or ".join(f"from {base.module.name} import {base.name}" for base in promises),
            )
        return Need(contract, optional=bool(others))

    def contract(self, capability: str) -> Class:
        """The contract of a capability; where two packages have it, that of the first."""
        return self.contracts(capability)[0]

    def contracts(self, capability: str) -> Sequence[Class]:
        """The contract of a capability, in each package that has it."""
        return [self._contracts(module)[0] for _, module in self._modules[capability][""]]

    def fulfilling(self, contract: Class) -> Sequence[str]:
        """The capabilities that have a component which fulfils a contract."""
        return list(dict.fromkeys(block.capability for block in self.blocks() if block.cls.extends(contract)))

    def outputs(self, cls: Class) -> Sequence[str]:
        """The names of the outputs that a component's contracts promise, sorted."""
        return sorted(self.promised(cls))

    def promised(self, cls: Class) -> Mapping[str, str]:
        """These outputs, name to annotation."""
        hints = {name: hint for base in self._promising(cls) for name, hint in base.annotations.items()}
        return {name: hint for name, hint in hints.items() if hint.startswith("Output[")}

    def verbs(self, cls: Class) -> Mapping[str, Function]:
        """The methods that a component's contracts promise: what may be called on a wire to it, by name."""
        methods = [node for base in reversed(self._promising(cls)) for node in base.node.body]
        return {node.name: node for node in methods if isinstance(node, Function) and not node.name.startswith("_")}

    def _promising(self, cls: Class) -> Sequence[Class]:
        return [base for base in cls.ancestors if self._component in base.bases]

    # -- blueprints ---------------------------------------------------------------------------------

    @cached_property
    def _blueprint_files(self) -> Mapping[str, Sequence[tuple[Package, Path]]]:
        found: dict[str, list[tuple[Package, Path]]] = {}
        for package in self._blueprints:
            for path in sorted(package.folder.glob("*.yaml")):
                found.setdefault(path.stem, []).append((package, path))
        for name, holders in found.items():
            if len(holders) > 1:
                clash = _clash(name, holders, "", "blueprint")
                self.problems.append(f"{clash.what} ({clash.where}); only who asks for it must choose")
        return found

    @property
    def blueprints(self) -> Sequence[str]:
        """The names of all blueprints."""
        return sorted(self._blueprint_files)

    def distribution_of(self, blueprint: str) -> str:
        """Name and version of what installed a blueprint."""
        return self._blueprint_file(blueprint, "NAME")[0].distribution

    def blueprint(self, name: str, asked_by: str) -> Document:
        """The document of a blueprint.

        Args:
            name: its name, of one package (``acme_platform.plans:acme``) or whichever has it.
            asked_by: who asks, for the error message.

        Raises:
            ScaffoldError: there is none of that name, one of two packages must be chosen, or it cannot be read.
        """
        package, path = self._blueprint_file(name, asked_by)
        return document.read(path, f"{package.name}/{path.name}")

    def _blueprint_file(self, name: str, asked_by: str) -> tuple[Package, Path]:
        package, _, plain = name.rpartition(":")
        every = self._blueprint_files.get(plain, ())
        found = [(holder, path) for holder, path in every if package in ("", holder.name)]
        if len(found) > 1:
            raise _clash(name, found, asked_by, "blueprint")
        if not found:
            kind = "stage" if asked_by == "--stage" or name in STAGES_TO_COME else "blueprint"
            others = [  # than the one that asks, which cannot extend itself
                other
                for other, holders in self._blueprint_files.items()
                if not all(asked_by.startswith(f"{holder.name}/{path.name}:") for holder, path in holders)
            ]
            raise self.missing(kind, name, others, asked_by, STAGES_TO_COME)
        return found[0]


def _clash(
    name: str, holders: Sequence[tuple[Package, Module]] | Sequence[tuple[Package, Path]], where: str, kind: str = ""
) -> ScaffoldError:
    """The error for a name that two packages define: both were there before they met, so either may be meant.

    Args:
        name: what both define.
        holders: each package, and the module or file that has it.
        where: who asks for it.
        kind: what it is, if not a part of the catalogue of blocks.
    """
    owners = dict.fromkeys(package.distribution for package, _ in holders)
    options = [f"{package.name}:{(one.path if isinstance(one, Module) else one).stem}" for package, one in holders]
    choose = f"--stage {options[0]}, or 'extends'" if kind else f"--use {name.partition('.')[0]}={options[0]}, or 'on'"
    return ScaffoldError(
        f"two packages define {f'the {kind} ' if kind else ''}'{name}'",
        where="; ".join(filter(None, [where, " and ".join(owners)])),
        allowed=", ".join(options),
        then=f"say which: {choose} in a blueprint; or rename the file or folder of the one that is yours",
    )


def _refuse_reserved(contract: Class) -> None:
    """Refuses an output, or a verb, under whose name Pulumi looks for something else.

    Raises:
        ScaffoldError: names its line.
    """
    for node in contract.node.body:
        name = node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else ""
        name = node.name if isinstance(node, Function) else name
        assigned = isinstance(node, ast.AnnAssign) and node.value is not None  # such as its token
        if name in RESERVED and not assigned:
            raise ScaffoldError(
                f"{contract.name}.{name}: every component has a '{name}' already; call no output and no verb "
                f"{', '.join(RESERVED)}",
                where=f"{contract.module.path}:{node.lineno}",
                then="rename it",
            )


def _refuse_nameless(contract: Class) -> None:
    """Refuses a contract without a type for Pulumi.

    Raises:
        ScaffoldError: names its line.
    """
    token = contract.constants.get("token")
    if not (isinstance(token, str) and TOKEN.fullmatch(token)):
        raise ScaffoldError(
            f"{contract.name} has no token" if token is None else f"{contract.name}.token cannot be {token!r:.60}",
            where=contract.where,
            allowed=f'a text of three parts, such as token = "acme:platform:{contract.name}"; it is never changed',
        )


def beside(folder: Path, variant: str, among: Collection[str] = ()) -> Mapping[PurePosixPath, Path]:
    """What a folder has for repositories, path there to path here.

    It lies in ``files/any`` and in ``files/<variant>``; what is right only beside certain other components, in a folder
    that names them as well, such as ``files/any+training``.
    """
    roots = [
        root
        for first in ("any", variant)
        for root in sorted((folder / "files").glob(f"{first}*"))
        if root.name.split("+")[0] == first and {*among}.issuperset(root.name.split("+")[1:])
    ]
    return {
        PurePosixPath(path.relative_to(root)): path
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _written(annotation: ast.expr | None) -> str:
    """An annotation as text, whether or not it stands in quotes."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation) if annotation else ""


def _unreadable(cls: Class, why: str, node: ast.AST | None = None) -> ScaffoldError:
    return ScaffoldError(
        f"{cls.module.name}: the constructor cannot be read: {why}",
        where=f"{cls.module.path}:{getattr(node or cls.node, 'lineno', 1)}",
        allowed="(self, name, settings: Settings, *, wire: Contract, opts: ResourceOptions | None = None)",
    )
