"""A platform team's own distribution works like ours: installed for real, its blueprint chosen, its block copied."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"

pytestmark = pytest.mark.xdist_group("plugin")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution installed in it, as pip would."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--python", sys.executable, "--target", str(folder), str(PLUGIN)], check=True)
    return folder


def scaffold(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlops_scaffold", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_blueprint_and_block_make_a_repository_that_plans(installed: Path, tmp_path: Path) -> None:
    result = scaffold(installed, "new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--output", str(tmp_path))

    assert result.returncode == 0, result.stderr
    made = tmp_path / "acme"
    for capability in ("queue", "relay"):
        place = Path("acme_platform", "blocks", capability)
        compared = filecmp.dircmp(PLUGIN / place, made / place, ignore=[*filecmp.DEFAULT_IGNORES, "files"])
        changed = [name for name in compared.diff_files if name != "README.md"]
        assert (changed, compared.left_only, compared.right_only) == ([], [], [])
    assert 'relay = Relay("relay", settings.relay, workspace=workspace)' in (
        (made / "cluster" / "__main__.py").read_text()
    )
    assert "queue = Queue(" in (made / "__main__.py").read_text()
    assert "QueueSettings(retention_days=7)" in (made / "settings.py").read_text()
    # The queue says so itself: the blueprint names none.
    assert re.search(r'IdentitySettings\(.*"sqs:CreateQueue"', (made / "settings.py").read_text(), re.DOTALL)
    assert "acme_platform" in (made / "pyproject.toml").read_text()
    assert (
        "| `retention_days` | number from 1 to 14 | `4` |" in (made / place.parent / "queue" / "README.md").read_text()
    )
    readme = (made / "README.md").read_text()
    assert "- [Queue](acme_platform/blocks/queue/README.md)" in readme
    assert "- [Relay, without a page](acme_platform/blocks/relay/kubernetes.py)" in readme
    assert "CI may not make it" not in result.stdout
    assert re.search(r"\n  queue +2 ", result.stdout)
    # sqs/pricing: $0.40 a million; the block's own book assumes one of them for each of two queues, and ten in prod.
    assert re.search(r"\bqueue +~\$0\.80 +~\$0\.80 +~\$8\.00", result.stdout)
    assert "unknown: " not in result.stdout
    assert "whether it holds data" not in result.stdout
    assert not [path for path in made.rglob("*.py") if "mlops_scaffold" in path.read_text()]


def test_its_own_tests_pass(installed: Path, tmp_path: Path) -> None:
    """They use what ``mlops_scaffold.testing`` offers to every author of a block."""
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    # As if all of it were installed there: a plan sees what its interpreter has, and no PYTHONPATH.
    (site_packages,) = environment.glob("lib/*/site-packages")
    folders = (sysconfig.get_path("purelib"), str(installed))
    (site_packages / "all.pth").write_text("".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders))
    tests = shutil.copytree(PLUGIN / "tests", tmp_path / "tests")

    result = subprocess.run(
        [environment / "bin" / "python", "-m", "pytest", "-q", tests],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "3 passed" in result.stdout, result.stdout


def test_a_blueprint_that_extends_what_is_not_there_is_told_which_others_are(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    plan = site / "acme_platform/plans/acme-batch.yaml"
    plan.write_text(plan.read_text().replace("extends: series-a", "extends: series-b"))

    result = scaffold(site, "new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--output", str(tmp_path))

    assert result.stderr.splitlines() == [
        "error: the stage 'series-b' is not offered yet",
        "  where:   acme_platform.plans/acme-batch.yaml:1",
        "  allowed: series-a",
    ]


def test_two_books_with_a_price_for_the_same_are_an_error_that_names_both(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    book = site / "acme_platform/blocks/queue/files/aws/prices/queue.yaml"
    book.write_text(book.read_text().replace("queue-requests:", "messages:"))

    result = scaffold(site, "new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--output", str(tmp_path))

    assert result.returncode == 2
    assert "two books of prices have a line for 'messages'" in result.stderr
    assert f"prices/aws.yaml and {book}" in result.stderr
    assert not (tmp_path / "acme").exists()


@pytest.mark.parametrize(
    ("path", "text", "what", "where"),
    [
        ("make/queue.mk", "predict:\n\techo\n", "the target 'predict'", "make/serving.mk of serving (mlops-scaffold"),
        ("make/queue.mk", "up: x ## mine\n\techo\n", "the target 'up'", "Makefile"),
        ("docs/audit.md", "# Mine\n", "the file 'docs/audit.md'", "audit (mlops-scaffold"),
        ("Makefile", "", "the file 'Makefile'", "every repository"),
        ("docs/architecture.svg", "<svg/>", "the file 'docs/architecture.svg'", "the program and queue"),
        (".mlops-scaffold/answers.yaml", "", "the file '.mlops-scaffold/answers.yaml'", "queue"),
    ],
)
def test_what_something_else_brings_already_is_an_error_that_says_who(
    path: str, text: str, what: str, where: str, installed: Path, tmp_path: Path
) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    file = site / "acme_platform/blocks/queue/files/aws" / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    arguments = ["new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--no-preview", "--output", str(tmp_path)]

    result = scaffold(site, *arguments)

    assert result.returncode == 2
    said = " ".join(result.stderr.split())
    assert what in said
    assert where in said
    assert path == "Makefile" or "queue (acme-platform 1.2.0)" in said
    assert "another name" in said


RULE = '''\
from collections.abc import Iterator
from policy import Plan

def queues_are_long(plan: Plan) -> Iterator[str]:
    """They are (CIS AWS Foundations 1.1)."""
    yield from ()
'''


@pytest.mark.parametrize("examples", [None, "", "import nowhere"])
def test_a_rule_without_bad_examples_says_which_file_is_missing(
    examples: str | None, repository: Path, tmp_path: Path
) -> None:
    for name in ("policy", "tests"):
        shutil.copytree(repository / name, tmp_path / name)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(repository / name, tmp_path / name)
    (tmp_path / "policy/queue.py").write_text(RULE)
    if examples is not None:
        (tmp_path / "tests/bad_examples/queue.py").write_text(examples)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_rules.py", "-k", "queue"]

    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    if examples:  # A fault of the examples themselves is told as it is.
        assert "No module named 'nowhere'" in said
    else:
        assert "write tests/bad_examples/queue.py with EXAMPLES = {'queues_are_long': [Plan(...), ...]}" in said
        assert "ModuleNotFoundError" not in said


def test_what_is_no_action_is_an_error_that_names_the_component(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    block = site / "acme_platform/blocks/queue/aws.py"
    right = block.read_text()
    arguments = ["new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--no-preview", "--output", str(tmp_path)]

    for wrong, said in (('"sqs.CreateQueue"', "'sqs.CreateQueue' is no action"), ("*OTHERS", "no list of plain texts")):
        block.write_text(right.replace('"sqs:CreateQueue"', wrong))
        result = scaffold(site, *arguments)
        assert result.returncode == 2
        assert said in result.stderr
        assert "queue/aws.py:" in result.stderr


def test_it_stands_in_the_catalogue(installed: Path) -> None:
    assert "An SQS queue" in scaffold(installed, "catalogue").stdout
    shown = scaffold(installed, "show", "queue").stdout
    assert "retention_days" in shown
    assert "from: acme-platform 1.2.0" in shown
    assert "from: acme-platform 1.2.0" in scaffold(installed, "show", "acme-batch").stdout
    assert "grant_send(grantee: str, identity: Input[str]) -> None: Lets an identity send requests." in shown
    assert "url (Output[str]): Where to send and receive." in shown
    relay = " ".join(scaffold(installed, "show", "relay").stdout.split())
    assert "server (text, required): The host name" in relay


def test_a_broken_distribution_is_a_warning_with_its_name_and_version(tmp_path: Path) -> None:
    broken = tmp_path / "broken-3.1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 3.1\n")
    (broken / "entry_points.txt").write_text("[mlops_scaffold.stacks]\nbroken = not_there\n")

    result = scaffold(tmp_path, "catalogue")

    assert result.returncode == 0
    assert "warning broken 3.1: cannot load 'not_there': ModuleNotFoundError" in result.stdout
    assert "series-a" in result.stdout


def test_a_distribution_that_was_packed_without_its_data_is_a_warning(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    for path in site.rglob("*.yaml"):
        path.unlink()

    said = scaffold(site, "catalogue").stdout

    assert "warning acme-platform 1.2.0: 'acme_platform.plans' holds no blueprint" in " ".join(said.split())
    assert "holds no block" not in said


def test_what_it_needs_beyond_the_lock_is_a_warning_with_its_name(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    block = site / "acme_platform" / "blocks" / "queue" / "aws.py"
    block.write_text(block.read_text().replace("import pulumi\n", "import pulumi\nimport yaml as _\nimport rich\n"))
    arguments = ["new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--output", str(tmp_path)]

    for command in ([*arguments, "--no-preview"], ["preview", str(tmp_path / "acme"), "--env", "dev"]):
        said = scaffold(site, *command).stdout
        assert [line for line in said.splitlines() if "requirements.txt" in line] == [
            "warning acme-platform 1.2.0: acme_platform.blocks.queue.aws imports 'rich', which requirements.txt does "
            "not hold: name rich in the dependencies of pyproject.toml, and run 'make lock'"
        ]


def test_a_module_that_is_missing_is_told_with_its_importer_and_the_lock(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    block = site / "acme_platform" / "blocks" / "queue" / "aws.py"
    block.write_text(block.read_text().replace("import pulumi\n", "import pulumi\nimport lakehouse\n"))

    result = scaffold(site, "new", "acme", "--stage", "acme-batch", "--cloud", "aws", "--output", str(tmp_path))

    assert result.returncode == 2
    said = " ".join(result.stderr.split())
    assert "ModuleNotFoundError: No module named 'lakehouse'" in said
    assert "acme_platform.blocks.queue.aws imports 'lakehouse', which requirements.txt does not hold" in said


def test_a_distribution_that_ends_python_hinders_nobody(tmp_path: Path) -> None:
    leaves = tmp_path / "leaves-1.0.dist-info"
    leaves.mkdir()
    (leaves / "METADATA").write_text("Metadata-Version: 2.1\nName: leaves\nVersion: 1.0\n")
    (leaves / "entry_points.txt").write_text("[mlops_scaffold.blueprints]\nleaves = leaves\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)")

    result = scaffold(tmp_path, "catalogue")

    assert "warning leaves 1.0: cannot load 'leaves': SystemExit: 0" in result.stdout
    assert "series-a" in result.stdout
    assert "mend what could not be read: leaves 1.0" in scaffold(tmp_path, "show", "nothing").stderr


def test_a_clash_of_names_is_an_error_that_names_both(installed: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin-1.0.dist-info"
    twin.mkdir()
    (twin / "METADATA").write_text("Metadata-Version: 2.1\nName: twin\nVersion: 1.0\n")
    (twin / "entry_points.txt").write_text("[mlops_scaffold.blueprints]\ntwin = twin\n")
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "__init__.py").write_text("")
    (tmp_path / "twin" / "series-a.yaml").write_text("summary: mine\n")

    result = scaffold(tmp_path, "new", "acme", "--stage", "series-a", "--cloud", "aws", "--output", str(tmp_path / "x"))

    assert result.returncode == 2
    assert "two packages define the blueprint 'series-a'" in result.stderr
    assert "twin 1.0" in result.stderr
    assert "mlops-scaffold 0.1.0" in result.stderr
