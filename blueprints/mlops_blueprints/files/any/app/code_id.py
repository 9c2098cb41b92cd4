"""Which code this is, as far as a model is concerned: a version belongs to the code that trained it.

Another way to prepare a row gives another meaning to the same numbers, and no check of names or shapes can see that. So
each version is kept with the id of its code, and only the same code ever asks it.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FILES = ("data.py", "model.py", "requirements.txt")
"""What gives a row its meaning and asks a model. What these import from the app belongs here as well; the rest, such as
the server and its logs, may change and go on with the same models."""

LENGTH = 12
"""Hexadecimal digits: enough to tell a team's code apart for ever, and short enough for the name of an alias."""


def code_id(folder: Path = Path(__file__).parent) -> str:
    """The id of the code in a folder: a digest of its files as they lie there, however their lines end."""
    digest = sha256()
    for name in FILES:
        content = (folder / name).read_text(encoding="utf-8").encode()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:LENGTH]
