"""The clouds: which there are, and what a region and an account look like there."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_scaffold.errors import ScaffoldError, nearest

if TYPE_CHECKING:
    from mlops_scaffold.catalogue import Catalogue

CLOUDS = {"aws": "us-east-1"}
"""The clouds that are complete, each with the region used unless another is named."""
CLOUDS_TO_COME = ("gcp", "kubernetes")
"""Those that no stage offers yet, though some components are there."""

REGION = {"aws": re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")}
ACCOUNT = {"aws": re.compile(r"[0-9]{12}")}


def check_region(region: str, cloud: str) -> None:
    """Refuses what does not look like a region of the cloud."""
    if not REGION[cloud].fullmatch(region):
        raise ScaffoldError(f"'{region}' is no region", where="--region", allowed="such as eu-west-1")


def check_account(account: str, cloud: str) -> None:
    """Refuses what is no account of the cloud, and is not empty either."""
    if account and not ACCOUNT[cloud].fullmatch(account):
        raise ScaffoldError(
            f"'{account}' is no account", where="--account", allowed="the 12 digits of its id, without hyphens"
        )


def regions(catalogue: Catalogue, cloud: str) -> Sequence[str]:
    """The regions of a cloud whose zones our network knows; none if it needs to know none."""
    module = catalogue.library.module(f"mlops_stacks.network.{cloud}")
    for node in module.tree.body if module else ():
        match node:
            case ast.Assign(targets=[ast.Name("ZONE_IDS")], value=ast.Dict() as table):
                return [*ast.literal_eval(table)]
    return []


def strange_region(region: str, known: Sequence[str]) -> ScaffoldError:
    """The error for a region of which nobody here knows the zones: mistyped, or newer than this tool."""
    listed = f"aws ec2 describe-availability-zones --region {region} --query 'AvailabilityZones[].ZoneId'"
    new = (
        f"if AWS has it, name its zones: --region {region} --set 'network.zone_ids=[…]', with what this lists: {listed}"
    )
    return ScaffoldError(
        f"the zones of the region '{region}' are not known",
        where="--region",
        allowed=", ".join(sorted(known)),
        then="; ".join(filter(None, [nearest(region, known), new])),
    )
