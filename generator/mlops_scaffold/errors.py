"""What the tool says when something is wrong: what, where, what is allowed, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import IO, Any

import click


class ScaffoldError(click.ClickException):
    """A mistake that its reader can mend. It ends the command with exit code 2 and no traceback.

    Args:
        what: what is wrong, in the reader's terms; lower case, no full stop.
        where: the place: ``file:line``, an option, a path.
        allowed: what would have been accepted.
        then: what to do next.
    """

    exit_code = 2

    def __init__(
        self, what: str, *, where: str | None = None, allowed: str | None = None, then: str | None = None
    ) -> None:
        super().__init__(what)
        self.what, self.where, self.allowed, self.then = what, where, allowed, then

    def __str__(self) -> str:
        details = (("where", self.where), ("allowed", self.allowed), ("next", self.then))
        return "\n".join([self.what, *(f"  {label + ':':<9}{text}" for label, text in details if text)])

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the error to standard error."""
        click.echo(f"error: {self}", file=file, err=file is None)


def unknown(kind: str, name: str, known: Iterable[str], where: str, to_come: Iterable[str] = ()) -> ScaffoldError:
    """The error for a name that does not exist, with the nearest one that does.

    Args:
        kind: what it should be the name of, such as ``cloud``, or ``setting of 'network'``.
        name: the name.
        known: the names that there are.
        where: who asks for it.
        to_come: names that there will be, and are not offered yet.
    """
    known = sorted(known)
    what, _, owner = kind.partition(" of ")
    strange = f"{owner} has no {what} '{name}'" if owner else f"unknown {kind} '{name}'"
    return ScaffoldError(
        f"the {kind} '{name}' is not offered yet" if name in to_come else strange,
        where=where,
        allowed=", ".join(known) or "none",
        then=None if name in to_come else nearest(name, known),
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """«did you mean …?», if a name is near to one of those that there are."""
    known, said = sorted(known), name.lower()
    # Two letters swapped, or a word written out, are nearer than a measure of likeness finds them.
    near = [each for each in known if sorted(each) == sorted(said) or (len(each) > 2 and said.startswith(each))]
    near = near or difflib.get_close_matches(said, known, 1)
    return f"did you mean '{near[0]}'?" if near else None
