"""Lists the environments that CI works on, with what a job must know of each, as one line of JSON.

    jobs.py [--pull-request] ENVIRONMENT...

For a pull request it is two lines, as a step on GitHub gives its outputs: ``list``, and in ``kept_out`` the names of
those that pull requests may not look into.

Nothing of it is kept on GitHub: it all follows from the names of the platform's things, and from what ``make
bootstrap`` and docs/ci.md have written into ``Pulumi.<environment>.yaml``. An environment that has no runners yet is
left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


def jobs(environments: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """For each environment where it is, as whom to work there, on which machine, and where its state is."""
    project = read("Pulumi.yaml")["name"]
    locked = re.search(r"^pulumi==([\d.]+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    for environment in environments:
        config = read(f"Pulumi.{environment}.yaml")["config"]
        platform = config.get(f"{project}:platform", {})
        connection = platform.get("runners", {}).get("connection")
        if not connection:
            continue
        region, account = config["aws:region"], config["aws:allowedAccountIds"][0]
        role = f"arn:{connection.split(':')[1]}:iam::{account}:role/{project}-{environment}-identity"
        yield {
            "environment": environment,
            "region": region,
            "preview": f"{role}-preview",
            "deploy": f"{role}-deploy",
            "machine": f"codebuild-{project}-{environment}-runners",
            "backend": f"s3://{project}-pulumi-{account}-{region}?region={region}&awssdk=v2",
            "pulumi": locked[1] if locked else "",
            "pull_requests": platform.get("identity", {}).get("pull_requests", True),
        }


def read(name: str) -> Mapping[str, Any]:
    """A YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    if sys.argv[1] == "--pull-request":
        found = list(jobs(sys.argv[2:]))
        print("list=" + json.dumps([job for job in found if job["pull_requests"]]))
        print("kept_out=" + " ".join(job["environment"] for job in found if not job["pull_requests"]))
    else:
        print(json.dumps(list(jobs(sys.argv[1:]))))
