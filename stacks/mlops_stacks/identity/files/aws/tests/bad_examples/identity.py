"""What breaks the rule for roles."""

from __future__ import annotations

from bad_examples import plan, resource

EXAMPLES = {"every_role_has_the_boundary": [plan(resource("aws:iam/role:Role"))]}
