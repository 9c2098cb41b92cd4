"""The diagram shows the programs as they are."""

from __future__ import annotations

from pathlib import Path

import diagram

ROOT = Path(__file__).parents[1]


def test_the_diagram_is_fresh() -> None:
    for path, text in diagram.drawn().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} shows another platform: make diagram"
