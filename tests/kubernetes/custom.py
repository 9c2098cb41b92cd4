"""Makes the schemas of the custom resources that blocks make, from the definitions that their projects publish.

Run it after a new version of one of them, by ``make schemas``; it needs Go, which fetches the projects' modules (each
Apache-2.0). What comes of it has no prose, and none of the rules that only an API server can evaluate.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from mlops_stacks.training.kubernetes import VERSION as KUEUE

FILE = Path(__file__).with_name("custom.json")

KARPENTER = "1.14.1"
"""EKS does not say which Karpenter Auto Mode runs. This is a recent one (2026-11-24), of the same API version."""

DEFINITIONS = {
    f"sigs.k8s.io/kueue@v{KUEUE}": [
        "config/components/crd/bases/kueue.x-k8s.io_clusterqueues.yaml",
        "config/components/crd/bases/kueue.x-k8s.io_localqueues.yaml",
        "config/components/crd/bases/kueue.x-k8s.io_resourceflavors.yaml",
    ],
    f"sigs.k8s.io/karpenter@v{KARPENTER}": ["pkg/apis/crds/karpenter.sh_nodepools.yaml"],
}

VALUES = {f"sigs.k8s.io/kueue@v{KUEUE}": "charts/kueue/values.yaml"}
"""Where a chart lies in a module, whose values a block sets."""

TEXTS = {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}}

NODE_CLASS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["role", "subnetSelectorTerms", "securityGroupSelectorTerms"],
    "properties": {
        "role": {"type": "string"},
        "subnetSelectorTerms": TEXTS,
        "securityGroupSelectorTerms": TEXTS,
        "networkPolicy": {"enum": ["DefaultAllow", "DefaultDeny"]},
        "networkPolicyEventLogs": {"enum": ["Enabled", "Disabled"]},
        "ephemeralStorage": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "size": {"type": "string", "pattern": "^[1-9][0-9]{0,4}Gi$"},
                "iops": {"type": "integer", "minimum": 3000, "maximum": 16000},
                "throughput": {"type": "integer", "minimum": 125, "maximum": 1000},
                "kmsKeyID": {"type": "string"},
            },
        },
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
"""Nobody publishes this one: what our blocks use of the EKS User Guide's *Node class specification*, 2026-11-24."""

ADDRESSES = {"type": "array", "items": {"type": "string", "pattern": "^[0-9.]+/[0-9]+$"}}

INGRESS_CLASS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["scheme"],
    "properties": {
        "scheme": {"enum": ["internal", "internet-facing"]},
        "loadBalancerName": {"type": "string", "maxLength": 32},
        "namespaceSelector": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"matchLabels": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
        "subnets": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"ids": {"type": "array", "minItems": 1, "items": {"pattern": "^subnet-[0-9a-f]+$"}}},
        },
        "certificateARNs": {"type": "array", "items": {"type": "string", "pattern": "^arn:aws[a-z-]*:acm:"}},
        "sslPolicy": {"type": "string", "pattern": "^ELBSecurityPolicy-"},
        "inboundCIDRs": ADDRESSES,
        "targetType": {"enum": ["instance", "ip"]},
        "tags": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "value"],
                "properties": {"key": {"type": "string"}, "value": {"type": "string"}},
            },
        },
    },
}
"""Nor this one: what our blocks use of the *IngressClassParams reference* there, 2026-11-24. Its group and some of its
spellings are EKS's own; the open controller has a kind of the same name."""


def distil() -> str:
    """The schema of each kind's ``spec``, and the names of each chart's values."""
    modules = {module: fetch(module) for module in DEFINITIONS}
    kinds: dict[str, Any] = {
        f"eks.amazonaws.com/v1 {kind}": {"source": "EKS User Guide", "spec": spec}
        for kind, spec in (("IngressClassParams", INGRESS_CLASS), ("NodeClass", NODE_CLASS))
    }
    for module, paths in DEFINITIONS.items():
        for path in paths:
            definition = yaml.safe_load((modules[module] / path).read_text())["spec"]
            version = next(version for version in definition["versions"] if version["storage"])
            spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
            kind = f"{definition['group']}/{version['name']} {definition['names']['kind']}"
            kinds[kind] = {"source": module, "spec": bare(spec)}
    charts = {
        module: names(yaml.safe_load((modules[module] / path).read_text())) for module, path in sorted(VALUES.items())
    }
    return json.dumps({"kinds": kinds, "charts": charts}, indent=1, sort_keys=True) + "\n"


def fetch(module: str) -> Path:
    """The folder of a Go module."""
    done = subprocess.run(["go", "mod", "download", "-json", module], capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])


def bare(schema: Any) -> Any:
    """A schema without prose, that allows nothing it does not name."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    slim = {
        key: {name: bare(item) for name, item in value.items()} if key == "properties" else bare(value)
        for key, value in schema.items()
        if key not in ("description", "default", "format") and not key.startswith("x-kubernetes")
    }
    return {**slim, "additionalProperties": False} if "properties" in slim else slim


def names(values: Any) -> Any:
    """The names in a chart's values; None where a value is no map, or one that the chart hands on as it is."""
    return {key: names(value) for key, value in values.items()} if isinstance(values, dict) and values else None


if __name__ == "__main__":
    FILE.write_text(distil())
