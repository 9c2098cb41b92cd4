"""A way out of a namespace that none of its own leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import SHARED, elsewhere, plan

PROGRAM = f"""
import pulumi
from mlops_stacks.workspace.kubernetes import Workspace

workspace = Workspace.imported("workspace", pulumi.StackReference("{SHARED}"))
"""


def test_a_port_is_open_to_a_range_and_to_another_under_another_name(tmp_path: Path, session: Session) -> None:
    opened = """
workspace.open_port("relay", "relay", 587, cidr="198.51.100.0/24")
workspace.open_port("relay", "relay", 25, cidr=workspace.network_cidr)
workspace.open_port("relay-second", "relay", 587)
"""
    found = plan(tmp_path, PROGRAM + opened, shared=elsewhere(), session=session)

    assert found.of("error") == []
    (made,) = found.programs
    spec = {each["name"]: each["inputs"]["spec"]["egress"][0] for each in made.made}
    assert spec["relay-port-587"]["to"] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    assert spec["relay-second-port-587"]["ports"] == [{"protocol": "TCP", "port": 587}]
    assert "10.0.0.0/8" in spec["relay-second-port-587"]["to"][0]["ipBlock"]["except"]


@pytest.mark.parametrize(
    ("cidrs", "said"),
    [
        (["198.51.100.0/24", "203.0.113.0/24"], "'relay' has opened port 587 already"),
        (["0.0.0.0/0"], "'0.0.0.0/0' is every address"),
        (["::/0"], "'::/0' is every address"),
    ],
)
def test_what_cannot_be_meant_is_refused(cidrs: list[str], said: str, tmp_path: Path, session: Session) -> None:
    opened = "".join(f"workspace.open_port('relay', 'relay', 587, cidr='{cidr}')\n" for cidr in cidrs)

    errors = plan(tmp_path, PROGRAM + opened, shared=elsewhere(), session=session).of("error")

    assert said in errors[0].message
