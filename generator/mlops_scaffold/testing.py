"""For the tests of whoever writes a block: plans a small program that uses it, with nothing at hand.

    found = plan(tmp_path, SOURCE, shared=elsewhere())
    assert found.of("error") == []

``SOURCE`` imports the block, and what it is wired to from ``pulumi.StackReference(SHARED)``. The block must be
installed where the tests run (``pip install -e .`` does): the plan is made beside the packages of all installed blocks,
as in a repository. Our own tests use the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from mlops_scaffold.catalogue import Catalogue
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan, Program
from mlops_scaffold.preview.session import Session
from mlops_scaffold.scripts import DATA

SHARED = "organization/shared/dev"
"""The stack that stands for all other programs: ``Keys.imported("keys", pulumi.StackReference(SHARED))``."""

CONFIGURATION = """\
config:
  aws:region: eu-west-1
  aws:allowedAccountIds: ['123456789012']
  aws:defaultTags: {tags: {project: acme, environment: dev}}
  gcp:project: acme-dev
  gcp:region: europe-west1
"""

FORMS = {
    "aws": "arn:aws:service:eu-west-1:123456789012:{0}/x",
    "gcp": "projects/acme/locations/europe-west1/{0}/x",
}
"""How an output looks that is a text; ``{0}`` is its name."""

KNOWN: Mapping[str, Any] = {"namespaces": ["models"], "quota": {"pods": "9"}}
"""Outputs that a block looks into while it plans."""


def plan(folder: Path, source: str, *, shared: Mapping[str, Any] | None = None, session: Session | None = None) -> Plan:
    """Plans a program, in both passes, as the project ``acme`` in the environment ``dev`` of both clouds.

    Args:
        folder: an empty folder to write the program into, such as pytest's ``tmp_path``.
        source: its ``__main__.py``.
        shared: what the stack ``SHARED`` outputs; see ``elsewhere``.
        session: a warm process, for many plans. Without one, each plan starts its own: two or three seconds.

    Returns:
        ``.programs[0].made`` is every resource, and ``.of("error")`` and ``.of("warning")`` what was found.
    """
    return preview(program(folder, source), session=session, references={SHARED: shared or {}})


def broken(planned: Plan, cloud: str = "aws") -> Sequence[str]:
    """What of a plan breaks the rules of ``policy/``: of every repository, and of each installed block.

    Args:
        planned: the plan, such as ``plan`` makes.
        cloud: whose rules.

    Returns:
        ``<module>.<rule>: <sentence>`` for each thing that breaks one and is not exempt; the repository's ``make test``
        holds every plan of a platform against the same.
    """
    folders = [DATA / "files" / folder / "policy" for folder in ("any", cloud)]
    for package in Catalogue.installed().packages:
        found = (path for variant in ("any", cloud) for path in package.folder.glob(f"*/files/{variant}*/policy"))
        folders += sorted(found)
    spec = spec_from_file_location(
        "policy", folders[0] / "__init__.py", submodule_search_locations=[*map(str, folders)]
    )
    if not (spec and spec.loader):
        raise ScaffoldError("the rules cannot be loaded", where=str(folders[0]), then="install the tool again")
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "policy"}
    for name in before:  # An author may have a package of that name.
        del sys.modules[name]
    policy = sys.modules["policy"] = module_from_spec(spec)
    try:
        spec.loader.exec_module(policy)
        return [
            f"{policy.name_of(rule)}: {sentence}"
            for program in planned.programs
            for rule in policy.rules()
            for sentence in rule(policy.Plan(_as_rules_see_them(policy, program), {}, program.outputs))
        ]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "policy"]:
            del sys.modules[name]
        sys.modules.update(before)


def _as_rules_see_them(policy: Any, program: Program) -> Sequence[Any]:
    keys = {resource["urn"]: f"{resource['type']}::{resource['name']}" for resource in program.resources}
    return [
        policy.Resource(
            resource["type"],
            resource["name"],
            _known(resource.get("deepInputs", resource["inputs"])),
            bool(resource["protect"]),
            bool(resource["retainOnDelete"]),
            computed_from={
                name: [keys[urn] for urn in urns if urn in keys]
                for name, urns in resource["propertyDependencies"].items()
            },
            urn=resource["urn"],
            parent=resource["parent"] or "",
        )
        for resource in program.made
    ]


def _known(value: Any) -> Any:
    match value:
        case {"$unknown": True} | {"$secret": True}:
            return None
        case dict():
            return {key: _known(item) for key, item in value.items()}
        case list():
            return [_known(item) for item in value]
        case _:
            return value


def program(folder: Path, source: str) -> Path:
    """Writes the program that ``plan`` plans, beside the packages of blocks; returns the folder."""
    files = {
        "__main__.py": source,
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": CONFIGURATION,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    # As in a repository, which holds them: then what is wrong with a block has its place in the block.
    for package in Catalogue.installed().packages:
        top, *inner = package.name.split(".")
        if not (link := folder / top).exists():
            link.symlink_to([package.folder, *package.folder.parents][len(inner)])
    return folder


def elsewhere(cloud: str = "aws", catalogue: Catalogue | None = None) -> dict[str, Any]:
    """What another program would output: something for each promised output of each installed capability.

    Args:
        cloud: whose ids they look like, ``aws`` or ``gcp``.
        catalogue: the capabilities; all that are installed unless given.

    Returns:
        ``<capability>.<output>`` to a value of its type; a test may put another in its place.
    """
    catalogue = catalogue or Catalogue.installed()
    return {
        f"{capability}.{output}": KNOWN.get(output, _made_up(output, hint, FORMS[cloud]))
        for capability in catalogue.capabilities
        for contract in catalogue.contracts(capability)
        for output, hint in catalogue.promised(contract).items()
    }


def _made_up(output: str, hint: str, form: str) -> Any:
    match hint.removeprefix("Output[").removesuffix("]").partition("[")[0]:
        case "Mapping" | "dict":
            return {name: form.format(name) for name in ("app", "slack")}
        case "Sequence" | "list":
            return ["a", "b"]
        case "bool":
            return True
        case "int" | "float":
            return 1
        case _:
            return "10.0.0.0/16" if output.endswith("cidr") else form.format(output)
