"""Brings an image into an environment's repository in ECR, and prints its address with the digest.

    image.py ENVIRONMENT
    image.py ENVIRONMENT IMAGE

Without an image, the app of this commit is built and pushed, with the commit as its tag; where that has been done, it
is not built again. With one, that image is copied as it is, and keeps its digest: what was tried in one environment
goes to the next. So it comes from ECR in an account of one of the environments: what runs in training has the rights of
training.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = "app"
"""Which of ``images.repositories`` the app's image is kept in."""


@dataclass(frozen=True)
class Repository:
    """A repository in ECR."""

    url: str

    def digest(self, tag: str) -> str | None:
        """The digest of the image under a tag; none if there is no such image."""
        registry, _, name = self.url.partition("/")
        region = registry.split(".")[3]
        call = ["aws", "ecr", "batch-get-image", "--repository-name", name, "--region", region, "--output", "json"]
        images = json.loads(run(*call, "--image-ids", f"imageTag={tag}"))["images"]
        return images[0]["imageId"]["imageDigest"] if images else None


def main(environment: str, image: str = "") -> None:
    """Puts the image there, if it is not there yet."""
    urls = json.loads(run("pulumi", "stack", "output", "images.urls", "--json", "--stack", environment))
    repository = Repository(urls[REPOSITORY])
    digest = copied(repository, image) if image else built(repository)
    print(f"{repository.url}@{digest}")


def built(repository: Repository) -> str | None:
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
    return repository.digest(tag)


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
