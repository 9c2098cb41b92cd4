"""Our side: what the embedded preview plans, pass by pass, with references of the caller's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_scaffold.preview.repository import Repository
from mlops_scaffold.preview.session import Mode, Session


@dataclass(frozen=True)
class Planner:
    """A warm process that plans the programs of a repository."""

    repository: Repository
    session: Session

    def plan(
        self, program: str, environment: str, mode: Mode, references: Mapping[str, Any]
    ) -> Mapping[str, Mapping[str, Any]]:
        """The resources of a program, by URN.

        Args:
            program: its folder, relative to the repository.
            environment: such as ``dev``.
            mode: ``preview`` or ``deep``.
            references: what other stacks output, by their full names, in the form of the wire.
        """
        repository = self.repository
        configuration = repository.configuration(program, environment)
        self.session.send(
            {
                "root": str(repository.folder),
                "program": str(repository.folder / program),
                "project": repository.project(program),
                "environment": environment,
                "config": configuration.values,
                "secret_keys": configuration.secret_keys,
                "mode": mode,
                "references": references,
                "expected_packages": {name: str(folder) for name, folder in repository.packages.items()},
            }
        )
        answer = self.session.receive()
        assert not answer["error"], answer["error"]
        return {resource["urn"]: resource for resource in answer["resources"]}
