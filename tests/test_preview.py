"""What the tool makes of the answers: both passes as one plan, findings with their line, manifests against schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import write
from kubernetes.distil import distil

from mlops_scaffold import report
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview import kubernetes, names, preview
from mlops_scaffold.preview.plan import Finding, Plan, grouped
from mlops_scaffold.preview.repository import Repository
from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import program
from mlops_stacks.cluster import VERSION


def test_the_schemas_we_ship_are_those_of_the_version_we_make() -> None:
    assert kubernetes.newest() == VERSION
    assert kubernetes.schema_file(VERSION).read_text() == distil(VERSION), "refresh it: make schemas"


@pytest.mark.parametrize(
    ("makefile", "order"),
    [
        ("A := b\nENVIRONMENTS := dev lab staging gone prod\n", ["dev", "lab", "staging", "prod", "extra"]),
        ("up:\n\techo\n", ["dev", "extra", "lab", "staging", "prod"]),
    ],
)
def test_environments_are_shown_in_the_order_in_which_they_are_brought_up(
    makefile: str, order: list[str], tmp_path: Path
) -> None:
    names = ("dev", "extra", "lab", "prod", "staging")
    write(tmp_path, {f"Pulumi.{name}.yaml": "" for name in names} | {"Makefile": makefile})

    assert Repository(tmp_path).environments == order


def test_a_repository_looks_at_its_environments_in_the_order_of_its_makefile(repository: Path, tmp_path: Path) -> None:
    """``make costs``, ``make test`` and the judges of ``make security`` take it from ``tests/plans.py``."""
    for name in ("policy", "tests"):
        shutil.copytree(repository / name, tmp_path / name)
    write(tmp_path, {f"Pulumi.{name}.yaml": "" for name in ("dev", "extra", "prod")})
    (tmp_path / "Makefile").write_text("ENVIRONMENTS := prod gone dev\n")
    command = [sys.executable, "-c", "import plans; print(*plans.ENVIRONMENTS)"]
    path = f"{tmp_path}:{tmp_path / 'tests'}"

    said = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True).stdout

    assert said.split() == ["prod", "dev", "extra"]


def manifest(**spec: Any) -> list[dict[str, Any]]:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": spec}
    return [{"type": "kubernetes:core/v1:Service", "urn": "a::b::c::x", "inputs": service, "source": "a.py:1"}]


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        ({"ports": [{"port": 80}]}, []),
        ({"ports": [{"port": {"$unknown": True}}]}, []),
        ({"ports": [{"port": {"$secret": True}}]}, []),
        ({"ports": [{"prot": 80}]}, ["spec.ports.0"]),
        ({"ports": {"port": 80}}, ["spec.ports"]),
    ],
)
def test_a_manifest_is_held_against_its_schema(spec: dict[str, Any], problems: list[str]) -> None:
    found = list(kubernetes.check(manifest(**spec)))

    assert sorted({finding.path or "" for finding in found}) == problems
    assert {finding.severity for finding in found} <= {"error"}


def test_a_kind_without_a_schema_is_not_checked_and_says_so() -> None:
    [finding] = kubernetes.check(
        [{"type": "kubernetes:x/v1:Y", "urn": "u", "inputs": {"apiVersion": "x/v1", "kind": "Y"}, "source": None}]
    )

    assert (finding.severity, finding.message) == ("unchecked", "x/v1 Y: its schema is not known here")


def test_a_name_that_a_type_would_refuse_is_found() -> None:
    kind = "aws:iam/role:Role"
    long, fits = (
        {"type": kind, "urn": f"urn:pulumi:staging::acme::{kind}::{'r' * length}", "inputs": {}} for length in (44, 43)
    )

    [finding] = names.check([fits, long, {**long, "inputs": {"name": "short"}}], "acme", "staging")

    assert finding.code == "name-too-long"
    assert "65 characters, and 64 are allowed" in finding.message


def test_the_cluster_program_names_what_it_makes_like_the_cloud_program(
    repository: Path, tmp_path: Path, session: Session
) -> None:
    folder = shutil.copytree(repository, tmp_path / "acme", ignore=shutil.ignore_patterns(".venv*"))
    file = folder / "cluster" / "Pulumi.staging.yaml"
    values = yaml.safe_load(file.read_text())
    platform = values["config"]["acme-cluster:platform"]
    for length, found in ((34, False), (35, True)):
        namespace = "m" * length
        platform["workspace"] = {"namespaces": [namespace]}
        platform["training"] = platform.get("training", {}) | {"namespaces": [namespace]}
        file.write_text(yaml.safe_dump(values))

        findings = [
            finding
            for finding in preview(folder, ["staging"], session=session).findings
            if finding.code == "name-too-long"
        ]

        assert bool(findings) is found, findings


def test_what_is_kept_and_not_promised_is_found(tmp_path: Path, session: Session) -> None:
    kept = "for name in ('a', 'b'): s3.Bucket(name, opts=pulumi.ResourceOptions(protect=True, retain_on_delete=True))"
    folder = program(tmp_path, f"import pulumi\nfrom pulumi_aws import s3\n{kept}\n")
    write(folder, {"tests/promises/storage.txt": "aws:s3/bucket:Bucket::a\n"})

    assert preview(folder, session=session).of("warning") == []

    write(folder, {"tests/test_promises.py": ""})
    [finding] = preview(folder, session=session).of("warning")

    assert (finding.code, finding.source) == ("not-promised", "__main__.py:3")
    assert "add the line 'aws:s3/bucket:Bucket::b'" in finding.message


def test_what_differs_by_place_only_is_told_once() -> None:
    findings = [Finding("warning", "x", "same", environment=name, source=f"Pulumi.{name}.yaml:1") for name in "ab"]

    assert grouped(findings) == [(findings[0], 2)]


@pytest.mark.parametrize(
    ("key", "root", "cluster", "told"),
    [
        ("aws:region", "us-east-1", "eu-west-1", True),
        ("aws:region", "us-east-1", "us-east-1", False),
        ("aws:allowedAccountIds", "['111111111111']", "['222222222222']", True),
        ("aws:allowedAccountIds", "['111111111111']", "[]", True),
    ],
)
def test_the_programs_of_an_environment_are_in_one_place(
    key: str, root: str, cluster: str, told: bool, tmp_path: Path, session: Session
) -> None:
    """The cluster program makes roles and reads outputs of the other: a provider has one region (Pulumi AWS docs)."""
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": f"config:\n  {key}: {root}\n",
        "__main__.py": "",
        "cluster/Pulumi.yaml": "name: acme-cluster\nruntime: python\n",
        "cluster/Pulumi.dev.yaml": f"config:\n  {key}: {cluster}\n",
        "cluster/__main__.py": "",
    }

    errors = preview(write(tmp_path, files), session=session).of("error")

    assert [finding.source for finding in errors] == (["cluster/Pulumi.dev.yaml:2"] if told else [])
    assert all("Pulumi.dev.yaml:2: the programs of an environment" in finding.message for finding in errors)


@pytest.mark.parametrize(
    ("dev", "asked", "told"),
    [
        ("['111111111111']", ["prod"], ["prod is in the same account as dev"]),
        ("['111111111111']", ["dev"], []),
        ("['222222222222']", None, []),
        ("[]", None, []),
    ],
)
def test_who_deploys_beside_production_is_a_warning(
    dev: str, asked: list[str] | None, told: list[str], tmp_path: Path, session: Session
) -> None:
    """The rights of environments in one account are no wall (AWS Well-Architected, SEC01-BP01: separate workloads)."""
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": f"config:\n  aws:allowedAccountIds: {dev}\n",
        "Pulumi.prod.yaml": "config:\n  aws:allowedAccountIds: ['111111111111']\n",
        "__main__.py": "",
    }

    warnings = preview(write(tmp_path, files), asked, session=session).of("warning")
    found = [finding for finding in warnings if finding.code == "account-shared"]

    assert [finding.message.partition(":")[0] for finding in found] == told
    assert {finding.source for finding in found} <= {"Pulumi.prod.yaml:2"}


@pytest.mark.parametrize(
    ("environment", "settings", "told"),
    [("production", "", True), ("production", "  acme:platform: {x: {}}\n", False), ("test", "", False)],
)
def test_production_that_is_like_any_other_is_a_warning(
    environment: str, settings: str, told: bool, tmp_path: Path, session: Session
) -> None:
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        f"Pulumi.{environment}.yaml": f"config:\n  aws:region: us-east-1\n{settings}",
        "__main__.py": "",
        "settings.py": "",
    }

    warnings = preview(write(tmp_path, files), session=session).of("warning")

    assert ("production-by-name" in {finding.code for finding in warnings}) is told


@pytest.mark.parametrize(
    ("accounts", "codes"),
    [
        ("['123456789012']", []),
        ("[123456789012]", []),
        ("[12345]", ["no-account"]),
        ("['1234-5678-9012']", ["no-account"]),
        ("'123456789012'", ["no-account"]),
        ("[]", ["account-not-pinned"]),
    ],
)
def test_an_account_has_twelve_digits(accounts: str, codes: list[str], tmp_path: Path, session: Session) -> None:
    """AWS Account Management Reference Guide, *View AWS account identifiers*: a 12-digit number."""
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": f"config:\n  aws:region: us-east-1\n  aws:allowedAccountIds: {accounts}\n",
        "__main__.py": "",
    }

    found = [
        finding for finding in preview(write(tmp_path, files), session=session).findings if "account" in finding.code
    ]

    assert [finding.code for finding in found] == codes
    assert {finding.source for finding in found} <= {"Pulumi.dev.yaml:3", "Pulumi.dev.yaml:1"}


def test_an_environment_that_was_copied_is_told_what_it_still_shares(tmp_path: Path, session: Session) -> None:
    """Two networks with the same addresses cannot be peered (VPC Peering Guide, *VPC peering limitations*)."""
    copied = "config:\n  aws:defaultTags:\n    tags:\n      environment: dev\n"
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": copied,
        "Pulumi.test.yaml": copied,
        "__main__.py": "from pulumi_aws import ec2\nec2.Vpc('network', cidr_block='10.16.0.0/16')\n",
    }

    found = preview(write(tmp_path, files), session=session).of("warning")
    told = {finding.code: finding for finding in found if finding.code in ("tag-of-another", "range-shared")}

    assert told["tag-of-another"].source == "Pulumi.test.yaml:4"
    assert "dev and test" in told["range-shared"].message
    assert len(told) == len([finding for finding in found if finding.code in told])


def test_no_row_of_a_table_is_cut(tmp_path: Path, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a-name-that-is-so-long-that-no-terminal-has-room-for-it-beside-a-type-and-a-place"
    source = f"import pulumi_random as random\nrandom.RandomPet({name!r})\n"

    report.plan(preview(program(tmp_path, source), session=session), "table")

    [row] = [line for line in capsys.readouterr().out.splitlines() if line.rstrip().endswith("__main__.py:2")]
    assert name in row
    assert "random:index/randomPet:RandomPet" in row


TWO_PROGRAMS = {
    "Pulumi.yaml": "name: acme\nruntime: python\n",
    "Pulumi.dev.yaml": "config:\n  acme:token:\n    secure: v1:x:y\n",
    "__main__.py": (
        "import pulumi, pulumi_random as random\n"
        "pet = random.RandomPet('pet')\n"
        "pulumi.export('pet', pet.id)\n"
        "pulumi.export('token', pulumi.Config().require_secret('token'))\n"
    ),
    "cluster/Pulumi.yaml": "name: acme-cluster\nruntime: python\n",
    "cluster/Pulumi.dev.yaml": "config: {}\n",
    "cluster/__main__.py": (
        "import pulumi, pulumi_random as random\n"
        "cloud = pulumi.StackReference(f'{pulumi.get_organization()}/acme/{pulumi.get_stack()}')\n"
        "keepers = {'pet': cloud.get_output('pet'), 'key': cloud.get_output('token')}\n"
        "random.RandomId('id', byte_length=4, keepers=keepers)\n"
    ),
}


def test_the_second_program_is_fed_with_the_first_ones_outputs(tmp_path: Path, session: Session) -> None:
    plan = preview(write(tmp_path, TWO_PROGRAMS), session=session)

    assert plan.of("error") == []
    [made] = plan.programs[1].made
    assert made["inputs"]["keepers"]["pet"] == {"$unknown": True}
    assert made["deepInputs"]["keepers"]["key"] == {"$secret": True}
    assert isinstance(made["deepInputs"]["keepers"]["pet"], str)


def test_the_second_program_says_why_it_is_not_planned(tmp_path: Path, session: Session) -> None:
    plan = preview(write(tmp_path, {**TWO_PROGRAMS, "__main__.py": "1 / 0\n"}), session=session)

    assert [finding.message for finding in plan.of("unchecked")] == [
        "acme-cluster: not planned: the program that it builds on fails"
    ]


@pytest.mark.parametrize("form", ["tree", "table", "markdown", "json"])
@pytest.mark.parametrize("broken", ["", "cluster/"])
def test_what_could_not_be_planned_is_not_shown_as_nothing(
    form: str, broken: str, tmp_path: Path, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {**TWO_PROGRAMS, f"{broken}__main__.py": "raise ValueError('mended')\n"}
    plan = preview(write(tmp_path, files), session=session)

    report.plan(plan, form)
    said = capsys.readouterr().out

    missed = ["acme-cluster"] if broken else ["acme", "acme-cluster"]
    if form == "json":
        document = json.loads(said)
        assert document["incomplete"] == {"dev": missed}
        gaps = document["costs"][0]["cost"]["gaps"]
        assert [name for name in missed if any(f"({name}-dev): not planned whole" in gap for gap in gaps)] == missed
    else:
        whole = f"failed: 1 error; not planned whole: {' and '.join(missed)} in dev"
        assert whole in said.lower().splitlines()[0]
        assert whole in said.lower().splitlines()[-1]
        assert ": nothing" not in said.lower()
        [together] = [line for line in said.splitlines() if "together" in line]
        assert "?" in together
    if form in ("tree", "table"):
        assert said.count("ValueError: mended") == 2


SETTINGS = """
from mlops_stacks.cluster import ClusterSettings
from mlops_stacks.component import Settings, load
class Platform(Settings):
    cluster: ClusterSettings = ClusterSettings({0})
load(Platform)
"""


@pytest.mark.parametrize(
    ("code", "file", "message", "source"),
    [
        ("", "admin_cidrs: 203.0.113.7", "should be a list, such as [203.0.113.7]", "Pulumi.dev.yaml:4"),
        ("", "admin_cidrs: [203.0.113.7]", "203.0.113.7/32 is that one address", "Pulumi.dev.yaml:4"),
        ("", "admin_cidrs: [3.0.0.0/8]", "of at least 16 fixed bits on the internet", "Pulumi.dev.yaml:4"),
        ("", "admin_cidr: []", "there is no such setting, but version, admin_cidrs", "Pulumi.dev.yaml:4"),
        ("admin_cidr=()", "{}", "there is no such setting, but version, admin_cidrs", "__main__.py:5"),
    ],
)
def test_a_setting_that_is_not_allowed_says_what_would_be(
    code: str, file: str, message: str, source: str, tmp_path: Path, session: Session
) -> None:
    files = {
        "Pulumi.yaml": "name: acme\nruntime: python\n",
        "Pulumi.dev.yaml": f"config:\n  acme:platform:\n    cluster:\n      {file}\n",
        "__main__.py": SETTINGS.replace("{0}", code),
    }

    [finding] = preview(write(tmp_path, files), session=session).of("error")

    assert message in finding.message
    assert finding.source == source


def test_the_folder_of_the_second_program_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="'cluster' is one of two programs") as raised:
        preview(write(tmp_path, TWO_PROGRAMS) / "cluster")

    assert raised.value.then == "run this in the folder above"


def test_settings_of_another_project_are_an_error_with_their_line(tmp_path: Path, session: Session) -> None:
    config = "config:\n  acme:token: x\n  acmee:platform:\n    keys: {}\n"

    plan = preview(write(tmp_path, {**TWO_PROGRAMS, "Pulumi.dev.yaml": config}), session=session)

    [finding] = plan.of("error")
    assert (finding.code, finding.source) == ("foreign-settings", "Pulumi.dev.yaml:3")


def test_a_secret_that_surfaces_is_an_error_with_its_line(tmp_path: Path, session: Session) -> None:
    source = TWO_PROGRAMS["__main__.py"].replace(
        "pulumi.export('pet', pet.id)", "random.RandomPet('leak', prefix=text)"
    )
    source = source.replace("pet = ", "text = pulumi.Config().require('token')\npet = ")
    one = {name: text for name, text in TWO_PROGRAMS.items() if not name.startswith("cluster/")}

    plan = preview(write(tmp_path, {**one, "__main__.py": source}), session=session)

    leak = next(finding for finding in plan.of("error") if finding.code == "secret-leak")
    assert (leak.path, leak.source) == ("prefix", "__main__.py:4")


def test_what_is_made_inside_an_apply_is_shown_and_said(tmp_path: Path, session: Session) -> None:
    source = (
        "import pulumi_random as random\n"
        "pet = random.RandomPet('pet')\n"
        "pet.id.apply(lambda name: random.RandomPet('late', prefix=name))\n"
    )

    plan = preview(program(tmp_path, source), session=session)

    assert [resource["name"] for resource in plan.programs[0].made if resource.get("onlyDeep")] == ["late"]
    assert "made-in-apply" in {finding.code for finding in plan.of("note")}


def test_the_document_is_the_same_byte_for_byte(tmp_path: Path, session: Session) -> None:
    folder = write(tmp_path, TWO_PROGRAMS)

    assert preview(folder, session=session).json() == preview(folder, session=session).json()


def test_the_document_says_what_could_not_be_checked() -> None:
    document = json.loads(Plan([], [Finding("unchecked", "x", "this")]).json())

    assert "this" in document["unchecked"]
    assert document["findings"] == []
    assert document["suppressed"] == {"count": 0, "findings": []}


def test_what_blocks_import_beyond_the_lock_is_said(repository: Path) -> None:
    """Ours need nothing that the lock does not hold."""
    from mlops_scaffold.answers import Answers
    from mlops_scaffold.catalogue import Catalogue
    from mlops_scaffold.project import platform, unlocked

    catalogue = Catalogue.installed()

    assert list(unlocked(platform(Answers("acme", "series-a", "aws"), catalogue), catalogue)) == []


CAUSES = """
import pulumi
from mlops_stacks.component import Component

class Thing(Component):
    token = "test:platform:Thing"

thing = Thing("thing")
pulumi.log.warn("thing.size: nobody has one of that size", resource=thing)
pulumi.log.warn("thing.colour: it has none", resource=thing)
pulumi.Config("aws").require_object("region")
"""


def test_what_an_environment_sets_is_mended_in_its_file(tmp_path: Path, session: Session) -> None:
    program(tmp_path, CAUSES)
    with (tmp_path / "Pulumi.dev.yaml").open("a") as file:
        file.write("  acme:platform:\n    thing:\n      size: 3\n")

    found = {finding.message.split()[0]: finding.source for finding in preview(tmp_path, session=session).findings}

    assert found["thing.size:"] == "Pulumi.dev.yaml:9"
    assert found["thing.colour:"] == "__main__.py:8"
    assert found["ConfigTypeError:"] == "Pulumi.dev.yaml:2"


@pytest.mark.parametrize("key", ["platform", "acme:platfrm", "other:platform"])
def test_settings_that_nobody_reads_are_found(key: str, tmp_path: Path, session: Session) -> None:
    program(tmp_path, "")
    with (tmp_path / "Pulumi.dev.yaml").open("a") as file:
        file.write(f"  {key}: {{}}\n")

    found = [finding.source for finding in preview(tmp_path, session=session).findings if finding.severity == "error"]

    assert found == ([] if key == "platform" else ["Pulumi.dev.yaml:7"])
