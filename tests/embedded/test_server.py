"""The process that runs programs: many at once, none that harms another, none that stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from embedded.conftest import Plan, Server, resource
from mlops_scaffold.embedded import server as process

Requests = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os\nos._exit(7)", "the program ended its process: exit status 7"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "the program ended its process: signal 11"),
    ],
)
def test_a_program_that_takes_its_process_with_it_is_an_answer(
    run: Plan, plan: Plan, program: str, message: str
) -> None:
    answer = run(program)
    assert answer["error"] == {"type": "ProcessEnded", "message": message, "frames": [], "source": None}
    assert answer["resources"] == []
    assert resource(plan("Thing('t')"), "t")


def test_a_program_that_fails_still_tells_what_it_registered(run: Plan) -> None:
    answer = run("import sys\nt = Thing('t')\nt.urn.apply(lambda _: sys.exit('no'))")
    assert answer["error"]["type"] == "SystemExit"
    assert resource(answer, "t")


def test_answers_come_in_order_of_completion_with_the_ids_of_their_requests(
    server: Server, request_for: Requests
) -> None:
    slow = request_for({"slow/__main__.py": "import time; time.sleep(0.5)"})
    quick = request_for({"quick/__main__.py": "import pulumi; pulumi.export('id', 2)"})
    server.send({**slow, "program": f"{slow['root']}/slow", "id": "slow"})
    server.send({**quick, "program": f"{quick['root']}/quick", "id": "quick"})
    answers = [server.receive() for _ in range(2)]
    expected = ["quick", "slow"] if (os.cpu_count() or 1) > 1 else ["slow", "quick"]
    assert [answer["id"] for answer in answers] == expected


def test_more_requests_than_processors_are_all_answered(server: Server, request_for: Requests) -> None:
    request = request_for("Thing('t')")
    numbers = range(3 * (os.cpu_count() or 1))
    for number in numbers:
        server.send({**request, "id": number})
    assert sorted(server.receive()["id"] for _ in numbers) == list(numbers)


def test_no_program_sees_what_another_left_behind(plan: Plan) -> None:
    plan("import sys, os\nsys.modules['left'] = sys\nos.environ['LEFT'] = 'behind'\nos.chdir('/')")
    answer = plan("import sys, os\npulumi.export('left', ['left' in sys.modules, 'LEFT' in os.environ, os.getcwd()])")
    left, environment, folder = answer["outputs"]["left"]
    assert (left, environment, folder == "/") == (False, False, False)


def test_what_a_program_prints_is_no_answer(start: Callable[..., Server], request_for: Requests) -> None:
    server = start()
    server.send(request_for("import os\nprint('printed')\nos.system('echo by a shell')\nprint(input())"))
    assert server.receive()["error"]["type"] == "EOFError"  # and nothing can be read
    printed = server.close()
    assert "printed" in printed
    assert "by a shell" in printed


def test_a_program_has_the_path_of_the_language_host_and_what_the_request_adds(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra/helper.py").write_text("value = 1")
    answer = plan(
        "import sys, helper\n"
        "pulumi.export('ours', [it for it in [*sys.modules, *sys.path] if 'mlops_scaffold' in it])\n"
        "pulumi.export('first', sys.path[0])\npulumi.export('argv', sys.argv)",
        path=[str(tmp_path / "extra")],
    )
    assert answer["outputs"] == {"ours": [], "first": str(tmp_path), "argv": [str(tmp_path)]}


def test_a_shadowed_package_is_an_error_before_the_program_runs(run: Plan, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/blocks").mkdir(parents=True)
    (tmp_path / "elsewhere/blocks/__init__.py").write_text("")
    answer = run(
        "import blocks\nThing('t')",
        path=[str(tmp_path / "elsewhere")],
        expected_packages={"blocks": str(tmp_path / "blocks")},
    )
    assert answer["error"]["message"] == (
        "blocks is shadowed by another installation: elsewhere/blocks/__init__.py, expected blocks. "
        "Uninstall that one from the repository's .venv, and run 'make setup' again"
    )
    assert answer["resources"] == []


def test_a_package_that_comes_from_elsewhere_in_the_end_is_an_error_too(run: Plan, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/blocks").mkdir(parents=True)
    (tmp_path / "elsewhere/blocks/__init__.py").write_text("")
    answer = run(
        "import sys\nsys.path.append('elsewhere')\nimport blocks",
        expected_packages={"blocks": str(tmp_path / "blocks")},
    )
    assert answer["error"]["type"] == "ShadowedError"


def test_a_package_from_the_expected_folder_is_none(plan: Plan, tmp_path: Path) -> None:
    plan({"blocks/__init__.py": "", "__main__.py": "import blocks"}, expected_packages={"blocks": f"{tmp_path}/blocks"})


@pytest.mark.parametrize("way", ["blocks/../blocks", "link"])
def test_the_expected_folder_may_be_named_by_another_way_to_it(plan: Plan, tmp_path: Path, way: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "blocks")
    plan({"blocks/__init__.py": "", "__main__.py": "import blocks"}, expected_packages={"blocks": f"{tmp_path}/{way}"})


def test_the_end_of_stdin_ends_the_server_and_its_programs(
    start: Callable[..., Server], request_for: Requests, tmp_path: Path
) -> None:
    server = start()
    server.send(request_for(SLEEPER))
    pid = pid_of_program(tmp_path)
    server.close()
    assert server.process.returncode == 0
    assert ends(pid)


def test_a_server_that_is_killed_leaves_no_program_behind(
    start: Callable[..., Server], request_for: Requests, tmp_path: Path
) -> None:
    server = start()
    server.send(request_for(SLEEPER))
    pid = pid_of_program(tmp_path)
    server.process.kill()
    server.close()
    assert ends(pid)


SLEEPER = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\nwhile True: pass"


def pid_of_program(folder: Path) -> int:
    deadline = time.monotonic() + 10
    while not (folder / "pid").exists() or not (folder / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int((folder / "pid").read_text())


def ends(pid: int) -> bool:
    """Whether the process is gone within some seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return True  # a zombie, which nobody has waited for yet
        time.sleep(0.02)
    return False


UNSHARE = ("unshare", "--user", "--map-root-user", "--net")


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], capture_output=True).returncode != 0,
    reason="no network namespace to be had here",
)
def test_nothing_needs_a_network(start: Callable[..., Server], request_for: Requests) -> None:
    server = start(*UNSHARE)
    for mode in ("preview", "deep"):
        server.send(request_for("import pulumi_random as random\nrandom.RandomId('r', byte_length=4)", mode))
        assert server.receive()["error"] is None
    server.close()


@pytest.mark.parametrize(("installed", "refused"), [("3.270.0", True), ("3.271.0", False), ("3.1000.0a1", False)])
def test_an_older_sdk_is_refused_by_name(installed: str, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.metadata, "version", {"pulumi": installed}.get)

    with pytest.raises(SystemExit, match=f"pulumi {installed} is installed") if refused else nullcontext():
        process.check_sdk()
