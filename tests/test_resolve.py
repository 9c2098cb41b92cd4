"""Wiring is by type: a constructor says what it needs; the blueprint has it, or the error says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from conftest import Tree, block, contract, write
from hypothesis import given
from hypothesis import strategies as st

import mlops_stacks
from mlops_scaffold.blueprint import Blueprint, load, merge
from mlops_scaffold.catalogue import RESERVED, Block, Catalogue, Need
from mlops_scaffold.document import parse
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.resolve import resolve
from mlops_scaffold.source import Library
from mlops_scaffold.testing import elsewhere
from mlops_stacks.component import Component

STACKS = Path(mlops_stacks.__file__).parent
Make = Callable[[Tree], Catalogue]

NET_AND_STORE = {
    "blocks/net/__init__.py": contract("Net"),
    "blocks/net/aws.py": block("Net"),
    "blocks/store/__init__.py": contract("Store", settings="days: int = 3"),
    "blocks/store/aws.py": block("Store", "net: Net", imports="from blocks.net import Net"),
    "blocks/store/other.py": block("Store"),
}


def blueprint(text: str) -> Blueprint:
    return merge(Blueprint(), parse(text, "b.yaml"))


def test_components_are_wired_and_come_after_what_they_need(catalogue_of: Make) -> None:
    nodes = resolve(
        blueprint("components: {store: {why: because, days: 9}, net: {}}"), "aws", catalogue_of(NET_AND_STORE)
    )

    assert [node.name for node in nodes] == ["net", "store"]
    assert nodes[1].wires == {"net": "net"}
    assert (nodes[1].why, nodes[1].given) == ("because", {"days": 9})


def test_of_those_that_could_come_next_the_blueprints_first_does(catalogue_of: Make) -> None:
    needs = {"a": "", "b": "d: D", "c": "", "d": "a: A"}
    tree = {f"blocks/{name}/__init__.py": contract(name.upper()) for name in needs}
    for name, need in needs.items():
        other = need[:1]
        imports = f"from blocks.{other} import {other.upper()}" if need else ""
        tree[f"blocks/{name}/aws.py"] = block(name.upper(), need, imports=imports)

    nodes = resolve(blueprint("components: {a: {}, b: {}, c: {}, d: {}}"), "aws", catalogue_of(tree))

    assert [node.name for node in nodes] == ["a", "c", "d", "b"]


def test_what_deploying_a_component_takes_is_added_to_what_ci_may_do(catalogue_of: Make) -> None:
    identity = contract("Identity", settings="actions: list[str] = []").replace("test:", "mlops:")
    asks = block("Net").replace("    def __init__", '    deploy_actions = ("sqs:A", "sqs:B")\n    def __init__')
    tree = {
        "blocks/net/__init__.py": contract("Net"),
        "blocks/net/aws.py": asks,
        "blocks/identity/__init__.py": identity,
        "blocks/identity/aws.py": block("Identity"),
    }
    text = "components: {identity: {actions: [sns:C]}, net: {}}\n"
    text += "environments: {dev: {identity: {actions: [sns:D]}}, prod: {}}"

    found, _ = resolve(blueprint(text), "aws", catalogue_of(tree))

    assert found.given == {"actions": ["sns:C", "sqs:A", "sqs:B"]}
    assert found.changes == {"dev": {"actions": ["sns:D", "sqs:A", "sqs:B"]}}


def test_what_the_rights_hang_on_is_said_once(catalogue_of: Make) -> None:
    identity = contract("Identity", settings="domain: str = ''").replace("test:", "mlops:")
    asks = block("Net").replace("    def __init__", '    deploy_settings = ("domain",)\n    def __init__')
    tree = {
        "blocks/net/__init__.py": contract("Net", settings="domain: str = ''"),
        "blocks/net/aws.py": asks,
        "blocks/identity/__init__.py": identity,
        "blocks/identity/aws.py": block("Identity"),
    }
    text = "components: {identity: {}, net: {domain: a.example}}\n"
    text += "environments: {dev: {net: {domain: ''}}, test: {identity: {domain: c}, net: {domain: b}}, prod: {}}"

    found, _ = resolve(blueprint(text), "aws", catalogue_of(tree))

    assert found.given == {"domain": "a.example"}
    assert found.changes == {"dev": {"domain": ""}, "test": {"domain": "c"}}


def test_a_variant_is_chosen_by_on(catalogue_of: Make) -> None:
    catalogue = catalogue_of(NET_AND_STORE)

    assert resolve(blueprint("components: {store: {on: other}}"), "aws", catalogue)[0].block.variant == "other"
    assert resolve(blueprint("components: {store: {on: {aws: other}}}"), "aws", catalogue)[0].block.variant == "other"


@pytest.mark.parametrize(
    ("text", "what", "where", "then"),
    [
        ("components:\n  store: {}", "'store' needs a Net, and the blueprint has none", "b.yaml:2", "add 'net'"),
        ("components:\n  stor: {}", "unknown capability 'stor'", "b.yaml:2", "did you mean 'store'?"),
        ("components:\n  net: {on: gcp}", "'net' cannot run on gcp", "b.yaml:2", None),
        ("components:\n  net:\n    sise: 2", "'net' has no setting 'sise'", "b.yaml:3", "did you mean 'size'?"),
        ("components:\n  net: {on: othr}", "'net' has no variant 'othr'", "b.yaml:2", None),
        ("components:\n  net:\n    size: big", "net.size cannot be 'big'", "b.yaml:3", None),
        (
            "components:\n  net: {}\nenvironments:\n  dev:\n    net: {size: x}",
            "net.size cannot be 'x'",
            "b.yaml:5",
            None,
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(
    catalogue_of: Make, text: str, what: str, where: str, then: str | None
) -> None:
    with pytest.raises(ScaffoldError) as raised:
        resolve(blueprint(text), "aws", catalogue_of(NET_AND_STORE))

    assert what in raised.value.what
    assert raised.value.where == where
    assert (then or "") in (raised.value.then or "")


def test_a_capability_without_a_component_for_the_cloud_says_what_there_is(catalogue_of: Make) -> None:
    with pytest.raises(ScaffoldError, match="'net' has no component for gcp") as raised:
        resolve(blueprint("components: {net: {}}"), "gcp", catalogue_of(NET_AND_STORE))

    assert raised.value.allowed == "aws"


def test_of_two_that_fulfil_a_contract_its_own_capability_comes_first(catalogue_of: Make) -> None:
    catalogue = catalogue_of(
        {
            **NET_AND_STORE,
            "blocks/mesh/__init__.py": contract("Mesh"),
            "blocks/mesh/aws.py": block("Mesh", imports="from blocks.net import Net", base="mesh.Mesh, Net"),
        }
    )

    nodes = resolve(blueprint("components: {mesh: {}, net: {}, store: {}}"), "aws", catalogue)
    assert nodes[-1].wires == {"net": "net"}
    nodes = resolve(blueprint("components: {mesh: {}, store: {}}"), "aws", catalogue)
    assert nodes[-1].wires == {"net": "mesh"}


def test_two_others_that_fulfil_a_contract_are_both_named(catalogue_of: Make) -> None:
    two = {
        f"blocks/{name.lower()}/{file}": text
        for name in ("Mesh", "Grid")
        for file, text in {
            "__init__.py": contract(name),
            "aws.py": block(name, imports="from blocks.net import Net", base=f"{name.lower()}.{name}, Net"),
        }.items()
    }

    with pytest.raises(ScaffoldError, match="mesh and grid both are one") as raised:
        resolve(
            blueprint("components:\n  mesh: {}\n  grid: {}\n  store: {}"), "aws", catalogue_of({**NET_AND_STORE, **two})
        )

    assert raised.value.where == "b.yaml:4; b.yaml:2; b.yaml:3"


def test_what_is_left_out_and_needed_is_named_with_the_line_that_leaves_it_out(catalogue_of: Make) -> None:
    base = blueprint("components: {net: {why: for traffic}, store: {}}")
    wanted = merge(base, parse("without: [net]", "c.yaml"))

    with pytest.raises(ScaffoldError, match="'store' needs a Net") as raised:
        resolve(wanted, "aws", catalogue_of(NET_AND_STORE))

    assert raised.value.where == "b.yaml:1; c.yaml:1"
    assert wanted.deferred == {"net": "Left out by choice. for traffic"}


def test_what_fulfils_a_contract_that_has_no_component_is_named(catalogue_of: Make) -> None:
    mesh = {
        "blocks/mesh/__init__.py": contract("Mesh"),
        "blocks/mesh/aws.py": block("Mesh", imports="from blocks.net import Net", base="mesh.Mesh, Net"),
    }
    tree = {path: text for path, text in NET_AND_STORE.items() if path != "blocks/net/aws.py"}

    with pytest.raises(ScaffoldError, match="'store' needs a Net") as raised:
        resolve(blueprint("components: {store: {}}"), "aws", catalogue_of({**tree, **mesh}))

    assert "add 'mesh' to 'components'" in (raised.value.then or "")


def test_a_component_elsewhere_adds_what_the_one_that_it_extends_adds_and_nothing_of_a_contracts(
    catalogue_of: Make,
) -> None:
    tree = {
        **NET_AND_STORE,
        "blocks/store/files/any/docs/store.md": "",
        "blocks/store/files/other/make/store.mk": "",
        "blocks/depot/__init__.py": contract("Depot"),
        "blocks/depot/own.py": block("Depot", imports="from blocks.store import Store", base="depot.Depot, Store"),
        "blocks/depot/more.py": block(
            "Depot", imports="from blocks.store import other", base="depot.Depot, other.Store"
        ),
    }
    blocks = {block.variant: block for block in catalogue_of(tree).blocks() if block.capability == "depot"}

    assert [*blocks["own"].files(())] == []
    assert [str(path) for path in blocks["more"].files(())] == ["docs/store.md", "make/store.mk"]


@pytest.mark.parametrize("where", ["blocks/store/__init__.py", "blocks/store/aws.py"])
def test_a_block_that_imports_a_star_is_named_with_its_line(where: str, catalogue_of: Make) -> None:
    source = NET_AND_STORE[where].replace("from mlops_stacks.component import Component, Settings", "")
    tree = {**NET_AND_STORE, where: source + "\nfrom mlops_stacks.component import *\n"}

    with pytest.raises(ScaffoldError) as raised:
        resolve(blueprint("components: {store: {}}"), "aws", catalogue_of(tree))

    said = str(raised.value)
    assert "imports *, and what that brings cannot be read" in said
    assert f"{where}:" in said


def test_a_block_says_what_it_makes(catalogue_of: Make) -> None:
    silent = block("Net").replace('"""A net of a test."""', "")

    with pytest.raises(ScaffoldError, match=r"blocks\.net\.aws: Net has no docstring"):
        resolve(blueprint("components: {net: {}}"), "aws", catalogue_of({**NET_AND_STORE, "blocks/net/aws.py": silent}))


def test_a_circle_is_named(catalogue_of: Make) -> None:
    catalogue = catalogue_of(
        {
            "blocks/egg/__init__.py": contract("Egg"),
            "blocks/hen/__init__.py": contract("Hen"),
            "blocks/egg/aws.py": block("Egg", "hen: Hen", imports="from blocks.hen import Hen"),
            "blocks/hen/aws.py": block("Hen", "egg: Egg", imports="from blocks.egg import Egg"),
        }
    )

    with pytest.raises(ScaffoldError, match=r"components need each other: (egg → hen → egg|hen → egg → hen)"):
        resolve(blueprint("components: {egg: {}, hen: {}}"), "aws", catalogue)


def test_a_wire_from_the_cloud_program_to_the_cluster_program_is_refused(catalogue_of: Make) -> None:
    inside = block("Net").replace("import pulumi\n", "import pulumi\nimport pulumi_kubernetes\n")

    with pytest.raises(ScaffoldError, match="'store' is made before the cluster, and needs 'net'"):
        resolve(
            blueprint("components: {net: {}, store: {}}"),
            "aws",
            catalogue_of({**NET_AND_STORE, "blocks/net/aws.py": inside}),
        )


def test_an_optional_wire_may_be_absent_and_any_other_union_is_refused(catalogue_of: Make) -> None:
    optional = block("Store", "net: Net | None", imports="from blocks.net import Net")
    either = block("Store", "net: Net | Mesh", imports="from blocks.net import Net\nfrom blocks.mesh import Mesh")
    tree = {**NET_AND_STORE, "blocks/mesh/__init__.py": contract("Mesh")}
    catalogue = catalogue_of({**tree, "blocks/store/aws.py": optional, "blocks/store/either.py": either})

    assert resolve(blueprint("components: {store: {}}"), "aws", catalogue)[0].wires == {}
    inside = block("Net").replace("import pulumi\n", "import pulumi\nimport pulumi_kubernetes\n")
    catalogue = catalogue_of({**tree, "blocks/store/aws.py": optional, "blocks/net/aws.py": inside})
    assert {node.name: node.wires for node in resolve(blueprint("components: {net: {}, store: {}}"), "aws", catalogue)}[
        "store"
    ] == {}
    with pytest.raises(ScaffoldError, match=r"a wire is one contract, or 'Contract \| None'"):
        resolve(blueprint("components: {store: {on: either}}"), "aws", catalogue)


def test_a_block_that_is_not_python_is_named_with_its_line(catalogue_of: Make) -> None:
    with pytest.raises(ScaffoldError, match=r"this is not Python: [^\n]*\n  where: .*blocks/net/aws\.py:1"):
        resolve(
            blueprint("components: {net: {}}"), "aws", catalogue_of({**NET_AND_STORE, "blocks/net/aws.py": "def ("})
        )


VERB = """
    from abc import abstractmethod

    @abstractmethod
    def grant(self) -> None:
        'Grants.'
"""


def test_a_block_that_lacks_a_verb_of_its_contract_is_refused(catalogue_of: Make) -> None:
    """Python would let it pass, and the right that the verb grants would silently be missing."""
    tree = {**NET_AND_STORE, "blocks/net/__init__.py": contract("Net") + VERB}

    with pytest.raises(ScaffoldError, match="Net lacks what its contract promises: grant"):
        resolve(blueprint("components: {net: {}}"), "aws", catalogue_of(tree))


@pytest.mark.parametrize("annotation", ["int", "list[str]", "NotThere"])
def test_settings_must_be_settings(annotation: str, catalogue_of: Make) -> None:
    wrong = block("Net").replace("settings: NetSettings", f"settings: {annotation}")

    with pytest.raises(ScaffoldError, match=r"blocks\.net\.aws: the constructor cannot be read"):
        resolve(blueprint("components: {net: {}}"), "aws", catalogue_of({**NET_AND_STORE, "blocks/net/aws.py": wrong}))


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("blocks/bad/__init__.py", "(", "t: this is not Python"),
        ("blocks/bad/__init__.py", "x = " + "(" * 300 + ")" * 300, "t: this is not Python"),
        ("blocks/bad/aws.py", "", "t: 'bad' has no contract"),
        ("blocks/net/bad.py", "(", "t: this is not Python"),
        ("blocks/net/bad.py", "", "t: blocks.net.bad must define one component, not 0"),
        (
            "blocks/net/bad.py",
            block("Net").replace('"""A net of a test."""', ""),
            "t: blocks.net.bad: Net has no docst",
        ),
    ],
)
def test_what_cannot_be_read_is_a_warning_and_no_hindrance(
    path: str, source: str, problem: str, catalogue_of: Make
) -> None:
    catalogue = catalogue_of({"blocks/bad/__init__.py": "", **NET_AND_STORE, path: source})

    nodes = resolve(blueprint("components: {net: {}}"), "aws", catalogue)

    assert [node.name for node in nodes] == ["net"]
    assert {block.variant for block in catalogue.blocks()} == {"aws", "other"}
    assert [found for found in catalogue.problems if problem in found] == catalogue.problems != []


@pytest.mark.parametrize("line", ["urn: Output[str]", "name: Output[str]", "def keep(self) -> None: ..."])
def test_a_name_that_every_component_has_already_is_refused_with_its_line(line: str, catalogue_of: Make) -> None:
    catalogue = catalogue_of({**NET_AND_STORE, "blocks/net/__init__.py": contract("Net", outputs=line)})

    assert catalogue.capabilities == ["store"]
    assert any(
        "blocks/net/__init__.py:13" in problem and "no verb child, " in problem for problem in catalogue.problems
    )


def test_the_names_that_every_component_has_are_known() -> None:
    found = {name for kind in Component.__mro__[:-1] for name in vars(kind) if not name.startswith("_")}

    assert {*RESERVED} - {"child", "keep", "name", "token"} == found - {"token"}


def test_who_asks_for_what_cannot_be_read_is_told_why(catalogue_of: Make) -> None:
    catalogue = catalogue_of({**NET_AND_STORE, "blocks/bad/__init__.py": "(", "blocks/bad/aws.py": block("Bad")})

    with pytest.raises(ScaffoldError, match=r"'bad' of t cannot be read: this is not Python: '\(' was") as raised:
        resolve(blueprint("components: {bad: {}}"), "aws", catalogue)

    assert (raised.value.where or "").endswith("blocks/bad/__init__.py:1; b.yaml:1")
    assert len(catalogue.problems) == 1


SECOND = {
    **NET_AND_STORE,
    "more/__init__.py": "",
    "more/net/__init__.py": "",
    "more/net/aws.py": block("Net", base="net.Net").replace("A net of", "Another net of"),
}


def test_a_clash_of_variants_stops_only_who_asks_for_it(catalogue_of: Make) -> None:
    """A later version of ours may bring what a plugin has had for years."""
    catalogue = catalogue_of(SECOND)

    assert [node.name for node in resolve(blueprint("components: {store: {on: other}}"), "aws", catalogue)] == ["store"]
    assert catalogue.problems == ["two packages define 'net.aws' (t and m); only who asks for it must choose"]
    assert len([*catalogue.blocks()]) == 4
    with pytest.raises(ScaffoldError, match=r"two packages define 'net\.aws'") as raised:
        resolve(blueprint("components: {net: {}}"), "aws", catalogue)
    assert raised.value.where == "b.yaml:1; t and m"
    assert raised.value.allowed == "blocks:aws, more:aws"
    assert "rename the file or folder of the one that is yours" in (raised.value.then or "")


@pytest.mark.parametrize(
    ("on", "summary"), [("blocks:aws", "A net of a test."), ("more:aws", "Another net of a test.")]
)
def test_of_a_clash_either_can_be_chosen_by_its_package(on: str, summary: str, catalogue_of: Make) -> None:
    [node] = resolve(blueprint(f"components: {{net: {{on: {on}}}}}"), "aws", catalogue_of(SECOND))

    assert (node.block.summary, node.block.variant) == (summary, "aws")


@pytest.mark.parametrize("on", ["mroe:aws", "more:asw", "more:", ":aws"])
def test_a_package_that_does_not_have_the_variant_is_told_which_do(on: str, catalogue_of: Make) -> None:
    with pytest.raises(ScaffoldError) as raised:
        resolve(blueprint(f"components: {{net: {{on: '{on}'}}}}"), "aws", catalogue_of(SECOND))

    assert raised.value.what == f"'net' has no variant '{on}'"


def test_a_clash_of_capabilities_stops_only_who_asks_for_it(catalogue_of: Make) -> None:
    theirs = contract("Net").replace("test:platform", "more:platform")
    catalogue = catalogue_of({**SECOND, "more/net/__init__.py": theirs, "more/net/gcp.py": block("Net")})

    assert [node.name for node in resolve(blueprint("components: {store: {on: other}}"), "aws", catalogue)] == ["store"]
    assert len(elsewhere(catalogue=catalogue)) == 2
    with pytest.raises(ScaffoldError, match="two packages define 'net'") as raised:
        resolve(blueprint("components: {net: {}}"), "aws", catalogue)
    assert raised.value.allowed == "blocks:aws, more:aws, more:gcp"
    [node] = resolve(blueprint("components: {net: {on: 'blocks:aws'}}"), "aws", catalogue)
    assert node.block.module == "blocks.net.aws"


def test_a_clash_of_blueprints_stops_only_who_asks_for_it(catalogue_of: Make) -> None:
    tree = {f"{top}/{name}.yaml": f"summary: {top}" for top, name in (("plans", "a"), ("more", "a"), ("more", "b"))}
    catalogue = catalogue_of({**SECOND, **tree, "more/c.yaml": "extends: plans:a"})

    assert load("b", catalogue.blueprint).summary == "more"
    assert load("c", catalogue.blueprint).summary == load("plans:a", catalogue.blueprint).summary == "plans"
    with pytest.raises(ScaffoldError, match="two packages define the blueprint 'a'") as raised:
        load("a", catalogue.blueprint)
    assert raised.value.allowed == "plans:a, more:a"
    assert any("two packages define the blueprint 'a'" in problem for problem in catalogue.problems)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "'net' of t cannot be read: Net has no token"),
        ('token = "Net"', "'net' of t cannot be read: Net.token cannot be 'Net'"),
        ("token = 3", "'net' of t cannot be read: Net.token cannot be 3"),
    ],
)
def test_a_contract_without_a_token_is_refused_before_any_plan(line: str, what: str, catalogue_of: Make) -> None:
    source = contract("Net").replace('token = "test:platform:Net"', line)

    with pytest.raises(ScaffoldError) as raised:
        resolve(
            blueprint("components: {net: {}}"), "aws", catalogue_of({**NET_AND_STORE, "blocks/net/__init__.py": source})
        )

    assert raised.value.what == what
    assert "acme:platform:Net" in (raised.value.allowed or "")


def test_a_wire_names_a_contract_and_no_component(catalogue_of: Make) -> None:
    wrong = block("Store", "net: Net", imports="from blocks.net.aws import Net")

    with pytest.raises(ScaffoldError, match=r"'net' is annotated with the component blocks\.net\.aws\.Net") as raised:
        resolve(
            blueprint("components: {net: {}, store: {}}"),
            "aws",
            catalogue_of({**NET_AND_STORE, "blocks/store/aws.py": wrong}),
        )

    assert raised.value.then == "from blocks.net import Net"


@pytest.mark.parametrize(
    ("path", "then"),
    [("aaws/docs/x.md", "did you mean 'aws'?"), ("aaws+net/x.md", "did you mean 'aws'?"), ("prices.yaml", None)],
)
def test_what_lies_under_files_for_no_variant_is_an_error(path: str, then: str | None, catalogue_of: Make) -> None:
    catalogue = catalogue_of({**NET_AND_STORE, f"blocks/net/files/{path}": ""})

    with pytest.raises(ScaffoldError, match="is for no variant, and nothing in it would be copied") as raised:
        resolve(blueprint("components: {net: {}}"), "aws", catalogue)

    assert (raised.value.allowed or "").startswith("folders: any, aws; each also with +")
    assert raised.value.then == then


def test_files_for_a_component_that_nobody_has_are_a_warning(catalogue_of: Make) -> None:
    """It may come from a package that is not installed here."""
    places = ("aws/a", "any/a", "any+store/a", "aws+stoer/a", ".DS_Store", "__pycache__/a")
    catalogue = catalogue_of({**NET_AND_STORE, **{f"blocks/net/files/{place}": "" for place in places}})

    resolve(blueprint("components: {net: {}}"), "aws", catalogue)

    [problem] = catalogue.problems
    assert problem.startswith("t: unknown capability 'stoer'; did you mean 'store'?")
    assert "blocks/net/files/aws+stoer" in problem


def test_a_component_that_extends_another_has_its_page_unless_it_brings_one(catalogue_of: Make) -> None:
    tree = {
        **SECOND,
        "blocks/net/README.md": "# Net",
        "more/net/own.py": block("Net", imports="from blocks.net import aws", base="aws.Net"),
        "more/store/__init__.py": "",
        "more/store/own.py": block("Store", imports="from blocks.store import aws", base="aws.Store"),
        "blocks/store/README.md": "# Store",
        "more/store/README.md": "# Store, doubled",
    }
    catalogue = catalogue_of(tree)

    def page(capability: str) -> list[str]:
        return [str(path) for path in catalogue.block(capability, on="own", cloud="aws", where="").page]

    assert page("net") == ["blocks/net/README.md"]
    assert page("store") == ["more/store/README.md"]
    # A contract's page speaks of the components beside it.
    assert catalogue.block("net", on="more:aws", cloud="aws", where="").page == {}


@pytest.mark.parametrize("name", ["cloud", "pulumi", "export", "inside"])
def test_a_component_cannot_have_a_name_of_the_programs(name: str, catalogue_of: Make) -> None:
    tree = {f"blocks/{name}/__init__.py": contract(name.title()), f"blocks/{name}/aws.py": block(name.title())}

    with pytest.raises(ScaffoldError, match="the program uses that name"):
        resolve(blueprint(f"components: {{{name}: {{}}}}"), "aws", catalogue_of(tree))


def test_two_components_cannot_share_a_token(catalogue_of: Make) -> None:
    twin = contract("Store").replace("test:platform:Store", "test:platform:Net")

    with pytest.raises(ScaffoldError, match="'net' and 'store' both have the token test:platform:Net"):
        resolve(
            blueprint("components: {net: {}, store: {on: other}}"),
            "aws",
            catalogue_of({**NET_AND_STORE, "blocks/store/__init__.py": twin}),
        )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("components: {net: {on: 3}}", "net.on cannot be 3"),
        ("components: {net: {on: {asw: aws}}}", "unknown cloud 'asw'"),
        ("components: {net: {why: [a]}}", "net.why cannot be"),
    ],
)
def test_a_choice_of_the_wrong_kind_is_refused(text: str, what: str, catalogue_of: Make) -> None:
    with pytest.raises(ScaffoldError) as raised:
        resolve(blueprint(text), "aws", catalogue_of(NET_AND_STORE))

    assert what in raised.value.what


@pytest.fixture(scope="module")
def abcd(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Block]:
    """Four blocks that need nothing, and do not touch one another."""
    tree = {f"blocks/{name}/__init__.py": contract(name.upper()) for name in "abcd"}
    tree |= {f"blocks/{name}/aws.py": block(name.upper()) for name in "abcd"}
    library = Library({"blocks": write(tmp_path_factory.mktemp("abcd"), tree) / "blocks", "mlops_stacks": STACKS})
    found: dict[str, Block] = {}
    for name in "abcd":
        cls, settings = (
            library.find(f"blocks.{name}.{kind}") for kind in (f"aws.{name.upper()}", f"{name.upper()}Settings")
        )
        assert cls and settings
        found[name] = Block(name, "aws", cls, {}, settings, in_cluster=False)
    return found


class AnyBlocks:
    """A catalogue whose blocks need each other as told: component to the components that it needs."""

    def __init__(self, blocks: Mapping[str, Block], needs: Mapping[str, list[str]]) -> None:
        contracts = {name: Need(block.cls.bases[0], optional=False) for name, block in blocks.items()}
        self.blocks = {
            name: replace(block, needs={other: contracts[other] for other in needs[name]})
            for name, block in blocks.items()
        }

    def block(self, capability: str, **_: object) -> Block:
        return self.blocks[capability]


@given(order=st.permutations(["a", "b", "c", "d"]), edges=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3))))
def test_everything_comes_after_what_it_needs(
    abcd: Mapping[str, Block], order: list[str], edges: set[tuple[int, int]]
) -> None:
    """Any wiring without a circle: an edge (i, j) with i > j says that component i needs component j."""
    names = sorted(order)
    needs = {name: [names[j] for i, j in edges if names[i] == name and i > j] for name in order}
    wanted = Blueprint(components={name: {} for name in order})

    found = [node.name for node in resolve(wanted, "aws", cast("Catalogue", AnyBlocks(abcd, needs)))]

    assert sorted(found) == names
    assert all(found.index(other) < found.index(name) for name, others in needs.items() for other in others)


def test_a_block_that_cannot_be_imported_is_described_all_the_same(catalogue_of: Make) -> None:
    fails = block("Net").replace("import pulumi\n", "import pulumi\nimport not_installed\n1 / 0\n")

    found = catalogue_of({**NET_AND_STORE, "blocks/net/aws.py": fails}).block("net", on=None, cloud="aws", where="")

    assert found.summary == "A net of a test."
    assert found.model.model_validate({"size": 3}).model_dump() == {"size": 3}


def test_settings_may_use_what_their_module_defines(catalogue_of: Make) -> None:
    source = contract("Net", settings="size: Annotated[int, AfterValidator(even)] = LEAST").replace(
        "from pulumi import Output",
        "import no_such_sdk\n"
        "from typing import Annotated\n"
        "from pydantic import AfterValidator\n"
        "LEAST = 2\n"
        "def even(number):\n"
        "    if number % LEAST: raise ValueError('even')\n"
        "    return number",
    )
    catalogue = catalogue_of({**NET_AND_STORE, "blocks/net/__init__.py": source})

    with pytest.raises(ScaffoldError, match=r"net\.size cannot be 3") as raised:
        resolve(blueprint("components: {net: {size: 3}}"), "aws", catalogue)

    assert raised.value.allowed == "even"


def test_settings_that_cannot_be_loaded_are_named_with_their_line(catalogue_of: Make) -> None:
    source = contract("Net", settings="size: int = NOWHERE")

    with pytest.raises(ScaffoldError, match=r"NetSettings cannot be loaded: NameError") as raised:
        resolve(
            blueprint("components: {net: {}}"), "aws", catalogue_of({**NET_AND_STORE, "blocks/net/__init__.py": source})
        )

    assert (raised.value.where or "").endswith("blocks/net/__init__.py:6")
