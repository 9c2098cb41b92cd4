"""What concerns a whole account is recorded by one of its environments, and by one alone.

With none of them, the account is without a record. A second one pays for a copy, and GuardDuty and Config refuse it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import plans
import pytest
import yaml


def sharing(*keys: str) -> Sequence[Sequence[str]]:
    """The environments, those together for which these keys of ``Pulumi.<environment>.yaml`` say the same."""
    together: Mapping[str, list[str]] = defaultdict(list)
    for environment in plans.ENVIRONMENTS:
        config = yaml.safe_load((plans.ROOT / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8"))["config"]
        if "aws:allowedAccountIds" not in config:
            pytest.skip("not every environment is in a known account yet: make bootstrap writes it down")
        together[str([config[key] for key in keys])].append(environment)
    return [*together.values()]


def having(setting: str, environments: Sequence[str]) -> Sequence[str]:
    """Those of the environments in which a setting of the audit is on."""
    return [each for each in environments if plans.of(each)["."].settings["audit"][setting]]


def test_each_account_is_recorded_once() -> None:
    for environments in sharing("aws:allowedAccountIds"):
        assert len(having("whole_account", environments)) == 1, (
            f"{environments} share an account: set audit.whole_account to true in exactly one of them"
        )


@pytest.mark.parametrize("setting", ["detect_threats", "record_configuration"])
def test_an_account_has_one_of_a_kind_in_a_region(setting: str) -> None:
    for environments in sharing("aws:allowedAccountIds", "aws:region"):
        assert len(having(setting, environments)) <= 1, (
            f"{environments} share an account and a region: set audit.{setting} to true in one of them at most"
        )
