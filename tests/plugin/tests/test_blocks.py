"""The blocks plan: with nothing at hand, and with what they are wired to made by somebody else."""

from pathlib import Path

from mlops_scaffold.testing import broken, elsewhere, plan

QUEUE = """
import pulumi
from acme_platform.blocks.queue import QueueSettings
from acme_platform.blocks.queue.aws import Queue
from mlops_stacks.keys.aws import Keys

shared = pulumi.StackReference("organization/shared/dev")
Queue("batch", QueueSettings(retention_days=7), keys=Keys.imported("keys", shared))
Queue.imported("queue", shared).grant_send("worker", "a-role")
"""

RELAY = """
import pulumi
from acme_platform.blocks.relay import RelaySettings
from acme_platform.blocks.relay.kubernetes import Relay
from mlops_stacks.workspace.kubernetes import Workspace

shared = pulumi.StackReference("organization/shared/dev")
settings = RelaySettings(
    image="registry.acme.example/relay@sha256:" + 64 * "0", server="mail.acme.example", server_cidr="198.51.100.0/24"
)
Relay("relay", settings, workspace=Workspace.imported("workspace", shared)).grant_send("drift", "drift")
"""


def test_a_queue_keeps_what_failed(tmp_path: Path) -> None:
    found = plan(tmp_path, QUEUE, shared=elsewhere())

    assert [*found.of("error"), *found.of("warning")] == []
    assert broken(found) == []
    made = {resource["name"]: resource["inputs"] for resource in found.programs[0].made}
    assert made["batch"]["messageRetentionSeconds"] == 7 * 86400
    assert made["batch-failed"]["messageRetentionSeconds"] == 14 * 86400
    assert "worker-send" in made


def test_a_relay_reaches_the_mail_server_and_nothing_else(tmp_path: Path) -> None:
    found = plan(tmp_path, RELAY, shared=elsewhere())

    assert [*found.of("error"), *found.of("warning")] == []
    made = {resource["name"]: resource["inputs"] for resource in found.programs[0].made}
    (way,) = made["relay-port-587"]["spec"]["egress"]
    assert way["to"] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    assert [port["port"] for port in way["ports"]] == [587]
    # The workspace gave the namespace no way but those that every namespace has.
    assert {name for name in made if name.startswith("relay-")} == {
        "relay-default-deny",
        "relay-dns",
        "relay-port-587",
        "relay-same-namespace",
    }


def test_a_bucket_in_the_open_breaks_the_rules_of_the_repository(tmp_path: Path) -> None:
    found = plan(tmp_path, "from pulumi_aws import s3\ns3.Bucket('scratch')\n")

    assert "aws.buckets_are_private: the bucket scratch can be made public" in broken(found)
