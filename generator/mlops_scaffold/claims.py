"""Which part of a repository brings which file: no two bring the same, nor the same target of ``make``."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.scripts import DATA

Files = dict[PurePosixPath, bytes]

PROGRAM = "the program"
"""Who brings what depends on the choice of components as a whole."""

PICTURE = PurePosixPath("docs/architecture.svg")
"""The platform as a picture."""

OURS = PurePosixPath(".mlops-scaffold")
"""The folder in a repository that remembers how it was made."""

RULE = re.compile(r"(?m)^(?P<targets>[\w./-][\w./ -]*):(?![:=])(?! *\w+ *[:?+]?=)[^\n]*(?:##|\n\t)")
"""A rule of a make file that says how to make something: by its description, or by its recipe."""


class Claims:
    """The files of a repository so far, each with who brings it."""

    def __init__(self) -> None:
        self.files: Files = {}
        self._owners = {PICTURE: PROGRAM}

    def add(self, path: PurePosixPath, content: bytes, owner: str) -> None:
        """Adds a file; the same owner may bring it again.

        Raises:
            ScaffoldError: somebody else brings it already, or it is the tool's own.
        """
        if path.parts[0].lower() == OURS.name:
            raise ScaffoldError(
                f"a component brings the file '{path}', and that folder remembers how the repository was made",
                where=owner,
                then="give its folder another name",
            )
        if (other := self._owners.setdefault(path, owner)) != owner:
            raise ScaffoldError(
                f"two components bring the file '{path}'",
                where=f"{other} and {owner}",
                then="give the one that is yours another name, or leave one of the two components out",
            )
        self.files[path] = content

    def keep_targets_apart(self) -> None:
        """Refuses two recipes for one target: ``make`` would take the last, with a warning that nobody reads."""
        makefile = next((DATA / "shell").glob("*/Makefile"))
        texts = {"Makefile (every repository)": makefile.read_text(encoding="utf-8")}
        texts |= {
            f"{path} of {self._owners[path]}": content.decode(errors="replace")
            for path, content in sorted(self.files.items())
            if path.match("make/*.mk")
        }
        seen: dict[str, str] = {}
        for where, text in texts.items():
            for target in {target: None for rule in RULE.finditer(text) for target in rule["targets"].split()}:
                if target != ".PHONY" and (other := seen.setdefault(target, where)) != where:
                    raise ScaffoldError(
                        f"two make files have the target '{target}'",
                        where=f"{other}; {where}",
                        then="give the one that is yours another name",
                    )
