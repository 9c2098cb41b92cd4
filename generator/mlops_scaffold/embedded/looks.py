"""How a value that only a cloud could give might look: an ARN where an ARN belongs, an address where an address does.

Three tables, from the particular to the general: ``EXACT`` for the outputs of one type, ``PREFIXES`` for ids, ``KINDS``
for anything by its name. A template is filled with what the resource has already and with what ``Subject`` derives from
its type and name: the same resource always gets the same values, and two resources never do.

Sources: the resource types of AWS's Service Authorization Reference (ARNs, ids) and GCP's full resource names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .tables import EXACT, KINDS, PREFIXES


@dataclass(frozen=True)
class Place:
    """Where a program would deploy, as far as its configuration says."""

    project: str
    environment: str
    region: str = "us-east-1"
    account: str = "123456789012"
    """The account that AWS uses in its own examples."""
    gcp_project: str = "example-project"
    gcp_region: str = "us-central1"

    @classmethod
    def of(cls, project: str, environment: str, config: Mapping[str, str]) -> Place:
        """The place that a program's configuration names."""
        account = re.search(r"\d{12}", config.get("aws:allowedAccountIds", ""))
        return cls(
            project,
            environment,
            region=config.get("aws:region") or cls.region,
            account=account[0] if account else cls.account,
            gcp_project=config.get("gcp:project") or cls.gcp_project,
            gcp_region=config.get("gcp:region") or cls.gcp_region,
        )

    @property
    def gcp_number(self) -> str:
        """The number that a project has beside its id."""
        return str(int(hashlib.sha256(self.gcp_project.encode()).hexdigest(), 16))[:12]


@dataclass
class Subject:
    """The resource that is being made up."""

    type: str
    name: str
    place: Place
    known: dict[str, Any] = field(default_factory=dict)
    """The inputs, and the outputs found so far."""

    def look(self, path: str) -> str:
        """A value for the property at a dotted path: ``identities.oidcs.issuer``."""
        leaf = path.rpartition(".")[2]
        template = EXACT.get(self.type, {}).get(path) or _kind(leaf)
        return template.format_map(_Fields(self, path))

    def identifier(self) -> str:
        """A value for the resource's id: by the type's table, by its prefix, else unlike any name."""
        prefix = PREFIXES.get(self.type, self.type.rpartition(":")[2].lower())
        template = EXACT.get(self.type, {}).get("id") or f"{prefix}-{{hex17}}"
        return template.format_map(_Fields(self, "id"))

    @property
    def physical(self) -> str:
        """The name that auto-naming would give: ``<project>-<environment>-<logical name>-<7 hex>``."""
        return f"{self.place.project}-{self.place.environment}-{self.name}-{self.digest('name')[:7]}"

    def digest(self, path: str) -> str:
        """64 hexadecimal digits that no other property of any other resource has."""
        return hashlib.sha256("\0".join((self.place.environment, self.type, self.name, path)).encode()).hexdigest()


@functools.cache
def _kind(leaf: str) -> str:
    """The template for a property of this name, whichever resource has it."""
    return next((look for pattern, look in KINDS.items() if re.search(pattern, leaf)), "{leaf}-{hex8}")


class _Fields(dict[str, Any]):
    """The fields of a template: looked up when the template names them."""

    def __init__(self, subject: Subject, path: str) -> None:
        digest, place = subject.digest(path), subject.place
        _, module, kind = subject.type.split(":")
        super().__init__(
            place.__dict__,
            gcp_number=place.gcp_number,
            leaf=path.rpartition(".")[2],
            service=module.split("/")[0],
            kind=kind[0].lower() + kind[1:],
            logical=subject.name,
            physical=subject.physical,
            uuid=str(uuid.UUID(digest[:32])),
            certificate=base64.b64encode(f"certificate of {subject.name}".encode()).decode(),
            octet=int(digest[:2], 16),
        )
        self.update({key: value for key, value in subject.known.items() if isinstance(value, str | int)})
        self._digest = digest
        self._physical = subject.physical

    def __missing__(self, field: str) -> str:
        """``hex8``, ``HEX32``, ``digits12``; any other field is a name that the program left to auto-naming."""
        derived = re.fullmatch(r"(hex|HEX|digits)(\d+)", field)
        if not derived:
            return self._physical
        form, length = derived[1], int(derived[2])
        text = str(int(self._digest, 16)) if form == "digits" else self._digest
        return text[:length].upper() if form == "HEX" else text[:length]
