"""Whatever is wrong with an input, the answer is exit code 2, one message, and nothing written."""

from __future__ import annotations

import hashlib
import importlib
import json
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest
import yaml
from click.testing import CliRunner, Result
from conftest import ours, write
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import mlops_blueprints
from mlops_scaffold import answers, document, preview, render
from mlops_scaffold.cli import main
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview.session import Session, environment

SERIES_A = ["--stage", "series-a", "--cloud", "aws"]
generated = settings(
    max_examples=75,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# -- what may be wrong with a file -------------------------------------------------------------------

SPOILT = st.sampled_from(
    [
        b"\xe9",  # é as Latin-1
        b"\xff\xfe",
        b"\xed\xa0\x80",  # half of a UTF-16 pair
        b"\x00",
        b"\x1b",
        b"\x7f",
        b"\xc2\x85\x07",
    ]
)
"""Bytes that make any text no YAML, or no UTF-8."""

WRONG_LINES = st.sampled_from(
    [
        "zz: [1",
        "zz: {a: 1",
        "zz: 'open",
        "zz: *nobody",
        "zz: &itself [*itself]",
        "zz: !!python/object/apply:os.system [id]",
        "zz: !nonsense 1",
        "zz: !!bool perhaps",
        "zz: !!int ''",
        "zz: !!timestamp yesterday",
        "zz: !!map text",
        'zz: "\\ud800"',
        "zz: 0x" + "f" * 5000,
        "zz: " + "9" * 5000,
        "zz: " + "[" * 60 + "]" * 60,
        "zz: " + "[" * 900 + "]" * 900,
        "zz: " + "{a: " * 900,
        "zz: &a [x, x, x, x, x, x, x, x, x]\nzy: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "zx: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nzw: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "zv: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nzu: [*e, *e, *e, *e, *e, *e, *e, *e, *e]",
        "? [a, b]\n: 1",
        "? {a: 1}\n: 1",
        "zz: 1\nzz: 2",
        "--- 1\n--- 2",
        "- 1",
        "\tzz: 1",
        "%YAML 9.9",
        "zz",
        "<<: {zz: 1}\n<<: {zz: 2}",
    ]
)

INSTEAD = st.sampled_from(["folder", "link to nothing", "link to itself", "endless", "too large", "- 1", "3", "'text'"])
"""What stands where a file should."""


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> bytes | str:
    """A YAML file that nobody could read: its bytes, or one of ``INSTEAD``."""
    lines = text.splitlines(keepends=True)
    content = text.encode()
    cut = draw(st.integers(0, len(lines)))
    place = len("".join(lines[:cut]).encode())
    return draw(
        st.one_of(
            INSTEAD,
            SPOILT.map(lambda wrong: content[:place] + wrong + content[place:]),
            WRONG_LINES.map(lambda wrong: content + b"\n" + wrong.encode()),
            st.sampled_from(["utf-16", "utf-16-le", "utf-32"]).map(text.encode),
        )
    )


def put(path: Path, content: bytes | str) -> None:
    """Makes a file, or what stands instead of one."""
    match content:
        case bytes():
            path.write_bytes(content)
        case "folder":
            path.mkdir()
        case "link to nothing":
            path.symlink_to("nowhere")
        case "link to itself":
            path.symlink_to(path.name)
        case "endless":
            path.symlink_to("/dev/zero")
        case "too large":
            path.write_text("# " + "x" * document.LARGEST)
        case text:
            path.write_text(text)


# -- what may be wrong with a value ------------------------------------------------------------------

HOSTILE = st.one_of(
    st.sampled_from(
        [
            *[
                "..",
                "../x",
                "/etc/passwd",
                "a/../../b",
                "a\\b",
                "C:\\x",
                "~",
                "~root",
                ".",
                "-",
                "--",
                "-rf",
                "--help=x",
            ],
            *[
                "$(id)",
                "`id`",
                "a;b",
                "a|b",
                "a b",
                " a",
                "a\n",
                "a\tb",
                "%s",
                "{{ cookiecutter.name }}",
                "{0}",
                "a'b",
                'a"',
            ],
            *[
                "ä",
                "acm\u0435",
                "acmé",
                "\u202ecme",
                "\u200b",
                "\ufeffa",
                "a\u0301",
                "acme\u2028",
                "🦙",
                "İ",
                "\u017f",
                "eu-west-\u0661",
                "\u0661" * 12,
            ],
            *["\x1b[31m", "\x07", "\x7f", "\udcff", "\x85"],
            *[
                "a" * 21,
                "a" * 256,
                "a" * 10_000,
                "con",
                "AWS",
                "cluster",
                "a--b",
                "a-",
                "9",
                "A",
                "acme.",
                "None",
                "null",
            ],
        ]
    ),
    st.text(max_size=40),
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | HOSTILE.filter(lambda text: text.isascii() or "\udcff" not in text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=4,
)

MODELS = {block.capability: block.model for block in ours().blocks() if block.variant in ("aws", "kubernetes")}
SETTINGS = sorted((name, key) for name, model in MODELS.items() for key in model.model_fields)


@st.composite
def wrong_settings(draw: st.DrawFn) -> tuple[str, str, object]:
    """A setting of a component, and a value that it does not allow."""
    name, key = draw(st.sampled_from(SETTINGS))
    key = draw(st.sampled_from([key, key, key, key.upper(), f"{key}_", "on_", "__class__", "model_config"]))
    value = draw(VALUES)
    try:
        MODELS[name].model_validate({key: value})
    except (ValidationError, ValueError):
        return name, key, value
    assume(False)
    raise AssertionError


# -- the doors ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The blueprints of a distribution that is installed, so that they come in through the door of every package."""
    site = tmp_path_factory.mktemp("site")
    write(
        site,
        {
            "hostile_plans/__init__.py": "",
            "hostile_plans/one.yaml": "extends: two",
            "hostile_plans/two.yaml": "extends: one",
            "hostile-6.6.dist-info/METADATA": "Metadata-Version: 2.1\nName: hostile\nVersion: 6.6\n",
            "hostile-6.6.dist-info/entry_points.txt": "[mlops_scaffold.blueprints]\nhostile = hostile_plans\n",
        },
    )
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    yield site / "hostile_plans"
    sys.path.remove(str(site))
    del sys.modules["hostile_plans"]


@contextmanager
def place() -> Iterator[Path]:
    """A folder for one example."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@contextmanager
def there(path: Path, content: bytes | str) -> Iterator[None]:
    """A file for one example."""
    put(path, content)
    yield
    path.rmdir() if path.is_dir() else path.unlink()


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Holds that nothing in a folder changes meanwhile."""

    def contents() -> Mapping[str, str]:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            for path in folder.rglob("*")
        }

    before = contents()
    yield
    assert contents() == before


def refused(folder: Path, arguments: list[str]) -> str:
    """Runs a command that must be refused; what it says."""
    with untouched(folder):
        result: Result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert len(re.findall(r"^[Ee]rror: ", result.output, re.MULTILINE)) == 1
    return result.output


def new(*arguments: str) -> list[str]:
    return ["new", "--no-preview", *arguments]


NAMES = HOSTILE.filter(lambda text: not answers.NAME.fullmatch(text) or text in answers.RESERVED)
ENVIRONMENTS = HOSTILE.filter(lambda text: not re.fullmatch(r"[a-z][a-z0-9]{0,9}", text.strip()))
GIVEN = HOSTILE.filter(bool)
"""What is given to an option that does without if it is empty."""
OPTIONS = st.one_of(
    NAMES.map(lambda text: [text, *SERIES_A]),
    HOSTILE.map(lambda text: ["acme", "--cloud", "aws", f"--stage={text}"]),
    HOSTILE.map(lambda text: ["acme", "--stage", "series-a", f"--cloud={text}"]),
    ENVIRONMENTS.map(lambda text: ["acme", *SERIES_A, f"--environments={text}"]),
    GIVEN.map(lambda text: ["acme", *SERIES_A, f"--region={text}"]),
    GIVEN.map(lambda text: ["acme", *SERIES_A, f"--account={text}"]),
    HOSTILE.map(lambda text: ["acme", *SERIES_A, f"--use={text}"]),
    HOSTILE.map(lambda text: ["acme", *SERIES_A, f"--use=network={text}"]),
    HOSTILE.map(lambda text: ["acme", *SERIES_A, f"--without={text}"]),
    HOSTILE.map(lambda text: ["acme", *SERIES_A, f"--set={text}"]),
    wrong_settings().map(lambda it: ["acme", *SERIES_A, f"--set={it[0]}.{it[1]}={json.dumps(it[2])}"]),
    st.tuples(st.sampled_from(SETTINGS), HOSTILE).map(
        lambda it: ["acme", *SERIES_A, f"--set={it[0][0]}.{it[0][1]}=[{it[1]}"]
    ),
)


@given(options=OPTIONS)
@generated
def test_an_option_that_is_wrong(options: list[str]) -> None:
    with place() as folder:
        refused(folder, new("--output", str(folder), *options))


ANSWERS = """\
name: acme
stage: series-a
cloud: aws
region: eu-west-1
account: "123456789012"
environments: [dev, prod]
use: {tracking: kubernetes}
set:
  network: {zones: 3}
without: [orchestration]
"""


@st.composite
def wrong_answers(draw: st.DrawFn) -> bytes | str:
    """Answers of which one is wrong."""
    said = yaml.safe_load(ANSWERS)
    kind = draw(st.sampled_from([*said, "zz", ""]))
    name, key, value = draw(wrong_settings())
    wrong = {
        "name": NAMES,
        "environments": ENVIRONMENTS.map(lambda text: [text]),
        "set": st.just({name: {key: value}}),
        "use": HOSTILE.map(lambda text: {"network": text}),
        "without": HOSTILE.map(lambda text: [text]),
    }
    said[kind] = draw(wrong.get(kind, HOSTILE.map(lambda text: f"no {text}")))
    return yaml.safe_dump(said, allow_unicode=draw(st.booleans())).encode(errors="surrogatepass")


@given(file=st.one_of(spoilt(ANSWERS), wrong_answers()))
@generated
def test_a_file_of_answers_that_is_wrong(file: bytes | str) -> None:
    with place() as folder:
        put(folder / "a.yaml", file)
        said = refused(folder, new("--answers", str(folder / "a.yaml"), "--output", str(folder)))

    assert "where: " in said


SERIES_A_TEXT = (Path(mlops_blueprints.__file__).parent / "series-a.yaml").read_text()


@st.composite
def wrong_blueprints(draw: st.DrawFn) -> bytes:
    """A delta on series-a that says something that it may not."""
    name, key, value = draw(wrong_settings())
    text = draw(HOSTILE)
    component = draw(st.sampled_from(sorted(MODELS)))
    wrong = draw(
        st.sampled_from(
            [
                {"components": {name: {key: value}}},
                {"environments": {"dev": {name: {key: value}}}},
                {"environments": {"dev": {name: {"on": text}}}},
                {"environments": {f"{text}-": {}}},
                {"environments": {"dev": {f"{text}-": {}}}},
                {"components": {f"{text}-": {}}},
                {"components": {component: {"on": text}}},
                {"components": {component: {"on": {text: text}}}},
                {"components": {component: {"why": [text]}}},
                {"components": {component: [text]}},
                {"components": [text]},
                {"without": [text]},
                {"without": text},
                {"without": ["keys"]},
                {"extends": text},
                {"extends": [text]},
                {"extends": "one"},
                {"summary": {text: text}},
                {"deferred": {text: [text]}},
                {f"{text}-": {}},
            ]
        )
    )
    return yaml.safe_dump({"extends": "series-a", **wrong}, allow_unicode=True).encode(errors="surrogatepass")


@given(file=st.one_of(spoilt(SERIES_A_TEXT), wrong_blueprints()))
@generated
def test_a_blueprint_that_is_wrong(file: bytes | str, plans: Path) -> None:
    with place() as folder, there(plans / "mine.yaml", file):
        said = refused(folder, new("acme", "--stage", "mine", "--cloud", "aws", "--output", str(folder)))

    assert "where: " in said


def test_blueprints_that_extend_each_other(plans: Path, tmp_path: Path) -> None:
    said = refused(tmp_path, new("acme", "--stage", "one", "--cloud", "aws", "--output", str(tmp_path)))

    assert "blueprints extend each other: one → two → one" in said
    assert "hostile_plans/two.yaml:1" in said


PROGRAM = """
from mlops_stacks.component import Settings, load
from mlops_stacks.keys import KeysSettings
from mlops_stacks.network import NetworkSettings

class Platform(Settings):
    keys: KeysSettings = KeysSettings()
    network: NetworkSettings = NetworkSettings()

settings = load(Platform)
"""
CONFIGURATION = """\
config:
  aws:region: eu-west-1
  acme:platform:
    keys:
      recovery_days: 7
    network:
      zones: 3
"""


@st.composite
def wrong_configurations(draw: st.DrawFn) -> bytes:
    """The configuration of an environment with settings that are not allowed."""
    name, key, value = draw(wrong_settings().filter(lambda it: it[0] in ("keys", "network")))
    text = draw(HOSTILE)
    wrong = draw(
        st.sampled_from(
            [
                {"config": {"acme:platform": {name: {key: value}}}},
                {"config": {"acme:platform": {name: text}}},
                {"config": {"acme:platform": {f"{text}-": {}}}},
                {"config": {"acme:platform": {f"{text}-": value}}},
                {"config": {"acme:platform": text}},
                {"config": {"acme:platform": [text]}},
                {"config": {"other:platform": {name: {}}}},
                {"config": [text]},
                {"config": text or "x"},
            ]
        )
    )
    return yaml.safe_dump(wrong, allow_unicode=True).encode(errors="surrogatepass")


@given(file=st.one_of(spoilt(CONFIGURATION), wrong_configurations()))
@generated
def test_an_environment_that_is_wrong(file: bytes | str, session: Session) -> None:
    with place() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(preview, "open_session", lambda _: nullcontext(session))
        write(folder, {"Pulumi.yaml": "name: acme\nruntime: python\n", "__main__.py": PROGRAM})
        put(folder / "Pulumi.dev.yaml", file)
        with untouched(folder):
            result = CliRunner().invoke(main, ["preview", str(folder)])

    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert "Pulumi.dev.yaml" in result.output


# -- what may be wrong with a place ------------------------------------------------------------------

MLOPS_SCAFFOLD = [sys.executable, "-m", "mlops_scaffold"]
ACME = ["new", "acme", *SERIES_A, "--no-preview", "--output"]


def on_a_disk(folder: Path, options: str, *, prepared: str = "true") -> subprocess.CompletedProcess[str]:
    """Runs ``new`` on a disk that is mounted on a folder for this process alone, and prints what is there then."""
    script = (
        'mount -t tmpfs -o "$1" none "$0" || exit 77; cd "$0" && ' + prepared + "; shift; "
        '"$@"; code=$?; find "$PWD" -mindepth 1; exit $code'
    )
    command = ["unshare", "--mount", "sh", "-c", script, str(folder), options, *MLOPS_SCAFFOLD, *ACME, str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode in (1, 77) and "ermi" in result.stderr:
        pytest.skip(f"needs the right to mount a disk: {result.stderr.strip()}")
    return result


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare, of util-linux")
@pytest.mark.parametrize(
    ("options", "prepared", "what", "left"),
    [
        ("size=16k", "true", "the disk is full", []),
        ("size=256k", "true", "the disk is full", []),
        ("size=1200k", "true", "the disk is full", []),
        ("size=1m,nr_inodes=9", "true", "the disk is full", []),
        ("size=1m", "mount -o remount,ro .", "the file system is read-only", []),
        ("size=9m", "mkdir acme; mount -t tmpfs none acme", "a file system is mounted there", ["acme"]),
    ],
)
def test_a_disk_that_cannot_hold_it(options: str, prepared: str, what: str, left: list[str], tmp_path: Path) -> None:
    result = on_a_disk(tmp_path, options, prepared=prepared)

    assert result.returncode == 2, result.stderr
    assert f"error: cannot write the repository: {what}" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout.split() == [str(tmp_path / name) for name in left]


def test_a_folder_that_vanishes(tmp_path: Path) -> None:
    with (
        pytest.raises(ScaffoldError, match="a folder has vanished meanwhile"),
        render.staging(tmp_path / "gone" / "acme") as folder,
    ):
        shutil.rmtree(tmp_path / "gone")
        render.write({PurePosixPath("a"): b""}, folder)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_filled_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="exists already"), render.staging(tmp_path / "acme"):
        write(tmp_path, {"acme/mine": ""})

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["acme", "mine"]


@pytest.mark.parametrize("content", ["link to nothing", "link to itself", "endless", "a file"])
def test_what_stands_in_its_place(content: str, tmp_path: Path) -> None:
    put(tmp_path / "acme", content)

    assert "exists already" in refused(tmp_path, [*ACME, str(tmp_path)])


def test_an_empty_folder_gives_way_and_a_link_to_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "acme").symlink_to(tmp_path / "acme")

    assert "exists already" in refused(tmp_path, [*ACME, str(tmp_path / "elsewhere")])
    with pytest.raises(ZeroDivisionError), render.staging(tmp_path / "acme"):
        raise ZeroDivisionError
    assert list((tmp_path / "acme").iterdir()) == []

    result = CliRunner().invoke(main, [*ACME, str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert (tmp_path / "acme" / "Pulumi.yaml").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme", "elsewhere"]


def test_a_path_of_250_characters_is_not_too_long(tmp_path: Path, session: Session) -> None:
    folder = tmp_path / ("a" * (250 - len(f"{tmp_path}/") - len("/acme")))
    folder = folder if len(folder.name) > 1 else tmp_path

    result = CliRunner().invoke(main, [*ACME, str(folder)])

    assert result.exit_code == 0, result.output
    assert not preview.preview(folder / "acme", ["dev"], session=session).failed


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (["readme.md"], "'README.md' and 'readme.md', which differ by case only"),
        (["docs/a.md", "Docs/b.md"], "'Docs' and 'docs', which differ by case only"),
        (["README.md/a"], "two parts bring the file 'README.md/a'"),
        (["docs", "docs/a.md"], "two parts bring the file 'docs/a.md'"),
    ],
)
def test_paths_that_are_one_on_some_disks(files: list[str], what: str, tmp_path: Path) -> None:
    write(tmp_path, {"README.md": ""})

    with pytest.raises(ScaffoldError, match=re.escape(what)):
        render.write({PurePosixPath(path): b"" for path in files}, tmp_path)


# -- what may be wrong around it ---------------------------------------------------------------------


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of shell in which ``mlops-scaffold`` is ours."""
    ours = f'mlops-scaffold() {{ "{sys.executable}" -m mlops_scaffold "$@"; }}; '
    return subprocess.run(["bash", "-c", ours + command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("mkdir x; cd x; rmdir ../x; mlops-scaffold preview", 2, "error: the folder that you are in is gone"),
        ("mlops-scaffold catalogue | head -1", 0, ""),
        ("mlops-scaffold show series-a | true", 0, ""),
        ("mlops-scaffold --help > /dev/full", 2, "error: No space left on device"),
        ("mlops-scaffold show network > /dev/full", 2, "error: No space left on device"),
        ("mlops-scaffold new acme --stage x --cloud aws <&- >&-", 2, "error: unknown stage 'x'"),
        ("mlops-scaffold new acme <&- >&-", 2, "Missing option '--stage'"),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 mlops-scaffold new acmé --stage x --cloud y", 2, "NAME"),
        ("PYTHONIOENCODING=ascii mlops-scaffold show series-a", 0, ""),
    ],
)
def test_where_it_is_run(command: str, code: int, said: str, tmp_path: Path) -> None:
    result = shell(command, tmp_path)

    assert result.returncode == code, result
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_the_blocks_of_a_repository_are_not_taken_for_the_tools(repository: Path, tmp_path: Path) -> None:
    result = shell(f"PYTHONPATH={repository} mlops-scaffold new acme --stage series-a --cloud aws", tmp_path)

    assert result.returncode == 2
    assert "error: the 'mlops_stacks' of a repository hides the one that is installed" in result.stderr
    assert f"where:   {repository / 'mlops_stacks'}" in result.stderr


def test_of_several_at_once_one_makes_it(tmp_path: Path) -> None:
    commands = [
        subprocess.Popen([*MLOPS_SCAFFOLD, *ACME, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [command.communicate()[1].decode() for command in commands]

    assert sorted(command.returncode for command in commands) == [0, 2, 2]
    assert sum("exists already" in text for text in said) == 2, said
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]
    assert (tmp_path / "acme" / ".mlops-scaffold" / "originals.zip").is_file()


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)  # which the Makefile sets

    assert "PYTHONPYCACHEPREFIX" not in environment()
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert "PYTHONPYCACHEPREFIX" not in environment()
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert environment()["PYTHONPYCACHEPREFIX"] == "/var/cache/mlops-scaffold/bytecode"
