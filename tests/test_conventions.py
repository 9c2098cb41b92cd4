"""What every building block keeps to, ours and a plugin's alike; read by reflection, so a new block is held too."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import imported, ours

import mlops_stacks
from mlops_scaffold.catalogue import Block
from mlops_scaffold.preview.session import Session
from mlops_scaffold.source import Class
from mlops_scaffold.testing import elsewhere, plan
from mlops_stacks.component import Component

CATALOGUE = ours()
STACKS = Path(mlops_stacks.__file__).parent
BLOCKS = list(CATALOGUE.blocks())
CONTRACTS = [imported(CATALOGUE.contract(capability)) for capability in CATALOGUE.capabilities]
ALLOWED = {
    *("mlops_stacks", "pulumi", "pulumi_aws", "pulumi_gcp", "pulumi_kubernetes", "pulumi_random", "pydantic"),
    "pydantic_core",  # Of pydantic: the errors that a settings class may raise.
    "yaml",  # Pulumi's own dependency; the files that Prometheus reads are YAML.
}
LATE = {"boto3", "psycopg2"}
"""What a helper that runs in an image of its own imports inside of a function."""


def read(cls: type[Component]) -> Class:
    """A class as its source has it."""
    found = CATALOGUE.library.find(f"{cls.__module__}.{cls.__name__}")
    assert found
    return found


each_block = pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.capability}-{block.variant}")
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
SOURCES = sorted(path for path in STACKS.rglob("*.py") if "files" not in path.parts)
each_source = pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")


def verbs(cls: type[Component]) -> dict[str, Callable[..., object]]:
    """The public methods that a component's contracts add."""
    own = {
        name: member
        for base in cls.__mro__
        if base.__module__.startswith("mlops_stacks.")
        for name, member in vars(base).items()
    }
    framework = vars(Component)
    return {
        name: getattr(cls, name)
        for name, member in own.items()
        if inspect.isfunction(member) and not name.startswith("_") and name not in framework
    }


@each_contract
def test_a_contract_describes_itself_its_outputs_and_its_verbs(contract: type[Component]) -> None:
    assert inspect.getdoc(contract)
    assert set(contract.outputs()) == set(read(contract).descriptions) & set(contract.outputs())
    assert all(inspect.getdoc(verb) for verb in verbs(contract).values())


@each_block
def test_a_block_describes_its_settings_and_itself(block: Block) -> None:
    assert block.summary.endswith(".")
    assert set(block.settings.descriptions) == set(block.model.model_fields)
    assert len(block.model.model_fields) <= 12


@each_block
def test_what_is_read_of_a_block_is_what_python_makes_of_it(block: Block) -> None:
    cls = imported(block.cls)
    ancestors = [base.__name__ for base in cls.__mro__ if base.__module__.startswith("mlops_stacks.")]
    parameters = inspect.signature(cls.__init__, eval_str=True).parameters
    wires = {
        name: parameter.annotation
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "opts"
    }

    assert block.token == cls.token
    assert block.summary == (inspect.getdoc(cls) or "").partition("\n")[0]
    assert [base.name for base in block.cls.ancestors] == ancestors
    assert CATALOGUE.outputs(block.cls) == cls.outputs()
    assert CATALOGUE.verbs(block.cls).keys() == verbs(cls).keys()
    contracts = {name: imported(need.contract) for name, need in block.needs.items()}
    assert {
        name: contracts[name] | None if need.optional else contracts[name] for name, need in block.needs.items()
    } == wires
    assert block.model.model_json_schema() == imported(block.settings).model_json_schema()
    assert [name for name, verb in verbs(cls).items() if getattr(verb, "__isabstractmethod__", False)] == []


def test_tokens_are_unique_and_do_not_change() -> None:
    """A token is part of every URN below it: to change one would replace everything."""
    assert {contract.__name__: contract.token for contract in CONTRACTS} == {
        name: f"mlops:platform:{name}"
        for name in (
            "Audit",
            "Budget",
            "Cluster",
            "Database",
            "Drift",
            "Gateway",
            "Identity",
            "Images",
            "Keys",
            "Monitoring",
            "Network",
            "Orchestration",
            "Registry",
            "Runners",
            "Secrets",
            "Serving",
            "Storage",
            "Tracking",
            "Training",
            "Workspace",
        )
    }


def test_what_a_block_brings_is_for_a_variant_and_beside_components_that_there_are() -> None:
    variants = {block.variant for block in BLOCKS} | {"any"}
    for folder in STACKS.glob("*/files/*"):
        variant, *others = folder.name.split("+")
        assert variant in variants, folder
        assert {*others} <= {*CATALOGUE.capabilities}, folder


@each_source
def test_a_block_imports_what_it_may(source: Path) -> None:
    tree = ast.parse(source.read_text())
    late = {node for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for top in {name.split(".")[0] for name in names}:
            allowed = top in ALLOWED or top in sys.stdlib_module_names or (top in LATE and node in late)
            assert allowed, f"{source.name}:{getattr(node, 'lineno', 0)} imports {top}"


@each_source
def test_annotations_are_read_late(source: Path) -> None:
    """Without it, one annotation such as ``ec2.Vpc`` loads all of a service when its module is imported."""
    text = source.read_text()

    assert "from __future__ import annotations" in text or "class " not in text


@each_source
def test_no_program_asks_the_cloud_while_it_starts(source: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Call)]
    names = [call.attr for call in calls if isinstance(call, ast.Attribute)]
    allowed = {"get_project", "get_stack", "get_organization", "get_object", "get_output", "get_annotations", "get"}

    assert [name for name in names if name.startswith("get_") and name not in allowed | {"get_secret_value"}] == []


def test_every_capability_has_its_page() -> None:
    for capability in CATALOGUE.capabilities:
        assert (STACKS / capability / "README.md").is_file(), capability


def test_reading_the_catalogue_loads_no_sdk() -> None:
    code = (
        "import sys\nfrom mlops_scaffold.catalogue import Catalogue\n"
        "[block.model for block in Catalogue.installed().blocks()]\n"
        "print([name for name in sys.modules if name.startswith('pulumi')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ast.literal_eval(result.stdout) == []


GIVEN = {
    "reading": "True",
    "grantee": "'somebody'",
    "identity": "'a-role'",
    "bucket": "'data'",
    "cidr": "'10.0.0.0/16'",
    "names": "('slack',)",
    "client": "Cluster.imported('other', cloud)",
    "namespace": "'room'",
    "service_account": "'robot'",
    "ways": "('api', 'database', 'internet', 'identity')",
    "level": "'privileged'",
    "port": "8080",
    "path": "'/metrics'",
    "parameters": "{'module': 'http_2xx'}",
}


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if verbs(imported(block.cls))],
    ids=lambda block: f"{block.capability}-{block.variant}",
)
def test_every_verb_works_on_a_component_of_another_program(block: Block, tmp_path: Path, session: Session) -> None:
    calls = []
    for name, verb in verbs(imported(block.cls)).items():
        arguments = [parameter for parameter in inspect.signature(verb).parameters if parameter != "self"]
        calls.append(f"it.{name}({', '.join(f'{argument}={GIVEN[argument]}' for argument in arguments)})")
    source = "\n".join(
        [
            "import pulumi",
            "from mlops_stacks.cluster import Cluster",
            f"from {block.module} import {block.cls.name} as It",
            "cloud = pulumi.StackReference('organization/shared/dev')",
            f"it = It.imported('{block.capability}', cloud)",
            *calls,
        ]
    )
    shared = elsewhere(block.variant if block.variant in ("aws", "gcp") else "aws", CATALOGUE)
    shared |= {key.replace("cluster.", "other."): value for key, value in shared.items()}

    found = plan(tmp_path, source, shared=shared, session=session)

    assert found.of("error") == []
    assert found.of("warning") == []
