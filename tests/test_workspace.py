"""Who may come into a namespace, and a way out that none of its own leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.session import Session
from mlops_scaffold.testing import SHARED, elsewhere, plan
from mlops_stacks.workspace import WorkspaceSettings

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


PEOPLE = """
import pulumi
from mlops_stacks.cluster import Cluster
from mlops_stacks.keys import Keys
from mlops_stacks.kubernetes import inside
from mlops_stacks.network import Network
from mlops_stacks.workspace import WorkspaceSettings
from mlops_stacks.workspace.{cloud} import Workspace

shared = pulumi.StackReference("{shared}")
cluster = Cluster.imported("cluster", shared)
inside(cluster)
wires = dict(network=Network.imported("network", shared), cluster=cluster)
if "{cloud}" == "aws":
    wires["keys"] = Keys.imported("keys", shared)
Workspace("workspace", WorkspaceSettings({settings}), **wires)
"""
ADA, BEN = (f"arn:aws:iam::123456789012:role/{name}" for name in ("ada", "ben"))


def admitted(settings: str, cloud: str, folder: Path, session: Session) -> Plan:
    source = PEOPLE.format(cloud=cloud, shared=SHARED, settings=settings)
    return plan(folder, source, shared=elsewhere(), session=session)


def test_people_edit_their_own_room_and_look_at_the_others(tmp_path: Path, session: Session) -> None:
    """To view is to see no Secret, and to edit is to see those of the namespace: nobody edits in the whole cluster.

    EKS User Guide, *Review access policy permissions*; *Create access entries*: an identity has one entry.
    """
    settings = f"namespaces=['fraud', 'churn'], editors={{'fraud': ['{ADA}', '{BEN}']}}, viewers=['{ADA}']"

    found = admitted(settings, "aws", tmp_path, session)

    assert found.of("error") == []
    made = [each for program in found.programs for each in program.made]
    entries = [each for each in made if each["type"].endswith(":AccessEntry")]
    given = {
        each["name"]: (each["inputs"]["policyArn"].rpartition("/")[2], each["inputs"]["accessScope"])
        for each in made
        if each["type"].endswith(":AccessPolicyAssociation")
    }
    room = {"type": "namespace", "namespaces": ["fraud"]}
    assert sorted(each["inputs"]["principalArn"] for each in entries) == [ADA, BEN]
    assert given == {
        "workspace-ada-view": ("AmazonEKSViewPolicy", {"type": "cluster"}),
        "workspace-ada-edit": ("AmazonEKSEditPolicy", room),
        "workspace-ben-edit": ("AmazonEKSEditPolicy", room),
    }


def test_on_any_cluster_people_have_the_roles_that_kubernetes_makes(tmp_path: Path, session: Session) -> None:
    """Kubernetes, *Using RBAC authorization*, *User-facing roles*: *edit* in a RoleBinding, *view* shows no Secret."""
    settings = "editors={'models': ['ada@example.com']}, viewers=['ben@example.com']"

    found = admitted(settings, "kubernetes", tmp_path, session)

    assert found.of("error") == []
    bound = [each for program in found.programs for each in program.made if each["type"].endswith("Binding")]
    assert {
        (
            each["type"].rpartition(":")[2],
            each["inputs"]["metadata"].get("namespace"),
            each["inputs"]["roleRef"]["name"],
        )
        for each in bound
    } == {("RoleBinding", "models", "edit"), ("ClusterRoleBinding", None, "view")}
    assert [each["inputs"]["subjects"][0]["kind"] for each in bound] == ["User", "User"]


@pytest.mark.parametrize("namespace", ["tracking", "*", "kube-system"])
def test_nobody_is_given_a_namespace_of_the_platform(namespace: str) -> None:
    with pytest.raises(ValueError, match=r"alone: models|should match pattern"):
        WorkspaceSettings(editors={namespace: [ADA]})


def test_who_is_no_role_cannot_be_let_in(tmp_path: Path, session: Session) -> None:
    """EKS User Guide, *Create access entries*: the ARN of a session is none of an entry."""
    session_of = "arn:aws:sts::123456789012:assumed-role/ada/me"

    found = admitted(f"viewers=['{session_of}']", "aws", tmp_path, session)

    assert any("workspace.viewers take ARNs of roles and users" in each.message for each in found.of("error"))
