"""What AWS would add to the resources that it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"


def made_up(type: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outputs of a resource that a component reads and that are not among its inputs.

    What is not here is unknown in a plan, as it is before the first ``make up``, and what follows from it is not
    tested: add what a component of yours reads.
    """
    service = type.split(":")[1].split("/")[0]
    arn = f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}"
    of_type = {
        "aws:eks/cluster:Cluster": {
            "endpoint": "https://example.eks.amazonaws.com",
            "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
            "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": "sg-0123456789abcdef0"},
        },
        "aws:rds/instance:Instance": {
            "address": "database.example.eu-west-1.rds.amazonaws.com",
            "masterUserSecrets": [{"secretArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:rds!db-1"}],
        },
        "random:index/randomPassword:RandomPassword": {"result": "made-up"},
    }
    return {"arn": arn, "keyId": name, "bucket": name, "name": name, **inputs, **of_type.get(type, {})}
