"""The same choices three ways: by options, by a file of answers, and by a person at a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import Tree
from hypothesis import given
from hypothesis import strategies as st

from mlops_scaffold import answers, cli
from mlops_scaffold.answers import Answers
from mlops_scaffold.catalogue import Catalogue

OPTIONS = [
    *["--stage", "series-a", "--cloud", "aws", "--region", "eu-west-1", "--account", "123456789012"],
    *["--environments", "dev,prod", "--set", "network.zones=3", "--set", "cluster.version=1.35"],
    *["--set", "cluster.admin_cidrs=[203.0.113.7/32]", "--without", "orchestration"],
]


def new(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli.main, ["new", *arguments, "--no-preview"], input=typed)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_repository_can_be_made_again_from_its_answers(tmp_path: Path) -> None:
    assert new("acme", *OPTIONS, "--output", str(tmp_path / "a")).exit_code == 0

    again = new("--answers", str(tmp_path / "a/acme/.mlops-scaffold/answers.yaml"), "--output", str(tmp_path / "b"))

    assert again.exit_code == 0, again.output
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("stage: series-a\ncloud: aws\nregon: x", "unknown key 'regon'", 3),
        ("stage: series-a", "cloud: field required", 1),
        ("stage: series-a\ncloud: aws\nset: 3", "set: input should be a valid dictionary", 3),
        ("stage: series-a\ncloud: aws\nenvironments: [1]", "environments.0", 3),
    ],
)
def test_a_file_of_answers_that_is_wrong_is_named_with_its_line(
    text: str, what: str, line: int, tmp_path: Path
) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(text)

    result = new("--answers", str(file), "--output", str(tmp_path / "a"))

    assert result.exit_code == 2
    assert what in result.output
    assert f"answers.yaml:{line}" in result.output
    assert not (tmp_path / "a").exists()


def test_answers_come_from_a_file_or_from_options(tmp_path: Path) -> None:
    result = new("--answers", str(tmp_path / "x.yaml"), "--region", "eu-west-1")

    assert result.exit_code == 2
    assert "--answers holds all choices" in result.output


def test_a_person_is_asked_what_matters_and_shown_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_on_terminal", lambda: True)
    (tmp_path / "taken").touch()

    result = new(
        *["--output", str(tmp_path)],
        typed="Acme\napp\ntaken\nacme\nus-esat-1\neu-west-1\n12\n123456789012\ndev prod\ndev,production\ndev,prod\n"
        "https://github.com/acme/ml\nacme/ml\n203.0.113.7\n203.0.113.7/32\nexample\npredict.example.com\nZ0123456789\n"
        "me\nme@example.com\n",
    )

    assert result.exit_code == 0, result.output
    # Each of them right after its question.
    assert "Error: 'Acme' cannot be a project's name\n  allowed: 2 to 20 characters" in result.output
    assert "'app' does not fit: the name 'app' is taken" in result.output
    assert "'taken' does not fit" in result.output
    assert "did you mean 'us-east-1'?" in result.output
    assert "Error: '12' is no account\n  allowed: the 12 digits of its id, without hyphens" in result.output
    assert "several with commas between them, such as dev,prod" in result.output
    assert "series-a has no 'production'\n  next:    did you mean 'prod'?" in result.output
    assert "'203.0.113.7' does not fit: a range of addresses with its length, such as 203.0.113.7/32" in result.output
    assert "Stage: series-a, the only one so far" in result.output
    assert "  defers " in result.output
    assert "'https://github.com/acme/ml' does not fit: owner/name, such as acme/ml" in result.output
    assert "'example' does not fit: The name, such as" in result.output
    assert "'me' does not fit: an e-mail address, such as" in result.output
    command = "mlops-scaffold new acme --stage series-a --cloud aws --region eu-west-1 --account 123456789012"
    door = {"domain": "predict.example.com", "hosted_zone": "Z0123456789"}
    command += " --environments dev,prod"
    sets = ["identity.repository=acme/ml", "'cluster.admin_cidrs=[203.0.113.7/32]'"]
    sets += [f"gateway.{key}={value}" for key, value in door.items()]
    sets += [f"'{of}.recipients=[me@example.com]'" for of in ("budget", "audit", "database")]
    assert f"  {command} {' '.join(f'--set {each}' for each in sets)}\n" in result.output
    made = tmp_path / "acme"
    assert "&id" not in (made / ".mlops-scaffold" / "answers.yaml").read_text()
    assert "aws:region: eu-west-1" in (made / "Pulumi.dev.yaml").read_text()
    # CI may write the records of that name, and of no other; nobody says it twice.
    assert 'domain="predict.example.com", hosted_zone="Z0123456789"' in (made / "settings.py").read_text()
    # A name leads to one place: production.
    assert 'domain: ""' in (made / "cluster/Pulumi.dev.yaml").read_text().replace("''", '""')
    assert "domain" not in (made / "cluster/Pulumi.prod.yaml").read_text()


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ([], ["Environments", "Repository", "Your", "Domain", "E-mail"]),
        (["--set", "identity.repository=acme/ml"], ["Environments", "Your", "Domain", "E-mail"]),
        (["--without", "gateway", "--environments", "dev"], ["Repository", "Your", "E-mail"]),
        (
            ["--set", "gateway.domain=p.example.com", "--without", "budget", "--set", "cluster.admin_cidrs=[]"],
            ["Environments", "Repository", "Id of the"],
        ),
    ],
)
def test_what_is_given_or_left_out_is_not_asked(
    options: list[str], asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_on_terminal", lambda: True)

    result = new("acme", "--output", str(tmp_path), *options, typed="\n" * 8)

    assert result.exit_code == 0, result.output
    words = ("Environments", "Repository", "Your", "Domain", "Id of the", "E-mail")
    said = [word for word in words if f"{word} " in result.output]
    assert said == asked


def test_what_was_given_and_cannot_be_is_said_before_the_first_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_on_terminal", lambda: True)
    (tmp_path / "acme").touch()

    result = new("acme", "--output", str(tmp_path))

    assert result.exit_code == 2
    assert "exists already" in result.output
    assert "Region" not in result.output


def test_a_stage_that_cannot_be_read_is_not_offered(
    catalogue_of: Callable[[Tree], Catalogue], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = catalogue_of({"plans/mine.yaml": "summary: [", "plans/ours.yaml": "summary: Ours."})
    monkeypatch.setattr(cli, "_on_terminal", lambda: True)
    monkeypatch.setattr(Catalogue, "installed", lambda: found)

    result = new("acme", "--output", str(tmp_path), typed="\n\n")

    assert "mine cannot be read: this is not YAML" in result.output
    assert "Stage: ours, the only one so far" in result.output


def test_nobody_is_asked_where_nobody_can_answer() -> None:
    result = new("acme", "--stage", "series-a")

    assert result.exit_code == 2
    assert "Missing option '--cloud'" in result.output
    assert "allowed: aws" in result.output
    assert "allowed: series-a" in new("acme").output


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text("abc.:#'\" -[]{}\\", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["network", "cluster"]), st.dictionaries(st.sampled_from("xy"), VALUES)))
def test_the_command_that_is_shown_asks_for_the_same(settings: dict[str, dict[str, object]]) -> None:
    wanted = {name: keys for name, keys in settings.items() if keys}
    words = shlex.split(Answers("acme", "series-a", "aws", set=wanted).command())
    given = [word for before, word in pairwise(words) if before == "--set"]

    assert answers.settings(given) == wanted
