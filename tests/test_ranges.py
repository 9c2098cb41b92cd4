"""A range of addresses that lets strangers in is refused, by the settings and by the rules of a repository alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import broken, plan
from mlops_stacks.cluster import ClusterSettings

NARROW = ["203.0.113.7/32", "198.51.0.0/16", "10.0.0.0/8", "172.16.0.0/12"]
WIDE = ["3.0.0.0/8", "198.50.0.0/15", "0.0.0.0/1", "0.0.0.0/0", "10.0.0.0/7", "240.0.0.0/4"]
"""3.0.0.0/8 is Amazon's (IANA IPv4 Address Space Registry), so every customer of its cloud comes from it."""

RULES = """
from pulumi_aws import vpc
for number, cidr in enumerate({ranges}):
    vpc.SecurityGroupIngressRule(
        str(number), security_group_id="sg-1", ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4=cidr
    )
"""


@pytest.mark.parametrize("cidr", NARROW)
def test_a_range_of_ones_own_may_be_named(cidr: str) -> None:
    assert ClusterSettings(admin_cidrs=[cidr]).admin_cidrs == [cidr]


@pytest.mark.parametrize("cidr", [*WIDE, "203.0.113.7/24", "::/0", "office"])
def test_a_range_of_strangers_may_not(cidr: str) -> None:
    with pytest.raises(ValueError, match=r"such as 203\.0\.113\.7/32"):
        ClusterSettings(admin_cidrs=[cidr])


def test_the_rules_of_a_repository_draw_the_same_line(tmp_path: Path, session: Session) -> None:
    found = broken(plan(tmp_path, RULES.format(ranges=[*NARROW, *WIDE]), session=session))

    assert [each for each in found if each.startswith("aws.nobody_comes_in")] == [
        f"aws.nobody_comes_in_from_the_internet: the rule {number} lets everybody in"
        for number in range(len(NARROW), len(NARROW) + len(WIDE))
    ]
