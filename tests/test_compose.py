"""What is composed is formatted as ruff formats it, whatever the settings are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_scaffold.printer import WIDTH, call, laid, literal

RUFF = Path(sys.executable).parent / "ruff"

TEXTS = st.text("abc ./-:*", max_size=40)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def formatted(source: str) -> str:
    command = [RUFF, "format", "--isolated", f"--line-length={WIDTH}", "--stdin-filename=settings.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["actions", "cidrs", "size", "ways"]), VALUES, min_size=1), min_size=5))
def test_settings_of_any_length_need_no_formatting(components: list[dict[str, Any]]) -> None:
    fields = [
        call(
            f"field{number}: FieldSettings = FieldSettings",
            [f"{key}={literal(value)}" for key, value in given.items()],
            "    ",
            [f"{key}={laid(value, 8, len(key) + 2)}" for key, value in given.items()],
        )
        for number, given in enumerate(components)
    ]
    source = "\n".join(["class Platform:", *fields, ""])

    assert formatted(source) == source
