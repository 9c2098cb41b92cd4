"""What a plan costs: figures reckoned by hand from the vendor's pages, and that nothing unknown counts as nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import CONNECTED
from hypothesis import given
from hypothesis import strategies as some

import mlops_blueprints
from mlops_scaffold import cost, project
from mlops_scaffold.answers import Answers
from mlops_scaffold.cost import Charge, Cost, Estimate
from mlops_scaffold.errors import ScaffoldError
from mlops_scaffold.preview import preview
from mlops_scaffold.preview.plan import Plan, Program
from mlops_scaffold.preview.session import Session
from mlops_scaffold.report import markdown
from mlops_stacks.budget.aws import ALERTS

BOOK = cost.book()
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is not known (pulumi, ``UnknownStringValue``)."""


def resource(kind: str, name: str, inputs: Mapping[str, Any], *, parent: str = "", custom: bool = True) -> Any:
    urn = f"urn:pulumi:dev::acme::{kind}::{name}"
    return {"type": kind, "name": name, "urn": urn, "inputs": inputs, "parent": parent, "custom": custom}


def priced(*resources: Any, environment: str = "dev", usage: Mapping[str, float] | None = None) -> Estimate:
    plan = Plan([Program("acme", "", environment, list(resources), {})], [])
    [found] = cost.estimate(plan, usage={environment: usage} if usage else None)
    return found


def database(machine: str, *, disk: int = 20, standby: bool = False) -> Any:
    inputs = {"engine": "postgres", "instanceClass": machine, "storageType": "gp3", "allocatedStorage": disk}
    inputs |= {"multiAz": standby, "manageMasterUserPassword": True}
    return resource("aws:rds/instance:Instance", "database", inputs)


def pool(name: str, capacity: str = "on-demand", *, gpu: str = "", taint: str = "") -> Any:
    requirements = [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity]}]
    requirements += [{"key": "eks.amazonaws.com/instance-gpu-name", "operator": "In", "values": ["l4"]}] if gpu else []
    spec = {"requirements": requirements, "nodeClassRef": {"name": "private"}}
    template = {"spec": spec | ({"taints": [{"key": taint}]} if taint else {})}
    limits = {"nvidia.com/gpu": gpu} if gpu else {"cpu": "128"}
    inputs = {"metadata": {"name": name}, "spec": {"template": template, "limits": limits}}
    return resource("kubernetes:karpenter.sh/v1:NodePool", name, inputs)


def disks(**storage: Any) -> Any:
    inputs = {"metadata": {"name": "private"}, "spec": {"ephemeralStorage": {"size": "160Gi", **storage}}}
    return resource("kubernetes:eks.amazonaws.com/v1:NodeClass", "private", inputs)


def workload(cpu: str, memory: str, **spec: Any) -> Any:
    containers = [{"resources": {"requests": {"cpu": cpu, "memory": memory}}}]
    inputs = {"metadata": {"name": "app"}, "spec": {"template": {"spec": {"containers": containers}}, **spec}}
    return resource("kubernetes:apps/v1:Deployment", "app", inputs)


@pytest.mark.parametrize(
    ("made", "usd"),
    [
        # rds/postgresql/pricing, us-east-1: $0.032 an hour and $0.115 a GB; a secret is $0.40.
        (database("db.t4g.small"), 730 * 0.032 + 20 * 0.115 + 0.40),
        # The same page: $0.168 an hour. A standby is a second machine with a second disk.
        (database("db.m7g.large", standby=True), 2 * (730 * 0.168 + 20 * 0.115) + 0.40),
        # vpc/pricing: $0.045 an hour, and $0.045 for each of the 100 GB that are assumed.
        (resource("aws:ec2/natGateway:NatGateway", "nat", {}), 32.85 + 4.50),
        (resource("aws:ec2/eip:Eip", "ip", {}), 3.65),
        # eks/pricing: $0.10 an hour.
        (resource("aws:eks/cluster:Cluster", "cluster", {}), 73.00),
        # privatelink/pricing: $0.01 an hour and zone, and for each of 10 GB. A gateway's endpoint is free.
        (
            resource("aws:ec2/vpcEndpoint:VpcEndpoint", "x", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
            14.60 + 0.10,
        ),
        (resource("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", {"vpcEndpointType": "Gateway"}), 0),
        # elasticloadbalancing/pricing: $0.0225 an hour, and $0.008 for each of 73 hours of one unit.
        (resource("kubernetes:networking.k8s.io/v1:Ingress", "web", {}), 16.425 + 0.584),
        # codebuild/pricing: $0.01 a minute; 600 minutes are assumed.
        (
            resource("aws:codebuild/project:Project", "ci", {"environment": {"computeType": "BUILD_GENERAL1_MEDIUM"}}),
            6.00,
        ),
        # guardduty/pricing: $1.60 for a million events of EKS; 5 million are assumed.
        (resource("aws:guardduty/detectorFeature:DetectorFeature", "x", {"name": "EKS_AUDIT_LOGS"}), 8.00),
        # ebs/pricing: $0.08 a GB.
        (
            resource(
                "kubernetes:core/v1:PersistentVolumeClaim",
                "data",
                {"spec": {"resources": {"requests": {"storage": "50Gi"}}}},
            ),
            4.00,
        ),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_a_figure_by_hand(made: Any, usd: float) -> None:
    found = priced(made)

    assert found.cost.usd == pytest.approx(usd, abs=0.01)
    assert found.cost.gaps == []


NODE = 730 * 0.2016 * 1.12 + 160 * 0.08
"""An m7i.xlarge (ec2/pricing/on-demand), 12 % of it for Auto Mode (eks/pricing), and a disk (ebs/pricing)."""


@pytest.mark.parametrize(
    ("pods", "nodes"),
    [
        (workload("500m", "1Gi"), 1),
        (workload("500m", "1Gi", replicas=2), 2),
        (workload("3200m", "1Gi"), 1),
        (workload("3201m", "1Gi"), 2),
        (workload("100m", "13Gi"), 2),
        (workload("1", "4Gi", replicas=10), 4),
    ],
)
def test_pods_need_nodes_of_which_they_fill_four_fifths(pods: Any, nodes: int) -> None:
    found = priced(disks(), pool("general"), pods)

    assert found.cost.fixed == pytest.approx(nodes * NODE, abs=0.01)
    assert found.cost.by_usage == 0


def test_an_autoscaler_says_how_many_pods_there_are_at_least() -> None:
    target = {"scaleTargetRef": {"name": "app"}, "minReplicas": 5}
    scaler = resource("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "app", {"spec": target})

    found = priced(disks(), pool("general"), workload("1", "1Gi"), scaler)

    assert found.cost.fixed == pytest.approx(2 * NODE, abs=0.01)


def test_a_pool_that_starts_from_zero_costs_the_hours_that_are_assumed() -> None:
    found = priced(disks(throughput=500), pool("gpu", "spot", gpu="1", taint="training"))

    # Ten hours of a g6.xlarge at two fifths, the fee on its whole price, and its fast disk for as long.
    by_hand = 10 * 0.8048 * (0.4 + 0.12) + 10 / 730 * (160 * 0.08 + 375 * 0.04)
    assert found.cost.by_usage == pytest.approx(by_hand, abs=0.01)
    assert found.cost.fixed == 0
    assert [assumption.name for assumption in found.assumptions] == ["training/gpu"]


def test_a_pool_that_may_start_nothing_costs_nothing() -> None:
    assert priced(disks(), pool("gpu", gpu="0", taint="training")).cost.usd == 0


def test_what_a_chart_starts_is_read_from_its_values_and_the_book() -> None:
    server = {"replicas": 2, "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
    values = {"apiServer": server, "dagProcessor": server, "scheduler": server, "triggerer": {"enabled": False}}
    release = {"chart": "airflow", "values": values}

    found = priced(disks(), pool("general"), resource("kubernetes:helm.sh/v3:Release", "orchestration", release))

    assert found.cost.fixed == pytest.approx(2 * NODE, abs=0.01)
    assert "6.0 CPUs and 6.0 GiB" in json.dumps(cost.document([found]))


def test_disks_that_a_chart_keeps_are_charged_with_it() -> None:
    claim = {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "100Gi"}}}}}
    values = {"prometheus": {"prometheusSpec": {"storageSpec": claim}}, "alertmanager": {"enabled": False}}
    chart = resource(
        "kubernetes:helm.sh/v3:Release", "monitoring", {"chart": "kube-prometheus-stack", "values": values}
    )

    found = priced(disks(), pool("general"), chart)

    assert found.cost.fixed == pytest.approx(NODE + 8.00, abs=0.01)
    # Prometheus, Grafana, kube-state-metrics and the operator, as the book assumes them; no Alertmanager.
    assert f"{0.5 + 0.1 + 0.05 + 0.1:.1f} CPUs and {2 + 0.25 + 0.125 + 0.125:.1f} GiB" in json.dumps(
        cost.document([found])
    )


@pytest.mark.parametrize(
    ("made", "gap"),
    [
        (resource("acme:queue/lake:Lake", "lake", {}), "the price book has no entry for this type"),
        (database("db.x9.huge"), "the price book has no price for rds/postgres/db.x9.huge"),
        (resource("aws:codebuild/project:Project", "ci", {}), "not in the plan: 'environment'"),
        (resource("kubernetes:helm.sh/v3:Release", "x", {"chart": "loki"}), "does not know which pods loki starts"),
        (workload("1", "1Gi"), "no node pool of the plan runs its pods"),
        (workload("lots", "1Gi"), "'lots' is no quantity"),
        (workload("1", "1Gi", replicas={"$unknown": True}), "what it is charged by is not in the plan"),
        (pool("general"), "not in the plan: 'private'"),
        # As the engine writes what is known only after up, and the planner of a repository.
        (workload("1", "1Gi", replicas=UNKNOWN), "'replicas' is known only after up"),
        (workload("1", "1Gi", replicas=None), "'replicas' is known only after up"),
        (workload(UNKNOWN, "1Gi"), "'cpu' is known only after up"),
        (database(UNKNOWN), "'instanceClass' is known only after up"),
        (resource("aws:codebuild/project:Project", "ci", {"environment": UNKNOWN}), "'environment' is known only"),
        (resource("kubernetes:helm.sh/v3:Release", "x", {"chart": "airflow", "values": "[secret]"}), "is a secret"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_what_is_not_known_is_named_with_its_reason(made: Any, gap: str) -> None:
    found = priced(made)

    [named] = found.cost.gaps
    assert made["type"] in named
    assert made["name"] in named
    assert gap in named
    assert cost.table([found])[-1][1].endswith("?")


def test_what_is_known_of_a_resource_is_counted_though_a_part_is_not() -> None:
    assert priced(database("db.x9.huge", disk=100)).cost.usd == pytest.approx(11.50 + 0.40)


MACHINES = ["db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large", "db.m7g.xlarge", "db.m7g.2xlarge"]


@given(some.data())
def test_more_never_costs_less(data: some.DataObject) -> None:
    machines = sorted(data.draw(some.lists(some.integers(0, len(MACHINES) - 1), min_size=2, max_size=2)))
    sizes = sorted(data.draw(some.lists(some.integers(20, 1000), min_size=2, max_size=2)))
    cpu = sorted(data.draw(some.lists(some.integers(1, 64_000), min_size=2, max_size=2)))
    replicas = sorted(data.draw(some.lists(some.integers(1, 20), min_size=2, max_size=2)))

    small, large = (
        priced(
            database(MACHINES[machines[size]], disk=sizes[size]),
            disks(),
            pool("general"),
            workload(f"{cpu[size]}m", "1Gi", replicas=replicas[size]),
        )
        for size in (0, 1)
    )

    assert small.cost.usd <= large.cost.usd


def test_a_component_has_what_stands_below_it_and_the_dearest_comes_first() -> None:
    above = resource("mlops:platform:Network", "network", {}, custom=False)
    gateway = resource("aws:ec2/natGateway:NatGateway", "nat", {}, parent=above["urn"])
    found = priced(above, gateway, resource("aws:eks/cluster:Cluster", "cluster", {}))

    assert [*found.components] == ["-", "network"]
    assert cost.table([found]) == [
        ["component", "dev"],
        ["-", "$73"],
        ["network", "$33 + ~$4.50"],
        ["together", "$106 + ~$4.50"],
    ]


def two_environments(region: str = BOOK.region) -> Plan:
    where = resource("pulumi:providers:aws", "default", {"region": region})
    cluster = resource("aws:eks/cluster:Cluster", "cluster", {})
    lake = resource("acme:queue/lake:Lake", "lake", {})
    made = {"dev": [where, cluster], "prod": [cluster, lake]}
    programs = [[{**each, "protect": False} for each in resources] for resources in made.values()]
    return Plan([Program("acme", "", name, own, {}) for name, own in zip(made, programs, strict=True)], [])


def test_several_environments_have_a_sum_over_all() -> None:
    plan = two_environments()

    assert cost.table(cost.estimate(plan))[-1] == ["together", "$73", "$73 + ?", "$146 + ?"]
    assert "| together | $73 | $73 + ? | $146 + ? |" in markdown.plan(plan)


def test_the_line_below_the_sums_says_of_which_region_the_prices_are() -> None:
    assert "though it runs in" not in markdown.plan(two_environments())
    [legend] = [line for line in markdown.plan(two_environments("eu-west-1")).splitlines() if "US dollars" in line]
    assert legend.endswith("priced as us-east-1 though it runs in eu-west-1, where machines cost some 11 % more.")


def test_an_environment_that_people_depend_on_is_assumed_to_be_busy() -> None:
    bucket = resource("aws:s3/bucket:Bucket", "data", {})

    assert priced(bucket).cost.usd < priced(bucket, environment="prod").cost.usd


def test_whoever_knows_their_usage_says_so() -> None:
    found = priced(resource("aws:ec2/natGateway:NatGateway", "nat", {}), usage={"nat-traffic": 1000})

    assert found.cost.by_usage == pytest.approx(45.00)


def test_usage_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(ScaffoldError, match="unknown usage 'nat-trafic'") as raised:
        priced(usage={"nat-trafic": 1000})

    assert raised.value.then == "did you mean 'nat-traffic'?"


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("eu-central-1", "eu-central-1, where machines cost some 20 % more"),
        ("us-west-2", "us-west-2, where machines cost the same"),
        ("eu-south-2", "eu-south-2, whose prices differ"),
    ],
)
def test_another_region_is_said_to_be_priced_as_the_books(region: str, words: str) -> None:
    """EC2's price list: an m5.xlarge costs $0.230 an hour in Frankfurt, and $0.192 in Virginia and in Oregon."""
    found = priced(resource("pulumi:providers:aws", "default", {"region": region}))

    assert found.notes[0] == f"priced as us-east-1, though it runs in {words}"
    lines = [*cost.costs.page([found])]
    assert lines.index(found.notes[0]) == 1 + next(at for at, line in enumerate(lines) if "US dollars" in line)
    assert lines.count(found.notes[0]) == 1


def test_the_document_is_json_and_the_same_each_time() -> None:
    found = [priced(database("db.t4g.small"), resource("acme:queue/lake:Lake", "lake", {}))]

    assert json.loads(json.dumps(cost.document(found)))[0]["cost"]["fixed"] == 26.06
    assert json.dumps(cost.document(found)) == json.dumps(cost.document(found))


def test_the_book_knows_every_type_of_production(production: Plan) -> None:
    missing = sorted(
        {made["type"] for program in production.programs for made in program.made if not BOOK.knows(made["type"])}
    )

    assert not missing, (
        f"the price book does not know {', '.join(missing)}: give each a line in "
        "blueprints/mlops_blueprints/files/aws/prices/aws.yaml, under `free` with the reason or `types` with its prices"
    )


def test_nothing_of_production_is_unknown(production: Plan) -> None:
    [found] = cost.estimate(production)

    assert found.cost.gaps == []


def test_an_unknown_number_of_machines_is_not_one() -> None:
    found = priced(resource("aws:rds/instance:Instance", "database", {**database("x")["inputs"], "multiAz": UNKNOWN}))

    assert found.cost.usd == 0
    assert "'multiAz' is known only after up" in found.cost.gaps[0]


def test_endpoints_of_which_no_id_is_known_are_counted_all_the_same() -> None:
    inputs = {"vpcEndpointType": "Interface", "subnetIds": [UNKNOWN, UNKNOWN, UNKNOWN]}

    # privatelink/pricing: $0.01 an hour and zone.
    assert priced(resource("aws:ec2/vpcEndpoint:VpcEndpoint", "x", inputs)).cost.fixed == pytest.approx(21.90)


OURS = (Path(mlops_blueprints.__file__).parent / "files/aws/prices/aws.yaml").read_text()
LAKE = """
pages: {acme: https://acme.example/prices}
prices: {lake: {usd: 2.5, per: month, page: acme, date: 2026-11}}
types: {acme:queue/lake:Lake: [lake]}
"""


def test_a_second_book_adds_to_the_first() -> None:
    both = cost.book({"prices/aws.yaml": OURS, "prices/acme.yaml": LAKE})

    [found] = cost.estimate(
        Plan([Program("acme", "", "dev", [resource("acme:queue/lake:Lake", "lake", {})], {})], []), both
    )

    assert (found.cost.fixed, found.cost.gaps) == (2.5, [])
    assert both.prices["lake"].source == "https://acme.example/prices"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("types: {aws:eks/cluster:Cluster: [eks]}", "two books of prices have a line for 'aws:eks/cluster:Cluster'"),
        ("free: {we say so: [aws:kms/key:Key]}", "two books of prices have a line for 'aws:kms/key:Key'"),
        (
            "types: {aws:rds/instance:Instance: [eks]}",
            "two books of prices have a line for 'aws:rds/instance:Instance'",
        ),
        ("region: eu-west-1", "two books of prices have a line for 'region'"),
        ("price: {}", "there is no part 'price' in a book of prices"),
        (
            "pages: {x: y}\nprices: {x: {usd: much, per: month, page: x, date: 2026-11}}",
            "could not convert string to float: 'much'",
        ),
        ("types: {acme:queue/lake:Lake: [{price: lake, time: size}]}", "neither the name of a price nor {price: NAME"),
        ("prices: [", "the book of prices is not YAML"),
        ("", "a book of prices has parts"),
    ],
)
def test_a_book_that_is_wrong_is_an_error_that_names_it(text: str, said: str) -> None:
    with pytest.raises(ScaffoldError) as raised:
        cost.book({"prices/aws.yaml": OURS, "prices/acme.yaml": text})

    assert said in raised.value.what
    assert "prices/acme.yaml" in (raised.value.where or "") or "scripts/costs.py" in (raised.value.where or "")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        (
            "pages: {p: https://acme.example}\nprices:\n  lake: {usd: 1, per: hours, page: p, date: 2026-11}\n",
            "the price 'lake' is per 'hours', and 'usage' does not say how many of those a month takes",
            3,
        ),
        (
            "types:\n  acme:a/a:A: [eks]\n  acme:b/b:B: [eks]\n  acme:a/a:A: [nat]\n",
            "the key 'acme:a/a:A' stands twice",
            4,
        ),
        ("types:\n  acme:a/a:A: [eks]\nfree:\n  no: [acme:a/a:A]\n", "has two lines for 'acme:a/a:A'", 3),
        ("free:\n  no: [acme:a/a:A]\n  nor: [acme:a/a:A]\n", "has two lines for 'acme:a/a:A'", 1),
    ],
)
def test_what_a_book_cannot_mean_is_an_error_with_its_line(text: str, said: str, line: int) -> None:
    with pytest.raises(ScaffoldError) as raised:
        cost.book({"prices/aws.yaml": OURS, "prices/acme.yaml": text})

    assert said in raised.value.what
    assert raised.value.where == f"prices/acme.yaml:{line}"


def test_a_mistake_in_a_book_is_found_by_its_line() -> None:
    text = "pages: {acme: y}\nprices:\n  a: {usd: 1, per: month, page: acme, date: 2026-11}\n"
    text += "  b: {usd: 1, per: month, page: acm, date: 2026-11}\n"

    with pytest.raises(ScaffoldError) as raised:
        cost.book({"prices/aws.yaml": OURS, "prices/acme.yaml": text})

    assert raised.value.what.endswith(
        "at 'b' under 'prices': its page 'acm' does not stand under 'pages', which has acme"
    )
    assert raised.value.where == "prices/acme.yaml:4"


@pytest.mark.parametrize(
    ("inputs", "usd", "gap"),
    [
        # Three nodes at $2.50 each.
        ({"nodes": {"count": 3}}, 7.5, ""),
        ({"nodes": {"count": [UNKNOWN, UNKNOWN]}}, 5.0, ""),
        ({"nodes": {"count": UNKNOWN}}, 0, "'count' is known only after up"),
        ({"nodes": {"count": True}}, 0, "'nodes.count' is no number, and no list"),
        ({}, 0, "'nodes'"),
    ],
)
def test_a_price_is_charged_as_often_as_a_property_says(inputs: Any, usd: float, gap: str) -> None:
    text = LAKE.replace("[lake]", "[{price: lake, times: nodes.count}]")
    both = cost.book({"prices/aws.yaml": OURS, "prices/acme.yaml": text})

    [found] = cost.estimate(
        Plan([Program("acme", "", "dev", [resource("acme:queue/lake:Lake", "lake", inputs)], {})], []), both
    )

    assert found.cost.fixed == usd
    assert [gap in named for named in found.cost.gaps] == ([True] if gap else [])


def test_a_preview_asks_the_books_of_its_repository() -> None:
    mine = OURS.replace("eks: {usd: 0.10,", "eks: {usd: 0.50,")
    program = Program("acme", "", "dev", [resource("aws:eks/cluster:Cluster", "cluster", {})], {})

    assert [found.cost.fixed for found in cost.estimate(Plan([program], [], prices={"prices/aws.yaml": mine}))] == [365]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((10, 0, []), (10, 0, []), ""),
        ((10, 0, ["x"]), (10, 0, ["x"]), ""),
        ((10, 5, []), (43, 4, []), "+$33 -~$1.00"),
        ((43, 0, ["x"]), (10, 0, []), "-$33"),
        ((0, 0, []), (0, 0, ["x"]), "+?"),
    ],
)
def test_a_difference(before: Any, after: Any, said: str) -> None:
    assert Cost(*after).beyond(Cost(*before)) == said


def test_every_price_has_a_source_and_a_date() -> None:
    for price in BOOK.prices.values():
        assert price.usd > 0, price.name
        assert price.source.startswith("https://aws.amazon.com/"), price.name
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", price.date), price.name


def test_the_book_fits_together() -> None:
    named = {name for rates in BOOK.types.values() for rate in rates if "{" not in (name := rate.price)}

    assert named <= BOOK.prices.keys()
    assert all(isinstance(text, str) for text in [*BOOK.left_out, *BOOK.free.values()])
    assert {name for name in BOOK.usage if not name.startswith("training/")} <= BOOK.prices.keys()
    assert {f"ec2/{node.machine}" for node in BOOK.nodes.values()} <= BOOK.prices.keys()
    assert not BOOK.free.keys() & (BOOK.types.keys() | cost.BY_PROPERTIES.keys())
    for amount in BOOK.usage.values():
        assert 0 < amount.quiet <= amount.busy


def test_every_type_of_the_book_exists() -> None:
    """A slip in a type would make a line that nothing is ever charged by."""
    import pulumi_aws

    known = Path(pulumi_aws.__file__).read_text()
    for kind in [*BOOK.types, *BOOK.free, *cost.BY_PROPERTIES]:
        if kind.startswith("aws:"):
            assert f'"{kind}"' in known, kind


def test_a_charge_is_its_price_times_something() -> None:
    [line] = priced(resource("aws:eks/cluster:Cluster", "cluster", {})).lines
    [charge] = line.charges

    assert charge == Charge("eks", 73.0, BOOK.prices["eks"])
    assert charge.price.source == "https://aws.amazon.com/eks/pricing/"


def test_it_is_not_read_before_it_is_needed() -> None:
    source = "import sys, mlops_scaffold.cli; sys.exit('mlops_scaffold.cost' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


def test_a_month_as_planned_ends_below_the_first_message(production: Plan, tmp_path: Path, session: Session) -> None:
    """But not far below: a budget of twice the cost would let it double."""
    answers = Answers("acme", "series-a", "aws", account="123456789012", set=CONNECTED)
    other = preview(project.new(answers, tmp_path, plan=False).folder, ["dev", "staging"], session=session)
    for plan in (production, other):
        for estimate in cost.estimate(plan):
            limits = [
                float(each["inputs"]["limitAmount"])
                for made in plan.programs
                for each in made.made
                if each["type"] == "aws:budgets/budget:Budget" and made.environment == estimate.environment
            ]
            first = min(percent for kind, percent in ALERTS if kind == "ACTUAL") / 100
            assert 0.5 * limits[0] < estimate.cost.usd < first * limits[0], (estimate.environment, estimate.cost.usd)
