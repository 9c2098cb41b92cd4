"""The scripts that every repository gets and the tool runs too, so that both tell the same."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import mlops_blueprints
from mlops_scaffold.errors import ScaffoldError

DATA = Path(mlops_blueprints.__file__).parent
"""The shell, and the files of every repository."""


@cache
def script(name: str) -> ModuleType:
    """A script of every repository as a module, loaded when it is first needed."""
    path = DATA / "files" / "any" / "scripts" / f"{name}.py"
    spec = spec_from_file_location(f"mlops_scaffold_{name}", path)
    if not (spec and spec.loader):
        raise ScaffoldError(f"the script '{path}' cannot be loaded", then="install the tool again")
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
