"""The predictor and its gateway: what is there before the first release, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ours

from mlops_scaffold import testing
from mlops_scaffold.preview.plan import Plan
from mlops_scaffold.preview.session import Session
from mlops_stacks.gateway import GatewaySettings
from mlops_stacks.gateway.aws import share_out
from mlops_stacks.serving import ServingSettings

IMAGE = "registry.example.com/app@sha256:" + 64 * "0"
NAMED = {"domain": "predict.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ"}

PROGRAM = """
import pulumi
from mlops_stacks.cluster.aws import Cluster
from mlops_stacks.gateway import GatewaySettings
from mlops_stacks.gateway.aws import Gateway
from mlops_stacks.kubernetes import inside
from mlops_stacks.monitoring.kubernetes import Monitoring
from mlops_stacks.network.aws import Network
from mlops_stacks.serving import ServingSettings
from mlops_stacks.serving.kubernetes import Serving
from mlops_stacks.storage.aws import Storage
from mlops_stacks.tracking.kubernetes import Tracking
from mlops_stacks.workspace.aws import Workspace

cloud = pulumi.StackReference("organization/shared/dev")
inside(Cluster.imported("cluster", cloud))
workspace = Workspace.imported("workspace", cloud)
serving = Serving(
    "serving",
    ServingSettings({serving}),
    workspace=workspace,
    tracking=Tracking.imported("tracking", cloud),
)
gateway = Gateway(
    "gateway",
    GatewaySettings({gateway}),
    network=Network.imported("network", cloud),
    storage=Storage.imported("storage", cloud),
    serving=serving,
    monitoring={monitoring},
)
pulumi.export("url", gateway.url)
"""


@pytest.fixture
def planned(tmp_path: Path, session: Session) -> Any:
    """Plans a predictor and its gateway with these settings."""

    def plan(serving: Mapping[str, Any], gateway: Mapping[str, Any], *, watched: bool = False) -> Plan:
        source = PROGRAM.format(
            monitoring='Monitoring.imported("monitoring", cloud)' if watched else "None",
            **{
                name: ", ".join(f"{key}={value!r}" for key, value in settings.items())
                for name, settings in (("serving", serving), ("gateway", gateway))
            },
        )
        return testing.plan(tmp_path, source, shared=testing.elsewhere("aws", ours()), session=session)

    return plan


def types(plan: Plan) -> list[str]:
    """What is made, by type, without the group."""
    return sorted(resource["type"].rpartition(":")[2] for resource in plan.programs[0].made)


def test_before_the_first_release_nothing_waits_for_an_image(planned: Any) -> None:
    plan = planned({}, {})

    assert plan.of("error") == []
    assert not {"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"} & set(types(plan))
    (service,) = (resource for resource in plan.programs[0].made if resource["type"].endswith(":Service"))
    assert service["inputs"]["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_without_a_domain_there_is_no_gateway(planned: Any) -> None:
    closed, opened = planned({"image": IMAGE}, {}), planned({"image": IMAGE}, NAMED)

    assert {"Certificate", "Ingress", "Record"} <= set(types(opened)) - set(types(closed))
    assert len(types(opened)) - len(types(closed)) == 8


def test_a_door_that_there_is_is_asked_after_its_name_stands_and_another_is_not(planned: Any) -> None:
    closed, opened = (planned({"image": IMAGE}, gateway, watched=True).programs[0].made for gateway in ({}, NAMED))

    def probers(made: Any) -> list[Any]:
        return [each for each in made if each["urn"].endswith("Deployment::gateway-prober")]

    assert probers(closed) == []
    (prober,) = probers(opened)
    (record,) = (each["urn"] for each in opened if each["urn"].endswith("Record::gateway"))
    assert record in prober["dependencies"], "else the resolver remembers that there is no such name"
    (policy,) = (each["inputs"]["spec"] for each in opened if each["urn"].endswith("NetworkPolicy::gateway-prober"))
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "gateway"
    (way,) = policy["egress"]
    assert way["ports"] == [{"protocol": "TCP", "port": 443}]
    assert way["to"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}]


@pytest.mark.parametrize(
    ("serving", "gateway", "told"),
    [
        ({"replicas": 3, "max_replicas": 2}, {}, "serving.max_replicas: 2 is less than serving.replicas, 3"),
        ({}, {"domain": "predict.example.com"}, "gateway.hosted_zone: name the zone"),
        ({"challenger": IMAGE}, {"challenger_percent": 5}, "without gateway.domain"),
        ({"image": IMAGE}, {**NAMED, "challenger_percent": 5}, "name an image in serving.challenger"),
    ],
)
def test_settings_that_make_no_sense_together_are_refused(
    planned: Any, serving: Mapping[str, Any], gateway: Mapping[str, Any], told: str
) -> None:
    assert any(told in finding.message for finding in planned(serving, gateway).of("error"))


@pytest.mark.parametrize("image", ["app", "app:v1", "app@sha256:abc", "app:latest@sha256"])
def test_an_image_has_a_digest(image: str) -> None:
    with pytest.raises(ValueError, match="string_pattern_mismatch"):
        ServingSettings(image=image)


@pytest.mark.parametrize(
    "domain", ["localhost", "example.com", "*.example.com", "https://a.example.com", "A.example.com"]
)
def test_a_domain_is_a_name_below_a_zone(domain: str) -> None:
    with pytest.raises(ValueError, match="string_pattern_mismatch"):
        GatewaySettings(domain=domain)


@pytest.mark.parametrize(("percent", "shares"), [(0, {"a": 100}), (10, {"a": 90, "b": 10}), (100, {"a": 0, "b": 100})])
def test_a_hundred_requests_are_shared_out(percent: int, shares: Mapping[str, int]) -> None:
    groups = json.loads(share_out("gateway", "a", "b", percent=percent))["forwardConfig"]["targetGroups"]

    assert {group["serviceName"]: group["weight"] for group in groups} == shares
