"""What tests share: small trees made from dicts, and catalogues of packages that exist for one test."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import mlops_stacks
from mlops_scaffold import project
from mlops_scaffold.answers import Answers
from mlops_scaffold.catalogue import Catalogue
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.repository import Repository, sdk_modules
from mlops_scaffold.preview.session import Session
from mlops_scaffold.source import Class

Tree = Mapping[str, str]

pytest_plugins = ["pods"]
collect_ignore = ["plugin"]  # It has tests of its own, which need it installed: test_plugin.py runs them.


def write(folder: Path, tree: Tree) -> Path:
    """Writes files, given as path to text."""
    for path, text in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def catalogue_of(tmp_path: Path) -> Iterator[Callable[[Tree], Catalogue]]:
    """Makes a catalogue of a tree's blocks (``blocks/<capability>/<file>.py``) and blueprints (``plans/*.yaml``).

    What lies in ``more`` is a second package of either.
    """
    added = str(tmp_path / "packages")
    sys.path.insert(0, added)

    def make(tree: Tree) -> Catalogue:
        write(Path(added), {"blocks/__init__.py": "", "plans/__init__.py": "", **tree})
        importlib.invalidate_caches()
        plans = [EntryPoint("t", "plans", "mlops_scaffold.blueprints")]
        more = [EntryPoint("m", "more", "mlops_scaffold")] if "more/__init__.py" in tree else []
        return Catalogue(
            [EntryPoint("t", "blocks", "mlops_scaffold.stacks"), *(more if any(Path(added).glob("more/*/*")) else [])],
            [
                *(plans if any(Path(added).glob("plans/*.yaml")) else []),
                *(more if any(Path(added).glob("more/*.yaml")) else []),
            ],
        )

    yield make
    sys.path.remove(added)
    for name in [name for name in sys.modules if name.split(".")[0] in ("blocks", "more", "plans")]:
        del sys.modules[name]


def contract(name: str, *, settings: str = "", outputs: str = "url: Output[str]") -> str:
    """The source of a contract called ``name``."""
    return f'''"""{name}: a contract of a test."""
from __future__ import annotations
from pulumi import Output
from mlops_stacks.component import Component, Settings

class {name}Settings(Settings):
    """Settings."""
    {settings or "size: int = 1"}

class {name}(Component):
    """A {name.lower()}."""
    token = "test:platform:{name}"
    {outputs}
'''


OPTS = "opts: pulumi.ResourceOptions | None = None"


def block(name: str, needs: str = "", *, imports: str = "", base: str | None = None) -> str:
    """The source of a component that fulfils the contract ``name``; ``needs`` are its keyword-only parameters."""
    capability = name.lower()
    parameters = ", ".join(["self", "name: str", f"settings: {name}Settings", "*", *([needs] if needs else []), OPTS])
    return f'''"""One way to have a {capability}."""
from __future__ import annotations
import pulumi
from blocks import {capability}
from blocks.{capability} import {name}Settings
{imports}

class {name}({base or f"{capability}.{name}"}):
    """A {capability} of a test."""
    def __init__({parameters}) -> None:
        super().__init__(name, opts)
        self.publish(url="x")
'''


REFRESH = "--refresh"

for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)  # A make inside a test is nobody's submake, whoever started the tests.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(REFRESH, action="store_true", help="write what is generated instead of comparing it")


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """A warm process for plans of our own blocks."""
    modules = sdk_modules(Repository(Path(mlops_stacks.__file__).parents[1]))
    with Session(Path(sys.executable), modules) as warm:
        yield warm


def ours() -> Catalogue:
    """The catalogue of our own packages, whatever else is installed beside them."""
    stacks = EntryPoint("mlops", "mlops_stacks", "mlops_scaffold.stacks")
    return Catalogue([stacks], [EntryPoint("mlops", "mlops_blueprints", "mlops_scaffold.blueprints")])


def inside() -> list[str]:
    """The components of series-a that run inside the cluster."""
    return sorted({block.capability for block in ours().blocks() if block.in_cluster})


def imported(cls: Class) -> Any:
    """The class that Python makes of a source."""
    return getattr(importlib.import_module(cls.module.name), cls.name)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of series-a on AWS, as ``new`` makes it."""
    folder = tmp_path_factory.mktemp("made")
    return project.new(Answers("acme", "series-a", "aws", account="123456789012"), folder, plan=False).folder


CONNECTED: Mapping[str, Mapping[str, Any]] = {
    "identity": {
        "repository": "acme/ml",
        "domain": "predict.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
    },
    "gateway": {"domain": "predict.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ", "challenger_percent": 10},
    "runners": {"connection": "arn:aws:codeconnections:us-east-1:123456789012:connection/0b1c2d3e"},
    "serving": {
        "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:{'1' * 64}",
        "challenger": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:{'2' * 64}",
    },
    "drift": {"image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:{'1' * 64}"},
}
"""What only an owner can know: without it there is no CI, no predictor, no door to it, and nobody who watches it."""


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, session: Session) -> Plan:
    """The plan of production, of an owner who has said all that only an owner knows."""
    folder = tmp_path_factory.mktemp("connected")
    answers = Answers("acme", "series-a", "aws", account="123456789012", set=CONNECTED)
    return preview(project.new(answers, folder, plan=False).folder, ["prod"], session=session)
