"""The plan: what a preview yields, as data. Everything that is shown or judged reads it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

FORMAT = 1
"""Raised when a reader of the document would have to change."""

ABOUT = "embedded preview, not the Pulumi engine"

CANNOT = (
    "what a provider adds or refuses in its own checks: defaults, exclusive properties, physical names",
    "state: every resource is shown as new; no drift, no update, no replacement",
    "the cloud: credentials, rights, quotas, capacity, names that others have taken, images and charts",
    "Kubernetes admission, and the kinds that a cluster's own extensions define",
)
"""What no embedded preview can check (docs/reference/plan.md)."""

Severity = Literal["error", "warning", "note", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """Something that a reader of the plan should know."""

    severity: Severity
    """``error``: it cannot be deployed; ``warning``: it should not; ``note``: mind it; ``unchecked``: nobody looked."""
    code: str
    """A stable name of the rule."""
    message: str
    program: str = ""
    environment: str = ""
    urn: str | None = None
    path: str | None = None
    """The property, dotted."""
    source: str | None = None
    """``file:line`` in the repository."""
    reason: str | None = None
    """Why it is suppressed, if it is."""


@dataclass(frozen=True)
class Program:
    """What one program makes in one environment."""

    project: str
    folder: str
    environment: str
    resources: list[dict[str, Any]]
    """As in the engine's own ``newState``, with ``source`` and, where it says more, ``deepInputs``."""
    outputs: Mapping[str, Any]

    @property
    def made(self) -> list[dict[str, Any]]:
        """The resources that a provider makes: no components, no providers, nothing that is only read."""
        return [
            resource
            for resource in self.resources
            if resource["custom"] and not resource.get("external") and not resource["type"].startswith("pulumi:")
        ]

    def component(self, resource: Mapping[str, Any]) -> str:
        """The name of the component that a resource is part of; empty where there is none."""
        above = self._by_urn.get(resource["parent"])
        while above and (above["custom"] or above["type"] == "pulumi:pulumi:Stack"):
            above = self._by_urn.get(above["parent"])
        return above["name"] if above else ""

    @cached_property
    def _by_urn(self) -> Mapping[str | None, dict[str, Any]]:
        return {resource["urn"]: resource for resource in self.resources}


@dataclass(frozen=True)
class Plan:
    """The programs of a repository, in every environment that was asked for, and what was found."""

    programs: Sequence[Program]
    findings: Sequence[Finding]
    suppressed: Sequence[Finding] = ()
    notes: Sequence[str] = field(default_factory=list)
    """How it was made, where that matters."""
    prices: Mapping[str, str] = field(default_factory=dict)
    """The text of each of the repository's books of prices, by path."""
    incomplete: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Environment to the projects of which not all is known: they fail, or build on one that does."""

    @property
    def failed(self) -> bool:
        """Whether anything in it could not be deployed."""
        return any(finding.severity == "error" for finding in self.findings)

    def of(self, severity: Severity) -> Sequence[Finding]:
        """The findings of a severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def failures(self) -> str:
        """The errors as a person reads them, each once."""
        return "\n".join(describe(finding) for finding, _ in grouped(self.of("error")))

    def json(self, **read: Any) -> str:
        """The document that docs/reference/plan.md describes; the same plan gives the same bytes.

        Args:
            read: what has been read from the plan, by the key under which it stands there too.
        """
        document = {
            "format": FORMAT,
            "about": ABOUT,
            "programs": [
                {each.name: getattr(program, each.name) for each in fields(Program)} for program in self.programs
            ],
            "findings": [_short(finding) for finding in self.findings if finding.severity != "unchecked"],
            "suppressed": {
                "count": len(self.suppressed),
                "findings": [_short(finding) for finding in self.suppressed],
            },
            "unchecked": [*CANNOT, *(finding.message for finding in self.of("unchecked"))],
            "notes": list(self.notes),
            "incomplete": self.incomplete,
            **read,
        }
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)


def describe(finding: Finding) -> str:
    """A finding as a person reads it: what, then where."""
    place = ", ".join(part for part in (finding.program, finding.environment) if part)
    name = (finding.urn or "").rpartition("::")[2]
    subject = f"{name}{'.' if name and finding.path else ''}{finding.path or ''}"
    message = f"{subject}: {finding.message}" if subject else finding.message
    where = " ".join(part for part in (finding.source or "", f"({place})" if place else "") if part)
    return f"{message}\n  where:   {where}" if where else message


def grouped(findings: Sequence[Finding]) -> Sequence[tuple[Finding, int]]:
    """Findings that only differ by where they stand, once each with their number, in order."""
    keys = [(f.severity, f.code, f.message, f.path) for f in findings]
    count = Counter(keys)
    firsts = dict(zip(reversed(keys), reversed(findings), strict=True))
    return [(firsts[key], count[key]) for key in dict.fromkeys(keys)]


def _short(finding: Finding) -> dict[str, Any]:
    return {key: value for key, value in asdict(finding).items() if value not in (None, "")}
