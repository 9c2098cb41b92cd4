"""What a plan costs a month, by the books of prices in prices/: data in, data out. ``make costs`` prints it.

    costs.py [ENVIRONMENT...]

A plan is a list of resources as Pulumi's engine writes them: mappings with ``urn``, ``type``, ``parent``, ``custom``
and ``inputs``. What is not known is named, with the reason, and never counts as nothing. docs/costs.md
explains the model.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

try:  # The loader in Python takes longer than everything else here together.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader

ROOT = Path(__file__).parents[1]

HOURS = 730
"""The hours of a month, as AWS counts them (AWS Pricing Calculator)."""

DEAR = 10
"""US dollars a month from which a charge is named by itself."""

FREE_THROUGHPUT = 125
"""MB/s that every gp3 disk has (EBS User Guide, *General Purpose SSD volumes*)."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "[secret]"
HIDDEN: Mapping[Any, str] = {
    UNKNOWN: "is known only after up",
    None: "is known only after up",
    SECRET: "is a secret",
}
"""What stands for a value that is not told: Pulumi's constant (``UnknownStringValue``, ``rpc.UNKNOWN``), the None of
tests/planner.py, and what the engine prints for a secret."""

Inputs = Mapping[str, Any]
Resource = Mapping[str, Any]


class CostError(Exception):
    """There are no costs to tell, as when a book of prices is not as it should be.

    Args:
        what: what is wrong.
        where: the file, or both of them, or what follows from it.
    """

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} ({where})")
        self.what, self.where = what, where


@dataclass(frozen=True)
class Price:
    """What something costs, and where that stands."""

    name: str
    usd: float
    """For one ``per``."""
    per: str
    source: str
    """The vendor's page."""
    date: str
    """The month that vouches for it."""


@dataclass(frozen=True)
class Assumption:
    """What no plan tells: how much of a price is used up in a month."""

    name: str
    quantity: float
    unit: str
    of: str
    """By what, and why so much."""

    def __str__(self) -> str:
        return f"{self.name}: {self.quantity:,g} x {self.unit}, of {self.of}"


@dataclass(frozen=True)
class Charge:
    """One part of what a resource costs."""

    what: str
    usd: float
    """A month."""
    price: Price
    assumption: Assumption | None = None
    """What it rests on, if it depends on use."""


@dataclass(frozen=True)
class Line:
    """What one resource costs. Without charges and gaps, nothing."""

    component: str
    type: str
    urn: str
    charges: Sequence[Charge]
    gaps: Sequence[str]
    """What of it is not known, and why."""
    reason: str
    """Why it is free, if it is."""


@dataclass(frozen=True)
class Cost:
    """A sum, in US dollars a month."""

    fixed: float
    by_usage: float
    gaps: Sequence[str]
    """What is not in it."""

    @property
    def usd(self) -> float:
        """All that is known."""
        return self.fixed + self.by_usage

    def __str__(self) -> str:
        """Such as ``$73 + ~$12 + ?``: what is certain, what depends on use, and that something is not known."""
        known = [_dollars(self.fixed)] if self.fixed else []
        known += [f"~{_dollars(self.by_usage)}"] if self.by_usage else []
        return " + ".join([*known, *(["?"] if self.gaps else [])]) or "free"

    def beyond(self, other: Cost) -> str:
        """The difference to another, such as ``+$33 +~$5 +?``; empty where there is none."""
        parts = [("", self.fixed - other.fixed), ("~", self.by_usage - other.by_usage)]
        told = [f"{'+' if usd > 0 else '-'}{sign}{_dollars(abs(usd))}" for sign, usd in parts if abs(usd) >= 0.005]
        return " ".join([*told, *(["+?"] if set(self.gaps) - set(other.gaps) else [])])


@dataclass(frozen=True)
class Estimate:
    """What one environment costs, resource by resource."""

    environment: str
    region: str
    """Where the prices hold."""
    lines: Sequence[Line]
    notes: Sequence[str]
    """What to know about the whole: that it runs in another region, what no line holds."""
    elsewhere: Sequence[str] = ()
    """The other regions in which it runs, each with how far its prices differ."""

    @property
    def cost(self) -> Cost:
        """All together."""
        return _sum(self.lines)

    @property
    def components(self) -> Mapping[str, Cost]:
        """The components that cost anything, the dearest first; what belongs to none has the name ``-``."""
        names = dict.fromkeys(line.component for line in self.lines)
        costs = {name: _sum([line for line in self.lines if line.component == name]) for name in names}
        dearest = sorted(costs.items(), key=lambda item: (-item[1].usd, item[0]))
        return {name: cost for name, cost in dearest if cost.usd or cost.gaps}

    @property
    def assumptions(self) -> Sequence[Assumption]:
        """What it rests on, each once."""
        charges = [charge for line in self.lines for charge in line.charges]
        return list(dict.fromkeys(charge.assumption for charge in charges if charge.assumption))


@dataclass(frozen=True)
class Node:
    """The machine that a pool is assumed to start."""

    machine: str
    cpu: float
    memory: float
    """GiB."""


@dataclass(frozen=True)
class Usage:
    """How much of a price one resource uses up in a month, in an environment that is quiet, and in one that is busy."""

    quiet: float
    busy: float
    of: str


@dataclass(frozen=True)
class Rate:
    """One of the prices that a type of resource is charged by."""

    price: str
    """Its name in the book, with a property of the resource wherever braces stand."""
    times: str = ""
    """The property that says how many there are, as a dotted path: a number, or a list that is counted. Empty for
    one."""


@dataclass(frozen=True)
class Judged:
    """What a reader of a plan is told of a type of resource first. No cost follows from it."""

    holds_data: bool = False
    """Whether it holds what cannot be had back."""
    always_on: bool = False
    """Whether it runs, and is paid for, used or not."""
    public: Mapping[str, Any] = field(default_factory=dict)
    """The property, as a dotted path, and the value with which it is reached from the internet; None where that is
    so unless it is set. One of them is enough."""


@dataclass(frozen=True)
class Book:
    """A book of prices; prices/aws.yaml explains its parts."""

    region: str
    busy: Sequence[str]
    prices: Mapping[str, Price]
    usage: Mapping[str, Usage]
    nodes: Mapping[str, Node]
    filled: float
    spot: float
    pods: Mapping[str, Sequence[Inputs]]
    types: Mapping[str, Sequence[Rate]]
    free: Mapping[str, str]
    """Type to reason."""
    judged: Mapping[str, Judged]
    left_out: Sequence[str]
    regions: Mapping[str, float] = field(default_factory=dict)
    """Other regions, and by how many percent machines are dearer there."""

    def beside(self, region: str) -> str:
        """Another region, and how far its prices differ from those of the book."""
        if region not in self.regions:
            return f"{region}, whose prices differ"
        percent = self.regions[region]
        return f"{region}, where machines cost {f'some {percent:g} % more' if percent else 'the same'}"

    def knows(self, kind: str) -> bool:
        """Whether it says what a type of resource costs."""
        return kind in self.free or kind in self.types or kind in BY_PROPERTIES


def books(root: Path = ROOT) -> Mapping[str, str]:
    """The text of a repository's books, by path."""
    return {f"prices/{path.name}": path.read_text(encoding="utf-8") for path in sorted(root.glob("prices/*.yaml"))}


def book(files: Mapping[str, str]) -> Book:
    """Several books as one.

    Args:
        files: the text of each, by path.

    Raises:
        CostError: one cannot be read, or two have a line for the same.
    """
    found: dict[str, dict[str, Any]] = {part: {} for part in ("", *PARTS) if part not in (*NUMBERS, "pages")}
    owners = {("types", kind): "scripts/costs.py" for kind in BY_PROPERTIES}
    for file, text in files.items():
        for part, name, value in _entries(file, text):
            # What is free cannot be charged for elsewhere; that people depend on prod may be said twice.
            key = ("types" if part == "free" else part, name)
            if key in owners and part not in ("busy", "left_out"):
                if owners[key] == file:
                    raise CostError(f"a book of prices has two lines for '{name}'", f"{file}:{_line(text, part, name)}")
                raise CostError(f"two books of prices have a line for '{name}'", f"{owners[key]} and {file}")
            owners[key], found[part][name] = file, value
    if missing := {"region", "filled", "spot"} - found[""].keys():
        raise CostError(f"no book of prices says '{min(missing)}'", ", ".join(files) or "prices/")
    for name, price in found["prices"].items():
        if name not in found["usage"] and not LASTING.fullmatch(price.per):
            file = owners["prices", name]
            what = f"the price '{name}' is per '{price.per}', and 'usage' does not say how many of those a month takes"
            allowed = "without that it is per hour, month, or GB and month"
            raise CostError(f"{what}; {allowed}", f"{file}:{_line(files[file], 'prices', name)}")
    parts: dict[str, Any] = {**found.pop(""), **found}
    return Book(**parts | {"busy": [*parts["busy"]], "left_out": [*parts["left_out"]]})


def _entries(file: str, text: str) -> Iterator[tuple[str, str, Any]]:
    """What stands in a book: the part, the name, and what the name stands for."""
    try:
        loader = SafeLoader(text)
        node = loader.get_single_node()
        _refuse_twice(node)
        data = loader.construct_document(node) if node else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else file
        raise CostError(f"the book of prices is not YAML: {getattr(error, 'problem', error)}", where) from error
    if not isinstance(data, Mapping):
        raise CostError("a book of prices has parts, such as 'prices' and 'types'; this file has none", file)
    pages = data.get("pages") or {}
    for part, entries in data.items():
        if part == "pages":
            continue
        if part not in PARTS:
            where = f"{file}:{_line(text, part)}"
            raise CostError(f"there is no part '{part}' in a book of prices: there are {', '.join(PARTS)}", where)
        name: str | None = None
        try:
            for name, entry in _named(part, entries):
                yield ("", part, entry) if part in NUMBERS else (part, name, _read(part, name, entry, pages))
        except (BookError, *UNREADABLE) as error:
            named = isinstance(error, (BookError, ValueError))
            what = str(error) if named else f"{type(error).__name__}: {error}"
            there = f"'{name}' under '{part}'" if name else f"'{part}'"
            where = f"{file}:{_line(text, part, name)}"
            raise CostError(f"the book of prices cannot be read at {there}: {what}", where) from error


def _refuse_twice(node: yaml.Node | None) -> None:
    """Takes no key twice, where YAML's loader keeps the last."""
    written: set[str] = set()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if isinstance(key, yaml.ScalarNode):  # The loader refuses any other.
            if key.value in written:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark)
            written.add(key.value)
        _refuse_twice(value)
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        _refuse_twice(item)


class BookError(Exception):
    """What is wrong with an entry of a book, in words."""


LASTING = re.compile(r"hour|(.+ and )?month|dollar of .+")
"""What a price may be per where nothing is used up: the time that something is there, or what stands beside it."""

NUMBERS = ("region", "filled", "spot")
"""The parts that are one value."""

PARTS = (
    *(*NUMBERS, "busy", "pages", "regions", "prices", "usage"),
    *("nodes", "pods", "types", "free", "judged", "left_out"),
)


def _named(part: str, entries: Any) -> Iterator[tuple[str, Any]]:
    match part:
        case "region" | "filled" | "spot":
            yield part, entries
        case "busy" | "left_out":
            yield from ((each, each) for each in entries)
        case "free":
            yield from ((kind, reason) for reason, kinds in entries.items() for kind in kinds)
        case _:
            yield from entries.items()


def _read(part: str, name: str, entry: Any, pages: Mapping[str, str]) -> Any:
    match part:
        case "prices":
            if lacking := [key for key in ("usd", "per", "page", "date") if key not in entry]:
                raise BookError(f"it has no {' and no '.join(lacking)}")
            if entry["page"] not in pages:
                allowed = ", ".join(pages) or "none"
                raise BookError(f"its page '{entry['page']}' does not stand under 'pages', which has {allowed}")
            return Price(name, float(entry["usd"]), entry["per"], pages[entry["page"]], str(entry["date"]))
        case "usage":
            return Usage(**entry)
        case "nodes":
            return Node(**entry)
        case "regions":
            return float(entry)
        case "types":
            return [_rate(rate) for rate in entry]
        case "judged":
            return _judged(entry)
        case _:
            return entry


def _rate(rate: Any) -> Rate:
    if isinstance(rate, str):
        return Rate(rate)
    if not isinstance(rate, Mapping) or rate.keys() != {"price", "times"}:
        raise BookError(f"{rate!r} is neither the name of a price nor {{price: NAME, times: PROPERTY}}")
    return Rate(rate["price"], str(rate["times"]))


def _judged(entry: Any) -> Judged:
    kinds = {"holds_data": bool, "always_on": bool, "public": Mapping}
    if not isinstance(entry, Mapping) or not all(isinstance(value, kinds.get(key, ())) for key, value in entry.items()):
        form = "{holds_data: true, always_on: true, public: {property: value}}"
        raise BookError(f"{entry!r} is not of the form {form}, of which all may be left out")
    return Judged(**entry)


def _line(text: str, *place: str | None) -> int:
    """Where a key stands in a book, or the nearest one around it."""
    node, line = yaml.compose(text, Loader=SafeLoader), 1
    for name in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == name), None)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line + 1
    return line


def made(resources: Iterable[Resource]) -> Sequence[Resource]:
    """Those that a provider makes: no components, no providers, nothing that is only read."""
    return [
        resource
        for resource in resources
        if resource["custom"] and not resource.get("external") and not resource["type"].startswith("pulumi:")
    ]


def estimate(
    environment: str, resources: Sequence[Resource], prices: Book, usage: Mapping[str, float] | None = None
) -> Estimate:
    """What an environment costs a month.

    Args:
        environment: its name, which says whether people depend on it.
        resources: of all its programs, components and providers included.
        prices: the book.
        usage: name to quantity, for what is known better than the book assumes.
    """
    busy = environment in prices.busy
    amounts = {what: amount.busy if busy else amount.quiet for what, amount in prices.usage.items()}
    charged = made(resources)
    meter = _Meter(prices, {**amounts, **(usage or {})}, charged)
    by_urn = {resource["urn"]: resource for resource in resources}
    regions = {
        resource.get("inputs", {}).get("region") for resource in resources if resource["type"] == "pulumi:providers:aws"
    } - {prices.region, *HIDDEN}
    elsewhere = [*map(prices.beside, sorted(regions))]
    return Estimate(
        environment,
        prices.region,
        [meter.line(resource, _component(resource, by_urn)) for resource in charged],
        [
            *_strange(prices.region, elsewhere),
            *(f"not in it: {what}" for what in prices.left_out),
        ],
        elsewhere,
    )


def _strange(region: str, elsewhere: Iterable[str]) -> Sequence[str]:
    return [f"priced as {region}, though it runs in {each}" for each in elsewhere]


def together(costs: Iterable[Cost]) -> Cost:
    """Several costs as one."""
    costs = [*costs]
    return Cost(
        fixed=round(sum(cost.fixed for cost in costs), 2),
        by_usage=round(sum(cost.by_usage for cost in costs), 2),
        gaps=[gap for cost in costs for gap in cost.gaps],
    )


def table(estimates: Sequence[Estimate]) -> Sequence[Sequence[str]]:
    """Rows to print: a head, the components with the dearest first, and the sums.

    Several environments have a last column for all of them.
    """
    costs = [found.components for found in estimates]
    names = dict.fromkeys(name for found in costs for name in found)
    dearest = sorted(names, key=lambda name: (-max(found[name].usd for found in costs if name in found), name))
    rows: dict[str, list[Cost | None]] = {name: [found.get(name) for found in costs] for name in dearest}
    sums: list[Cost | None] = [found.cost for found in estimates]
    head = [found.environment for found in estimates]
    if len(estimates) > 1:
        head.append("all")
        for row in (*rows.values(), sums):
            row.append(together(cost for cost in row if cost))
    return [
        ["component", *head],
        *([name, *(str(cost) if cost else "" for cost in row)] for name, row in (*rows.items(), ("together", sums))),
    ]


def document(estimates: Sequence[Estimate]) -> Sequence[Mapping[str, Any]]:
    """The same for a machine (docs/reference/cost.md)."""
    return [
        {
            "environment": found.environment,
            "currency": "USD",
            "region": found.region,
            "cost": vars(found.cost),
            "components": {name: vars(cost) for name, cost in found.components.items()},
            "resources": [
                {
                    "urn": line.urn,
                    "charges": [
                        {"what": charge.what, "usd": round(charge.usd, 4), "price": vars(charge.price)}
                        | ({"assumption": charge.assumption.name} if charge.assumption else {})
                        for charge in line.charges
                    ],
                    "gaps": list(line.gaps),
                    "reason": line.reason,
                }
                for line in found.lines
            ],
            "assumptions": [vars(assumption) for assumption in found.assumptions],
            "notes": list(found.notes),
        }
        for found in estimates
    ]


def _dollars(usd: float) -> str:
    return f"${usd:,.0f}" if usd >= 10 else f"${usd:.2f}"


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _sum(lines: Sequence[Line]) -> Cost:
    charges = [charge for line in lines for charge in line.charges]
    return Cost(
        fixed=round(sum(charge.usd for charge in charges if not charge.assumption), 2),
        by_usage=round(sum(charge.usd for charge in charges if charge.assumption), 2),
        gaps=[f"{line.type} ({_name(line.urn)}): {gap}" for line in lines for gap in line.gaps],
    )


def _component(resource: Resource, by_urn: Mapping[str, Resource]) -> str:
    """The name of the nearest component above."""
    above = by_urn.get(resource.get("parent") or "")
    while above and (above["custom"] or above["type"] == "pulumi:pulumi:Stack"):
        above = by_urn.get(above.get("parent") or "")
    return _name(above["urn"]) if above else "-"


class _Inputs(dict[str, Any]):
    """Inputs in which whoever reads what is not told hears of it, and takes no default in its place."""

    def __getitem__(self, name: str) -> Any:
        return _told(super().__getitem__(name), f"'{name}'")

    def get(self, name: str, default: Any = None) -> Any:
        """What stands there, or the default where nothing does."""
        return _told(super().get(name, default), f"'{name}'") if name in self else default


def _told(value: Any, name: str) -> Any:
    """A value, unless it is not told."""
    if isinstance(value, str | None) and value in HIDDEN:
        raise LookupError(f"{name} {HIDDEN[value]}")
    return value


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Inputs((key, _readable(item)) for key, item in value.items())
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _inputs(resource: Resource) -> Inputs:
    return _readable(resource.get("inputs") or {})


@dataclass(frozen=True)
class _Pods:
    """Pods that run all the time: what each asks for, and how many there are."""

    cpu: float
    memory: float
    """GiB."""
    disk: float
    """GiB that it keeps."""
    number: float


Found = Charge | str
"""A charge, or why there is none though there should be one."""


UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
"""What reading inputs ends with that are not known before ``up``, or not as they should be."""


class _Meter:
    """Reads what the resources of one environment cost."""

    def __init__(self, prices: Book, amounts: Mapping[str, float], made: Sequence[Inputs]) -> None:
        self.prices, self.amounts = prices, amounts
        self.classes: dict[str, Inputs] = {}
        """The node classes by name."""
        self.least: dict[str, int] = {}
        """What an autoscaler never goes below, by the name of what it scales."""
        self.home = ""
        """The node pool of the pods that run all the time: the first that takes any pod."""
        for resource in made:
            with suppress(*UNREADABLE):  # Whatever needs it will say that it is missing.
                self._remember(resource)
        self.pods: list[_Pods] = []
        """All that run all the time."""
        for resource in made:
            if read := PODS.get(resource["type"]):
                with suppress(*UNREADABLE):  # Its line will say so.
                    self.pods += [found for found in read(self, _inputs(resource)) if isinstance(found, _Pods)]

    def _remember(self, resource: Resource) -> None:
        kind = resource["type"]
        if not kind.endswith((":NodeClass", ":NodePool", ":HorizontalPodAutoscaler")):
            return
        inputs = _inputs(resource)
        if kind.endswith(":NodeClass"):
            self.classes[inputs["metadata"]["name"]] = inputs
        elif kind.endswith(":NodePool") and not inputs["spec"]["template"]["spec"].get("taints"):
            self.home = self.home or inputs["metadata"]["name"]
        else:
            self.least[inputs["spec"]["scaleTargetRef"]["name"]] = inputs["spec"].get("minReplicas", 1)

    def line(self, resource: Inputs, component: str) -> Line:
        """What a resource costs."""
        kind = resource["type"]
        charges: list[Charge] = []
        gaps: list[str] = []
        try:
            for found in self._read(kind, resource):
                charges.append(found) if isinstance(found, Charge) else gaps.append(found)
        except UNREADABLE as error:
            gaps.append(f"what it is charged by is not in the plan: {error}")
        reason = "" if charges or gaps else self.prices.free.get(kind, "nothing that it asks for is charged for here")
        return Line(component, kind, resource["urn"], charges, gaps, reason)

    def _read(self, kind: str, resource: Resource) -> Iterator[Found]:
        if special := BY_PROPERTIES.get(kind):
            yield from special(self, _inputs(resource))
        elif kind in self.prices.types:
            inputs = _inputs(resource)
            for rate in self.prices.types[kind]:
                name, number = rate.price.format_map(inputs), _number(inputs, rate.times)
                yield self.charge(name, number, f"{number:g} x {name}" if rate.times else "")
        elif kind not in self.prices.free:
            yield "the price book has no entry for this type"

    def charge(self, name: str, count: float = 1, what: str = "") -> Found:
        """So many times a price, for a month, or for what is assumed to be used in one."""
        price = self.prices.prices.get(name)
        if not price:
            return f"the price book has no price for {name}"
        assumption = self.assumption(name, price.per) if name in self.amounts else None
        amount = assumption.quantity if assumption else HOURS if price.per == "hour" else 1
        return Charge(what or name, count * amount * price.usd, price, assumption)

    def assumption(self, name: str, unit: str) -> Assumption:
        """How much of something is used."""
        return Assumption(name, self.amounts[name], unit, self.prices.usage[name].of)


def _number(inputs: Inputs, times: str) -> float:
    """How many a property says there are."""
    found: Any = inputs
    for part in times.split(".") if times else []:
        found = found[part]
    if not times:
        return 1
    if isinstance(found, list):
        return len(found)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"'{times}' is no number, and no list")
    return found


def _database(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
    machines = 2 if inputs.get("multiAz") else 1
    engine, machine = inputs["engine"], inputs["instanceClass"]
    yield meter.charge(f"rds/{engine}/{machine}", machines, f"{machines} {machine}")
    yield meter.charge(f"rds-disk/{inputs.get('storageType', 'gp2')}", machines * float(inputs["allocatedStorage"]))
    if inputs.get("manageMasterUserPassword"):
        yield meter.charge("secret")


def _endpoint(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
    if inputs.get("vpcEndpointType", "Gateway") != "Gateway":
        yield meter.charge("interface-endpoint", len(inputs["subnetIds"]))
        yield meter.charge("endpoint-traffic")


def _service(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
    if inputs["spec"].get("type") == "LoadBalancer":
        yield meter.charge("nlb")
        yield meter.charge("nlb-capacity")


def _volume(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
    yield meter.charge("disk", _gib(inputs["spec"]["resources"]["requests"]["storage"]))


def _pool(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
    """Nodes that run all the time, or one machine of a pool that starts from zero, for so many hours."""
    spec = inputs["spec"]["template"]["spec"]
    wanted = {requirement["key"]: requirement.get("values", []) for requirement in spec["requirements"]}
    if any(_quantity(limit) == 0 for limit in inputs["spec"].get("limits", {}).values()):
        return
    if inputs["metadata"]["name"] == meter.home and not spec.get("taints"):
        node, assumption = meter.prices.nodes["general"], None
        number, asked = _nodes(meter, node)
        months, what = float(number), f"{number} {node.machine}, for pods that ask for {asked}"
    else:
        kind = "gpu" if any("gpu" in key for key in wanted) else "cpu"
        node, assumption = meter.prices.nodes[kind], meter.assumption(f"training/{kind}", "hour")
        months, what = assumption.quantity / HOURS, f"{assumption.quantity:g} hours of {node.machine}"
    share = meter.prices.spot if wanted.get("karpenter.sh/capacity-type") == ["spot"] else 1
    disk = meter.classes[spec["nodeClassRef"]["name"]]["spec"]["ephemeralStorage"]
    fast = max(0, disk.get("throughput", FREE_THROUGHPUT) - FREE_THROUGHPUT)
    machine = f"ec2/{node.machine}"
    on_demand = meter.prices.prices[machine].usd * HOURS
    for found in (
        meter.charge(machine, months * share, f"{what}{', on spot' if share < 1 else ''}"),
        meter.charge("auto-mode", months * on_demand),
        meter.charge("disk", months * _gib(disk["size"]), "disks of nodes"),
        *([meter.charge("disk-throughput", months * fast, "disks of nodes, faster")] if fast else []),
    ):
        yield replace(found, assumption=assumption) if isinstance(found, Charge) else found


def _nodes(meter: _Meter, node: Node) -> tuple[int, str]:
    """How many nodes the pods need that run all the time, and what these ask for.

    Karpenter spreads the copies of a pod where they wish it, so there are two as soon as anything is there twice.
    """
    cpu = sum(pods.cpu * pods.number for pods in meter.pods)
    memory = sum(pods.memory * pods.number for pods in meter.pods)
    number = max(
        2 if any(pods.number > 1 for pods in meter.pods) else 1,
        math.ceil(cpu / (node.cpu * meter.prices.filled)),
        math.ceil(memory / (node.memory * meter.prices.filled)),
    )
    return number, f"{cpu:.1f} CPUs and {memory:.1f} GiB"


def _workload(meter: _Meter, inputs: Inputs) -> Iterator[_Pods | str]:
    """A Deployment or a StatefulSet."""
    spec = inputs["spec"]
    asked = [container["resources"]["requests"] for container in spec["template"]["spec"]["containers"]]
    claims = [claim["spec"]["resources"]["requests"]["storage"] for claim in spec.get("volumeClaimTemplates", [])]
    yield _Pods(
        cpu=sum(_quantity(requests["cpu"]) for requests in asked),
        memory=sum(_gib(requests["memory"]) for requests in asked),
        disk=sum(_gib(claim) for claim in claims),
        number=float(spec.get("replicas", meter.least.get(inputs["metadata"]["name"], 1))),
    )


def _chart(meter: _Meter, inputs: Inputs) -> Iterator[_Pods | str]:
    yield from _known(meter, inputs["chart"].rpartition("/")[2], inputs.get("values", {}))


def _addon(meter: _Meter, inputs: Inputs) -> Iterator[_Pods | str]:
    yield from _known(meter, inputs["addonName"], {})


def _known(meter: _Meter, name: str, values: Inputs) -> Iterator[_Pods | str]:
    """The pods that something starts whose inside no plan shows, by the book."""
    if name not in meter.prices.pods:
        yield f"the price book does not know which pods {name} starts"
        return
    for entry in meter.prices.pods[name]:
        if _is_off(values, entry["at"]):
            continue
        settings = _at(values, entry["at"]) or {}
        asked, kept = settings.get("resources", {}).get("requests", {}), entry.get("disk", "")
        replicas = _at(values, entry["replicas"]) if "replicas" in entry else settings.get("replicas")
        yield _Pods(
            cpu=_quantity(asked.get("cpu") or entry["cpu"]),
            memory=_gib(asked.get("memory") or entry["memory"]),
            disk=_gib(_at(settings, kept) or 0) if kept and not _is_off(settings, kept) else 0,
            number=float(entry.get("number", 1) if replicas is None else replicas),
        )


def _with_nodes(pods: Callable[[_Meter, Inputs], Iterator[_Pods | str]]) -> Callable[[_Meter, Inputs], Iterator[Found]]:
    """What pods cost besides their nodes, which are charged with the pool: the disks that they keep."""

    def read(meter: _Meter, inputs: Inputs) -> Iterator[Found]:
        for found in pods(meter, inputs):
            if isinstance(found, str):
                yield found
            elif not meter.home:
                yield "no node pool of the plan runs its pods"
            elif found.disk:
                yield meter.charge("disk", found.disk * found.number, "disks that its pods keep")

    return read


PODS: Mapping[str, Callable[[_Meter, Inputs], Iterator[_Pods | str]]] = {
    "aws:eks/addon:Addon": _addon,
    "kubernetes:apps/v1:Deployment": _workload,
    "kubernetes:apps/v1:StatefulSet": _workload,
    "kubernetes:helm.sh/v3:Release": _chart,
}
"""The types whose pods run all the time, and how they are read."""

BY_PROPERTIES: Mapping[str, Callable[[_Meter, Inputs], Iterator[Found]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:rds/instance:Instance": _database,
    "kubernetes:core/v1:PersistentVolumeClaim": _volume,
    "kubernetes:core/v1:Service": _service,
    "kubernetes:karpenter.sh/v1:NodePool": _pool,
    **{kind: _with_nodes(pods) for kind, pods in PODS.items()},
}
"""The types whose charges follow from more than the book can say in a line."""


def _at(values: Inputs, path: str) -> Any:
    """What stands at a dotted path, or None."""
    found: Any = values
    for part in path.split(".") if path else []:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_off(values: Inputs, path: str) -> bool:
    """Whether a part of a chart, or what it belongs to, is switched off."""
    parts = path.split(".") if path else []
    above = [_at(values, ".".join(parts[:length])) for length in range(1, len(parts) + 1)]
    return any(isinstance(part, Mapping) and part.get("enabled") is False for part in above)


UNITS = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
"""The suffixes of a quantity (Kubernetes reference, *Quantity*)."""


def _quantity(text: str | float) -> float:
    """A quantity as Kubernetes writes it."""
    found = re.fullmatch(r"([\d.]+)([A-Za-z]*)", str(_told(text, "a quantity")))
    if not found:
        raise ValueError(f"'{text}' is no quantity")
    return float(found[1]) * UNITS[found[2]]


def _gib(text: str | float) -> float:
    return _quantity(text) / 2**30


def planned(environment: str) -> Sequence[Resource]:
    """The resources of an environment, of all its programs, by the planner of ``make test``: without a cloud.

    Raises:
        CostError: a program fails.
    """
    from plans import PlanError, make

    try:
        programs = make(environment).values()
    except PlanError as error:
        raise CostError(str(error), "no costs without a plan") from error
    config = yaml.safe_load((ROOT / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8"))["config"]
    # The engine makes this provider from the configuration, and the planner makes none.
    default = {"type": "pulumi:providers:aws", "urn": "", "custom": True, "inputs": {"region": config["aws:region"]}}
    return [default, *(vars(resource) for plan in programs for resource in plan.resources)]


def page(estimates: Sequence[Estimate]) -> Iterator[str]:
    """What ``make costs`` prints: the table, what is unknown, and, of one environment alone, what it rests on."""
    rows = table(estimates)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield "US dollars a month; ~ by assumed use, ? unknown (docs/costs.md)"
    elsewhere = [*dict.fromkeys(note for found in estimates for note in _strange(found.region, found.elsewhere))]
    yield from elsewhere
    # Sorted, for the planner plans in several threads, and never twice in the same order.
    yield from sorted({f"unknown: {gap}" for found in estimates for gap in found.cost.gaps})
    if len(estimates) == 1:
        charges = [(line.component, charge) for line in estimates[0].lines for charge in line.charges]
        for component, charge in sorted(charges, key=lambda found: (-found[1].usd, found[0], found[1].what)):
            if charge.usd >= DEAR:
                yield f"dearest: {component}: {charge.what}: {_dollars(charge.usd)}"
        yield from sorted(f"assumed: {assumption}" for assumption in estimates[0].assumptions)
    yield from dict.fromkeys(note for found in estimates for note in found.notes if note not in elsewhere)


def main(*environments: str) -> None:
    """Prints what environments cost; all of them, unless some are named."""
    from concurrent.futures import ThreadPoolExecutor

    from plans import ENVIRONMENTS

    for environment in environments:
        if environment not in ENVIRONMENTS:
            raise CostError(f"there is no environment '{environment}'", f"there are {', '.join(ENVIRONMENTS)}")
    names = environments or ENVIRONMENTS
    prices = book(books())
    with ThreadPoolExecutor() as pool:
        estimates = [estimate(name, plan, prices) for name, plan in zip(names, pool.map(planned, names), strict=True)]
    print(*page(estimates), sep="\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except CostError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
