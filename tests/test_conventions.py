"""What every building block keeps to, ours and a plugin's alike; read by reflection, so a new block is held too."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import elsewhere, ours, program

from mlops_scaffold.catalogue import Block
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.session import Session
from mlops_scaffold.reference import described
from mlops_stacks.component import Component

CATALOGUE = ours()
BLOCKS = list(CATALOGUE.blocks())
CONTRACTS = [CATALOGUE.contract(capability) for capability in CATALOGUE.capabilities]
ALLOWED = {"mlops_stacks", "pulumi", "pulumi_aws", "pulumi_gcp", "pulumi_kubernetes", "pulumi_random", "pydantic"}
LATE = {"boto3", "psycopg2"}
"""What a helper that runs in an image of its own imports inside of a function."""

each_block = pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.capability}-{block.variant}")
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
SOURCES = sorted(path for path in CATALOGUE.roots["mlops_stacks"].rglob("*.py") if "files" not in path.parts)
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
    assert set(contract.outputs()) == set(described(contract)) & set(contract.outputs())
    assert all(inspect.getdoc(verb) for verb in verbs(contract).values())


@each_block
def test_a_block_describes_its_settings_and_itself(block: Block) -> None:
    assert block.summary.endswith(".")
    assert set(described(block.settings)) == set(block.settings.model_fields)
    assert len(block.settings.model_fields) <= 12


@each_block
def test_a_block_implements_every_verb_of_its_contract(block: Block) -> None:
    unmet = [name for name, verb in verbs(block.cls).items() if getattr(verb, "__isabstractmethod__", False)]

    assert unmet == []


def test_tokens_are_unique_and_do_not_change() -> None:
    """A token is part of every URN below it: to change one would replace everything."""
    assert {contract.__name__: contract.token for contract in CONTRACTS} == {
        name: f"mlops:platform:{name}"
        for name in ("Cluster", "Database", "Keys", "Network", "Registry", "Storage", "Tracking", "Workspace")
    }


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
    """Without it, reading the catalogue would load the SDK's service modules."""
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
        assert (CATALOGUE.roots["mlops_stacks"] / capability / "README.md").is_file(), capability


def test_reading_the_catalogue_loads_no_service_of_an_sdk() -> None:
    code = (
        "SDKS = ('pulumi_aws.', 'pulumi_gcp.', 'pulumi_kubernetes.')\n"
        "import sys\nfrom mlops_scaffold.catalogue import Catalogue\nlist(Catalogue.installed().blocks())\n"
        "loaded = [name for name in sys.modules if name.startswith(SDKS)]"
        "\nprint([name for name in loaded if name.rpartition('.')[2][:1].isupper() or name.count('.') > 3])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    # The services themselves are there as promises; one that has been loaded brings its resources.
    assert [name for name in ast.literal_eval(result.stdout) if not name.startswith("pulumi_aws.config.")] == []


GIVEN = {
    "grantee": "'somebody'",
    "identity": "'a-role'",
    "bucket": "'data'",
    "client": "Cluster.imported('other', cloud)",
    "namespace": "'room'",
    "service_account": "'robot'",
    "ways": "('api', 'database', 'internet', 'identity')",
}


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if verbs(block.cls)],
    ids=lambda block: f"{block.capability}-{block.variant}",
)
def test_every_verb_works_on_a_component_of_another_program(block: Block, tmp_path: Path, session: Session) -> None:
    calls = []
    for name, verb in verbs(block.cls).items():
        arguments = [parameter for parameter in inspect.signature(verb).parameters if parameter != "self"]
        calls.append(f"it.{name}({', '.join(f'{argument}={GIVEN[argument]}' for argument in arguments)})")
    source = "\n".join(
        [
            "import pulumi",
            "from mlops_stacks.cluster import Cluster",
            f"from {block.cls.__module__} import {block.cls.__name__} as It",
            "cloud = pulumi.StackReference('organization/shared/dev')",
            f"it = It.imported('{block.capability}', cloud)",
            *calls,
        ]
    )
    references = elsewhere(block.variant if block.variant in ("aws", "gcp") else "aws")
    references |= {key.replace("cluster.", "other."): value for key, value in references.items()}

    plan = preview(program(tmp_path, source), session=session, references={"organization/shared/dev": references})

    assert plan.of("error") == []
    assert plan.of("warning") == []
