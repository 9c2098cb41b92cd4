"""What a policy says to a request, as far as the policies of this platform go.

After the IAM User Guide, *Policy evaluation logic* and *IAM JSON policy elements: Condition operators*: a denial wins;
every operator of a statement, and every key of an operator, must hold; a negated operator holds for what is not there;
``…IfExists`` as well; ``ForAllValues`` holds for no value, ``ForAnyValue`` does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]


def allows(statements: Sequence[Statement], action: str, resource: str = "*", context: Context | None = None) -> bool:
    """Whether these statements, taken together as one policy, allow a request."""
    said = {each["Effect"] for each in statements if applies(each, action, resource, context or {})}
    return said == {"Allow"}


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement is about a request."""
    actions = listed(statement.get("Action", statement.get("NotAction")))
    about = any(like(action.lower(), pattern.lower()) for pattern in actions) == ("Action" in statement)
    return (
        about
        and any(like(resource, pattern) for pattern in listed(statement["Resource"]))
        and all(
            holds(operator, context.get(key), listed(value))
            for operator, keys in statement.get("Condition", {}).items()
            for key, value in keys.items()
        )
    )


def holds(operator: str, given: str | Sequence[str] | None, wanted: Sequence[str]) -> bool:
    """Whether a condition holds for the values that a request has for its key."""
    if operator == "Null":
        return wanted == [str(given is None).lower()]
    every, operator = operator.startswith("ForAllValues:"), operator.rpartition(":")[2]
    optional, operator = operator.endswith("IfExists"), operator.removesuffix("IfExists")
    if given is None:
        return every or optional or "Not" in operator
    same = like if operator.startswith("Arn") or operator.endswith("Like") else str.__eq__
    found = [any(same(value, each) for each in wanted) for value in listed(given)]
    return (all if every else any)(found) != ("Not" in operator)


def like(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which ``*`` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def listed(value: str | Sequence[str] | None) -> list[str]:
    """One or several as several."""
    return [value] if isinstance(value, str) else list(value or ())
