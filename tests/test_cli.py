"""The command line, as a person meets it: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import inside, write

from mlops_scaffold import __version__
from mlops_scaffold.cli import main

SERIES_A = ["--stage", "series-a", "--cloud", "aws"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def new(folder: Path, *arguments: str) -> Result:
    return run("new", "acme", *SERIES_A, "--no-preview", "--output", str(folder), *arguments)


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("work/acme", "mlops-scaffold new acme --output work"),
        ("./acme", "mlops-scaffold new acme --output ."),
        ("/srv/acme/", "mlops-scaffold new acme --output /srv"),
    ],
)
def test_a_path_is_no_name(name: str, then: str) -> None:
    result = run("new", name, *SERIES_A)

    assert result.exit_code == 2
    assert f"'{name}' is a path" in result.output
    assert f"next:    {then}\n" in result.output


def test_what_builds_on_what_is_left_out_is_named_at_once(tmp_path: Path) -> None:
    result = new(tmp_path, "--without", "tracking")

    [names] = re.findall(r"leave out all that builds on it, too: --without (\S+)", result.output)
    assert names.startswith("tracking,training,")
    assert new(tmp_path, "--without", names).exit_code == 0


def test_a_region_that_is_newer_than_the_tool_is_taken_with_its_zones(tmp_path: Path) -> None:
    zones = ["--region", "eu-moon-1", "--set", "network.zone_ids=[eum1-az1,eum1-az2]"]

    result = new(tmp_path, *zones)

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "what", "where"),
    [
        (["--stage", "seed"], "the stage 'seed' is not offered yet", "--stage"),
        (["--cloud", "gcp"], "the cloud 'gcp' is not offered yet", "--cloud"),
        (["--cloud", "AWS"], "unknown cloud 'AWS'", "--cloud"),
        (["--region", "moon"], "'moon' is no region", "--region"),
        (["--region", "us-esat-1"], "did you mean 'us-east-1'?", "--region"),
        (["--region", "eu-moon-1"], "name its zones: --region eu-moon-1 --set 'network.zone_ids=[…]'", "--region"),
        (["--account", "12"], "'12' is no account", "--account"),
        (["--use", "tracking=wandb"], "'tracking' has no variant 'wandb'", "--use tracking=wandb"),
        (["--use", "trackin=wandb"], "unknown capability 'trackin'", "--use"),
        (["--use", "tracking"], "'tracking' has no value", "--use"),
        (["--set", "network.zones=9"], "network.zones cannot be 9", "--set network.zones=9"),
        (["--set", "network.zone=2"], "'network' has no setting 'zone'", "--set network.zone=2"),
        (["--set", "network=2"], "'network' names no setting", "--set"),
        (["--set", "network.zones=[1"], "this is not YAML", "--set network.zones:1"),
        (
            ["--set", "network.cidr=10.0.1.0/16"],
            "network.cidr cannot be '10.0.1.0/16'",
            "--set network.cidr=10.0.1.0/16",
        ),
        (["--without", "networks"], "unknown component 'networks'", "--without networks"),
        (["--without", "network"], "needs a Network, and the blueprint has none", "mlops_blueprints/series-a.yaml"),
        (
            ["--without", "tracking", "--set", "tracking.size=large"],
            "'tracking' is left out",
            "--without tracking; --set",
        ),
        (["--use", "cluster=gcp"], "'cluster' cannot run on gcp", "--use cluster=gcp"),
        (["--environments", "dev prod"], "'dev prod' cannot be an environment's name", "--environments"),
        (["--environments", "dev,,prod"], "a name is empty", "--environments"),
        (["--environments", "dev", "--environments", "dev"], "'dev' is given twice", "--environments"),
    ],
)
def test_a_mistake_ends_with_2_one_message_and_nothing_written(
    arguments: list[str], what: str, where: str, tmp_path: Path
) -> None:
    result = new(tmp_path, *arguments)

    assert result.exit_code == 2, result.output
    assert what in result.output
    assert f"where:   {where}" in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_new_says_what_comes_next(tmp_path: Path) -> None:
    result = new(tmp_path)

    assert result.exit_code == 0, result.output
    assert "make setup" in result.output
    assert "make bootstrap" in result.output


def test_options_reach_the_repository(tmp_path: Path) -> None:
    options = ["--environments", "dev,prod", "--region", "eu-west-1", "--account", "123456789012"]
    result = new(tmp_path, *options, "--set", "network.zones=3", "--set", "cluster.admin_cidrs=[203.0.113.7/32]")

    made = tmp_path / "acme"
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in made.glob("Pulumi.*.yaml")) == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]
    assert "aws:region: eu-west-1" in (made / "Pulumi.dev.yaml").read_text()
    assert "'123456789012'" in (made / "cluster" / "Pulumi.prod.yaml").read_text()
    assert "NetworkSettings(zones=3)" in (made / "settings.py").read_text()
    assert 'ClusterSettings(admin_cidrs=["203.0.113.7/32"])' in (made / "settings.py").read_text()


def test_a_version_is_a_text_however_it_looks(tmp_path: Path) -> None:
    result = new(tmp_path, "--set", "cluster.version=1.30")

    assert result.exit_code == 0, result.output
    assert 'ClusterSettings(version="1.30")' in (tmp_path / "acme" / "settings.py").read_text()


def test_an_environment_that_the_stage_does_not_know_is_pointed_out(tmp_path: Path) -> None:
    result = new(tmp_path, "--environments", "prd")

    assert "series-a does not know the environment 'prd' (dev, staging, prod)" in result.output
    assert "did you mean 'prod'?" in result.output
    assert "make bootstrap ENV=prd" in result.output


def test_capabilities_can_be_left_out_and_the_page_says_so(tmp_path: Path) -> None:
    result = new(tmp_path, "--without", ",".join(inside()))

    assert result.exit_code == 0, result.output
    assert "- **tracking**: Left out by choice." in (tmp_path / "acme" / "README.md").read_text()
    assert not (tmp_path / "acme" / "mlops_stacks" / "tracking" / "kubernetes.py").exists()
    assert not (tmp_path / "acme" / "cluster").exists()


def test_the_same_answers_give_the_same_bytes(tmp_path: Path) -> None:
    """Wherever, whenever, and in whatever order Python's sets come."""

    def made(folder: str, **environment: str) -> dict[str, bytes]:
        command = [sys.executable, "-m", "mlops_scaffold", "new", "acme", *SERIES_A, "--no-preview", "--output", folder]
        subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, env={**os.environ, **environment})
        root = tmp_path / folder / "acme"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert made("one", PYTHONHASHSEED="1", TZ="Pacific/Kiritimati", LC_ALL="C") == made(
        "two/deeper", PYTHONHASHSEED="2", TZ="America/Lima", LC_ALL="C.UTF-8"
    )


def test_the_plan_of_a_repository_that_is_none_is_an_error(tmp_path: Path) -> None:
    result = run("preview", str(tmp_path))

    assert result.exit_code == 2
    assert "there is no Pulumi program here" in result.output


def test_a_setting_that_is_not_allowed_is_traced_to_its_line(tmp_path: Path) -> None:
    new(tmp_path)
    config = tmp_path / "acme" / "Pulumi.dev.yaml"
    config.write_text(config.read_text().replace("recovery_days: 7", "recovery_days: 5"))
    line = config.read_text()[: config.read_text().index("recovery_days")].count("\n") + 1

    result = run("preview", str(tmp_path / "acme"), "--env", "dev")

    assert result.exit_code == 2
    assert "keys.recovery_days: Input should be greater than or equal to 7" in result.output
    assert f"where:   Pulumi.dev.yaml:{line}" in result.output


def test_an_error_of_the_program_is_told_with_its_own_line(tmp_path: Path) -> None:
    new(tmp_path)
    program = tmp_path / "acme" / "__main__.py"
    program.write_text(program.read_text() + "\nkeys.nonsense\n")
    last = len(program.read_text().splitlines())

    result = run("preview", str(tmp_path / "acme"), "--env", "dev")

    assert result.exit_code == 2
    assert "AttributeError" in result.output
    assert f"__main__.py:{last}" in result.output
    assert "Traceback" not in result.output


def test_an_environment_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    new(tmp_path)

    result = run("preview", str(tmp_path / "acme"), "--env", "prd")
    empty = run("preview", str(tmp_path / "acme"), "--env", "")

    assert (result.exit_code, empty.exit_code) == (2, 2)
    assert "did you mean 'prod'?" in result.output
    assert "unknown environment ''" in empty.output


def test_the_plan_as_json_is_one_document(tmp_path: Path) -> None:
    write(tmp_path, {"Pulumi.yaml": "name: x\nruntime: python\n", "Pulumi.dev.yaml": "config: {}\n", "__main__.py": ""})

    document = json.loads(run("preview", str(tmp_path), "--json").stdout)

    assert document["format"] == 1
    assert document["about"] == "embedded preview, not the Pulumi engine"
    assert [program["project"] for program in document["programs"]] == ["x"]


def test_catalogue_and_show_describe_what_there_is() -> None:
    assert "series-a" in run("catalogue").output
    assert "zones (number from 2 to 3, 2)" in run("show", "network").output
    assert "fulfilled by tracking" in run("catalogue").output
    assert run("show", "netwerk").exit_code == 2


SLOW = ("pulumi", "pulumi_aws", "cookiecutter", "pydantic", "rich", "yaml", "mlops_stacks")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["new", "--help"], ["new", "--stagge", "x"]])
def test_what_needs_no_work_imports_nothing_slow(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom mlops_scaffold.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.splitlines()[-1] == "[]"


def test_version() -> None:
    assert __version__ in run("--version").output
