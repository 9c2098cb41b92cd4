"""What a reader of a plan wants to know first: what holds data, what is public, what runs all the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlops_scaffold.cost import Judged, book
from mlops_scaffold.preview.plan import Plan, Program

Question = Literal["holds data", "is public", "runs all the time"]

QUESTIONS: tuple[Question, ...] = ("holds data", "is public", "runs all the time")

DATA = frozenset(
    {
        "aws:ecr/repository:Repository",
        "aws:eks/cluster:Cluster",
        "aws:kms/key:Key",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "gcp:container/cluster:Cluster",
        "gcp:kms/cryptoKey:CryptoKey",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "gcp:storage/bucket:Bucket",
        "kubernetes:core/v1:PersistentVolumeClaim",
    }
)
"""Types that hold what cannot be had back; besides, whatever a plan protects does."""

RUNNING = frozenset(
    {
        "aws:ec2/natGateway:NatGateway",
        "aws:eks/cluster:Cluster",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:rds/instance:Instance",
        "gcp:compute/routerNat:RouterNat",
        "gcp:container/cluster:Cluster",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "kubernetes:apps/v1:DaemonSet",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:networking.k8s.io/v1:Ingress",
    }
)
"""Types that are paid for by the hour, used or not."""

Inputs = Mapping[str, Any]


def _cluster(inputs: Inputs) -> str | None:
    """Unless told, EKS opens its API, and to everybody (API reference, ``VpcConfigRequest``)."""
    network = inputs.get("vpcConfig", {})
    if not network.get("endpointPublicAccess", True):
        return None
    return f"its API answers {', '.join(network.get('publicAccessCidrs') or ['0.0.0.0/0'])}"


def _database(inputs: Inputs) -> str | None:
    return "it has a public address" if inputs.get("publiclyAccessible") else None


def _rule(inputs: Inputs) -> str | None:
    everybody = {inputs.get("cidrIpv4"), inputs.get("cidrIpv6")} & {"0.0.0.0/0", "::/0"}
    return "it lets everybody in" if everybody else None


def _balancer(inputs: Inputs) -> str | None:
    return None if inputs.get("internal") else "it faces the internet"


def _subnet(inputs: Inputs) -> str | None:
    return "machines in it get public addresses" if inputs.get("mapPublicIpOnLaunch") else None


def _bucket(inputs: Inputs) -> str | None:
    locks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return None if all(inputs.get(lock) for lock in locks) else "it can be opened to everybody"


def _service(inputs: Inputs) -> str | None:
    annotations = inputs.get("metadata", {}).get("annotations", {})
    internal = annotations.get("service.beta.kubernetes.io/aws-load-balancer-scheme") == "internal"
    return "it faces the internet" if inputs.get("spec", {}).get("type") == "LoadBalancer" and not internal else None


def _door(inputs: Inputs) -> str | None:
    """Unless told, the load balancer of an Ingress is internal (EKS User Guide, *IngressClassParams*)."""
    faces = "internet-facing"
    annotated = inputs.get("metadata", {}).get("annotations", {}).get("alb.ingress.kubernetes.io/scheme")
    return "it faces the internet" if faces in (inputs.get("spec", {}).get("scheme"), annotated) else None


PUBLIC: Mapping[str, Callable[[Inputs], str | None]] = {
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:rds/instance:Instance": _database,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule,
    "kubernetes:core/v1:Service": _service,
    "kubernetes:eks.amazonaws.com/v1:IngressClassParams": _door,
    "kubernetes:networking.k8s.io/v1:Ingress": _door,
}
"""How a resource of a type comes to be reached from the internet, if it is."""


@dataclass(frozen=True)
class Entry:
    """One resource that is an answer to a question, in the environments in which it is."""

    component: str
    name: str
    type: str
    environments: Sequence[str]
    protected: Sequence[str]
    """The environments in which it cannot be destroyed."""
    how: Sequence[str]
    """How it is public, if it is."""


def inventory(plan: Plan) -> Mapping[Question, Sequence[Entry]]:
    """The answers to the three questions, each resource once, by component and name."""
    return {question: _entries(plan, question) for question in QUESTIONS}


def unjudged(plan: Plan) -> Sequence[str]:
    """The types of a plan of which nobody knows whether they hold data, are public, or run all the time.

    We know the types that our own blocks make, which are those of the book that we ship: a test sees to it. Whoever
    makes others says so in the part ``judged`` of a book; a price alone says nothing of the three.
    """
    known, ours = DATA | RUNNING | PUBLIC.keys() | _judged(plan).keys(), book().knows
    types = {resource["type"] for program in plan.programs for resource in program.made}
    return sorted(kind for kind in types - known if not ours(kind))


def holds_data(resource: Mapping[str, Any], plan: Plan) -> bool:
    """Whether a resource of a plan holds what cannot be had back."""
    kind, judged = resource["type"], _judged(plan)
    return kind in DATA or bool(resource["protect"]) or (kind in judged and judged[kind].holds_data)


def _judged(plan: Plan) -> Mapping[str, Judged]:
    return book(plan.prices).judged


def _entries(plan: Plan, question: Question) -> Sequence[Entry]:
    found: dict[tuple[str, str, str], list[tuple[str, bool, str]]] = {}
    for program in plan.programs:
        for resource, how in _answers(program, question, plan):
            key = (program.component(resource), resource["name"], resource["type"])
            found.setdefault(key, []).append((program.environment, bool(resource["protect"]), how))
    return [
        Entry(
            *key,
            environments=[environment for environment, _, _ in where],
            protected=[environment for environment, protected, _ in where if protected],
            how=list(dict.fromkeys(how for _, _, how in where if how)),
        )
        for key, where in sorted(found.items())
    ]


def _answers(program: Program, question: Question, plan: Plan) -> Iterator[tuple[Mapping[str, Any], str]]:
    judged = _judged(plan)
    for resource in program.made:
        kind = resource["type"]
        told = judged.get(kind, Judged())
        match question:
            case "holds data" if holds_data(resource, plan):
                yield resource, ""
            case "is public":
                inputs = resource.get("deepInputs", resource["inputs"])
                if how := (PUBLIC[kind](inputs) if kind in PUBLIC else None) or _told_public(inputs, told.public):
                    yield resource, how
            case "runs all the time" if kind in RUNNING or told.always_on:
                yield resource, ""


def _told_public(inputs: Inputs, told: Mapping[str, Any]) -> str | None:
    """How a resource is public, by what a book says of its type. What is not known yet may be."""
    for path, value in told.items():
        found: Any = inputs
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) and "$unknown" not in found else found
        if isinstance(found, Mapping) and "$unknown" in found:
            return f"it may be: its {path} is known only after up"
        if found == value:
            return f"its {path} is {'not set' if value is None else json.dumps(value)}"
    return None
