"""Brings an image into an environment's repository in ECR, and prints its address with the digest.

    image.py ENVIRONMENT
    image.py ENVIRONMENT IMAGE

Without an image, the app of this commit is built and pushed, with the commit as its tag; where that has been done, it
is not built again. With one, that image is copied as it is, and keeps its digest: what was tried in one environment
goes to the next. So it comes from ECR in an account of one of the environments: what runs in training has the rights of
training.

Either way it waits for ECR's scan, and says what that found. An image with a hole that is CRITICAL, and for which there
is a fix, is refused: its address is not printed. Only enhanced scanning knows of a fix. The environment variable ACCEPT
names what is let through all the same, such as ``ACCEPT="CVE-2026-1234 CVE-2026-2345"``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = "app"
"""Which of ``images.repositories`` the app's image is kept in."""

PATIENCE = 300
"""For how many seconds a scan is waited for; most take one or two minutes."""
PAUSE = 5
"""Seconds between two looks at it."""

SETTLED = 45
"""For how many seconds a scan that is over and has found nothing is looked at again: an enhanced one says so before its
findings are there."""


@dataclass(frozen=True)
class Finding:
    """What a scan found, of the worst."""

    name: str
    package: str
    fix: str
    """Whether there is one: ``YES``, ``NO``, or ``PARTIAL`` for some of its packages; empty where nobody knows."""


@dataclass(frozen=True)
class Repository:
    """A repository in ECR."""

    url: str

    def call(self, action: str) -> Sequence[str]:
        """The command that asks ECR for something of this repository."""
        registry, _, name = self.url.partition("/")
        region = registry.split(".")[3]
        return ["aws", "ecr", action, "--repository-name", name, "--region", region, "--output", "json"]

    def get(self, image: str) -> Any:
        """An image by ``imageTag=…`` or ``imageDigest=…``; none if there is no such image."""
        images = json.loads(run(*self.call("batch-get-image"), "--image-ids", image))["images"]
        return images[0] if images else None

    def digest(self, tag: str) -> str | None:
        """The digest of the image under a tag; none if there is no such image."""
        image = self.get(f"imageTag={tag}")
        return image["imageId"]["imageDigest"] if image else None

    def scanned(self, digest: str) -> Sequence[str]:
        """The digests under which ECR has scanned an image: its own, or those of the images that it is an index of.

        Docker may push an index even over a single image, with a note beside it that says how it was built.
        """
        image = self.get(f"imageDigest={digest}")
        images = json.loads(image["imageManifest"]).get("manifests", []) if image else []
        return [each["digest"] for each in images if each.get("platform", {}).get("os") != "unknown"] or [digest]

    def scan(self, digest: str) -> Any:
        """What ECR says of the scan of an image, once that is over; none if it is not, in time."""
        call = [*self.call("describe-image-scan-findings"), "--image-id", f"imageDigest={digest}"]
        start = time.monotonic()
        while True:
            done = subprocess.run(call, capture_output=True, text=True, check=False)
            # Just after a push there is none yet.
            if done.returncode and "ScanNotFoundException" not in done.stderr:
                sys.exit(done.stderr.strip())
            said = json.loads(done.stdout) if not done.returncode else {"imageScanStatus": {"status": "PENDING"}}
            over = said["imageScanStatus"]["status"] not in ("PENDING", "IN_PROGRESS")
            empty = over and looked(said) and not said.get("imageScanFindings", {}).get("findingSeverityCounts")
            waited = time.monotonic() - start
            if over and (not empty or waited > min(SETTLED, PATIENCE)):
                return said
            if waited > PATIENCE:
                return None
            time.sleep(PAUSE)


def main(environment: str, image: str = "") -> None:
    """Puts the image there, if it is not there yet."""
    urls = json.loads(run("pulumi", "stack", "output", "images.urls", "--json", "--stack", environment))
    repository = Repository(urls[REPOSITORY])
    digest = copied(repository, image) if image else built(repository)
    worst = [finding for each in repository.scanned(digest) for finding in found(repository, each)]
    accepted = os.environ.get("ACCEPT", "").split()
    refused = sorted({each.name for each in worst if each.fix in ("YES", "PARTIAL")} - {*accepted})
    if refused:
        sys.exit(
            f"{repository.url}@{digest} is refused: {', '.join(refused)} is CRITICAL, and there is a fix. Build it on "
            f'a newer image (FROM in app/Dockerfile), or let it through by name: ACCEPT="{" ".join(refused)}"'
        )
    print(f"{repository.url}@{digest}")


def found(repository: Repository, digest: str) -> Sequence[Finding]:
    """What the scan of an image found that is CRITICAL; says how much it found of each severity."""
    said = repository.scan(digest)
    status = said["imageScanStatus"] if said else {"status": f"no answer after {PATIENCE} s"}
    if not said or not looked(said):
        tell(f"Not scanned, so nobody knows its holes: {digest} ({status.get('description') or status['status']})")
        return []
    results = said.get("imageScanFindings", {})
    counts = results.get("findingSeverityCounts", {})
    tell(f"The scan of {digest} found: " + (", ".join(f"{counts[each]} {each}" for each in counts) or "nothing"))
    worst = []
    for each in results.get("enhancedFindings", []):
        if each["severity"] == "CRITICAL":
            details = each.get("packageVulnerabilityDetails", {})
            packages = ", ".join(sorted({package["name"] for package in details.get("vulnerablePackages", [])}))
            worst.append(
                Finding(details.get("vulnerabilityId", each.get("title", "")), packages, each.get("fixAvailable", ""))
            )
    for each in results.get("findings", []):
        if each["severity"] == "CRITICAL":
            attributes = {attribute["key"]: attribute["value"] for attribute in each.get("attributes", [])}
            worst.append(Finding(each["name"], attributes.get("package_name", ""), ""))
    for finding in worst:
        tell(f"  CRITICAL {finding.name} in {finding.package}; a fix: {finding.fix or 'unknown'}")
    return worst


def looked(said: Any) -> bool:
    """Whether a scan has looked; one that goes on, whenever a new hole becomes known, is ACTIVE."""
    return said["imageScanStatus"]["status"] in ("COMPLETE", "ACTIVE")


def built(repository: Repository) -> str:
    """Builds the app of this commit and pushes it, once; gives its digest."""
    # A tag that names a commit must hold what is in that commit.
    if changed := run("git", "status", "--porcelain", "--", "app"):
        sys.exit(f"Commit app/ first. The commit is the image's tag, and these are not in it:\n{changed.rstrip()}")
    tag = run("git", "rev-parse", "--short=12", "HEAD").strip()
    if (digest := repository.digest(tag)) is not None:
        return digest
    tool = shutil.which("docker") or shutil.which("podman") or sys.exit("Neither docker nor podman is installed.")
    # What the machines of the cluster are, wherever it is built.
    show(tool, "build", "--platform", "linux/amd64", "--tag", f"{repository.url}:{tag}", "app")
    show(tool, "push", f"{repository.url}:{tag}")
    return repository.digest(tag) or sys.exit(f"{repository.url}:{tag} was pushed, and is not there.")


def copied(repository: Repository, image: str) -> str:
    """Copies an image from another repository; gives its digest, which is the same there."""
    parts = re.fullmatch(r"([^@\s]+)@(sha256:([0-9a-f]{64}))", image)
    if not parts:
        sys.exit("Name the image with its digest: IMAGE=<repository>@sha256:<digest>")
    url, digest, tag = parts[1], parts[2], parts[3][:12]
    known = {account(repository.url), *pinned()}
    if account(url) not in known:
        sys.exit(f"{url} is not in ECR of an account of these environments ({', '.join(sorted(known))}).")
    if url != repository.url and repository.digest(tag) != digest:
        # Unless told otherwise it wraps a single image into an index, which has another digest.
        copy = ["docker", "buildx", "imagetools", "create", "--prefer-index=false"]
        show(*copy, "--tag", f"{repository.url}:{tag}", image)
        if (there := repository.digest(tag)) != digest:
            sys.exit(f"The copy came out as {there}, and not as {digest}.")
    return digest


def account(url: str) -> str:
    """The account whose ECR an address is in; empty if it is in none."""
    found = re.match(r"(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/", url)
    return found[1] if found else ""


def pinned() -> set[str]:
    """The accounts that the environments are held to."""
    settings = [yaml.safe_load(file.read_text()) for file in Path().glob("Pulumi.*.yaml")]
    return {account for each in settings for account in each["config"].get("aws:allowedAccountIds", [])}


def tell(line: str) -> None:
    """Says something to a person, apart from what this script prints."""
    print(line, file=sys.stderr)


def show(*command: str) -> None:
    """Runs a command that tells a person how it goes, apart from what this script prints."""
    run(*command, output=sys.stderr.fileno())


def run(*command: str, output: int = subprocess.PIPE) -> str:
    """Runs a command and returns what it prints; ends the script when the command fails, with its own words."""
    try:
        return subprocess.run(command, stdout=output, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"The command '{command[0]}' is missing.")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
