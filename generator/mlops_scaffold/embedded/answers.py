"""What provider functions (data sources) answer when no provider can be asked.

A few are computed as the provider does or say what the configuration says; the others get a placeholder of the type
that the SDK declares, which a plan lists as not checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from . import placeholders, schema
from .looks import Place, Subject
from .wire import Wire


@dataclass(frozen=True)
class Answer:
    """The result of a provider function."""

    result: dict[str, Wire]
    is_placeholder: bool = False


def answer(token: str, arguments: Mapping[str, Wire], place: Place) -> Answer | None:
    """The answer to a function call; None where nothing is known about the function."""
    if token in KNOWN:
        return Answer(KNOWN[token](arguments, place))
    cls = schema.result_class(token)
    if cls is None:
        return None
    subject = Subject(token, json.dumps(arguments, sort_keys=True), place)
    made_up = {key: placeholders.value(it.hint, key, subject) for key, it in schema.properties(cls).items()}
    given = {key: item for key, item in arguments.items() if item is not None}
    return Answer(made_up | given, is_placeholder=True)


def _caller_identity(_: Mapping[str, Wire], place: Place) -> dict[str, Wire]:
    arn = f"arn:aws:iam::{place.account}:user/preview"
    return {"accountId": place.account, "id": place.account, "arn": arn, "userId": "AIDAPREVIEW"}


def _region(arguments: Mapping[str, Wire], place: Place) -> dict[str, Wire]:
    region = arguments.get("region") or arguments.get("name") or place.region
    endpoint = f"ec2.{region}.amazonaws.com"
    return {"region": region, "name": region, "id": region, "endpoint": endpoint, "description": region}


def _partition(_: Mapping[str, Wire], __: Place) -> dict[str, Wire]:
    return {"partition": "aws", "id": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _availability_zones(_: Mapping[str, Wire], place: Place) -> dict[str, Wire]:
    zones = "abc"
    return {
        "id": place.region,
        "names": [place.region + zone for zone in zones],
        "zoneIds": [f"zone-az{number}" for number in range(1, len(zones) + 1)],
        "groupNames": [place.region],
    }


STATEMENT_KEYS = {
    "sid": "Sid",
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}


def _policy_document(arguments: Mapping[str, Wire], _: Place) -> dict[str, Wire]:
    statements = [_statement(given) for given in arguments.get("statements") or ()]
    document = json.dumps({"Version": arguments.get("version") or "2012-10-17", "Statement": statements})
    return {"json": document, "minifiedJson": document, "id": "0"}


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": given.get("effect") or "Allow"}
    statement |= {key: given[ours] for ours, key in STATEMENT_KEYS.items() if given.get(ours)}
    for principal in given.get("principals") or ():
        statement.setdefault("Principal", {})[principal["type"]] = principal["identifiers"]
    for condition in given.get("conditions") or ():
        statement.setdefault("Condition", {}).setdefault(condition["test"], {})[condition["variable"]] = condition[
            "values"
        ]
    return statement


def _decode_yaml(arguments: Mapping[str, Wire], _: Place) -> dict[str, Wire]:
    return {"result": [document for document in yaml.safe_load_all(arguments.get("text") or "") if document]}


KNOWN: dict[str, Callable[[Mapping[str, Wire], Place], dict[str, Wire]]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "kubernetes:yaml:decode": _decode_yaml,
}
"""The functions that need no cloud."""
