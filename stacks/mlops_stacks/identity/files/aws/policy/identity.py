"""The rule that keeps CI from giving away more than it has."""

from __future__ import annotations

from collections.abc import Iterator

from policy import Plan


def every_role_has_the_boundary(plan: Plan) -> Iterator[str]:
    """Every role has the permission boundary, for CI can make and change no other (AWS Well-Architected SEC03-BP05).

    Give a role of yours ``permissions_boundary=identity.boundary``.
    """
    for role in plan.of("aws:iam/role:Role"):
        if "permissionsBoundary" not in role.inputs:
            yield f"the role {role.name} has no boundary"
