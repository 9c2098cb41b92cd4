"""``make push``, against AWS's own command line and a server that speaks like ECR (moto); docker is a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from account import AWS, MOTO, PATH, account, ask

import mlops_stacks

pytestmark = pytest.mark.skipif(not (AWS and MOTO), reason="needs the commands aws and moto_server")

SCRIPT = Path(mlops_stacks.__file__).parent / "images/files/aws/scripts/image.py"

DOCKER = """
import json, subprocess, sys
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
def put(target, content):
    registry, _, rest = target.partition("/")
    name, _, tag = rest.partition(":")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    layers = [{{"digest": content, "size": 1}}]
    manifest = json.dumps({{"schemaVersion": 2, "mediaType": kind, "config": layers[0], "layers": layers}})
    call = ["aws", "ecr", "put-image", "--region", "us-east-1", "--repository-name", name, "--image-tag", tag]
    subprocess.run([*call, "--image-manifest", manifest], check=True, stdout=subprocess.DEVNULL)
    # As ECR does by itself, where the repository says so.
    scan = ["aws", "ecr", "start-image-scan", "--region", "us-east-1", "--repository-name", name]
    subprocess.run([*scan, "--image-id", "imageTag=" + tag], check=True, stdout=subprocess.DEVNULL)
print("what docker has to say")
match sys.argv[1:]:
    case ["push", target]:
        put(target, "sha256:" + "0" * 64)
    case ["buildx", "imagetools", "create", *_, "--tag", target, source]:
        put(target, {copied!r} or "sha256:" + "0" * 64)
"""
"""Keeps a list of what it was told, and puts into a registry what it is told to push."""


class Registry:
    """Two environments with a repository each, and a repository of git with an app in it."""

    def __init__(self, cloud: dict[str, str], folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        made = {
            it: ask(cloud, "ecr", "create-repository", "--repository-name", self.name(it)) for it in ("dev", "prod")
        }
        self.urls = {environment: answer["repository"]["repositoryUri"] for environment, answer in made.items()}
        self.environment = {**os.environ, **cloud, "PATH": os.pathsep.join([str(folder / "bin"), PATH])}
        (folder / "bin").mkdir()
        self.command("pulumi", f"import json, sys; print(json.dumps({{'app': {self.urls!r}[sys.argv[-1]]}}))")
        self.docker()
        (folder / "app").mkdir()
        (folder / "app" / "model.py").touch()
        for call in (["init", "--quiet"], ["add", "app"], ["commit", "--quiet", "--message", "A model"]):
            self.git(*call)

    def name(self, environment: str) -> str:
        """A repository that no other test has."""
        return f"acme-{environment}-{self.folder.name.replace('_', '-')}"

    def command(self, name: str, source: str) -> None:
        """Puts a command first on the path."""
        file = self.folder / "bin" / name
        file.write_text(f"#!{sys.executable}\n{source}\n")
        file.chmod(0o755)

    def docker(self, copied: str = "") -> None:
        """Puts the stand-in there; its copies may come out otherwise."""
        self.command("docker", DOCKER.format(log=str(self.log), copied=copied))

    def git(self, *arguments: str) -> str:
        call = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(call, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def image(self, *arguments: str, accept: str = "", patience: int = 60) -> subprocess.CompletedProcess[str]:
        run = f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); import image; "
        run += f"image.PATIENCE, image.PAUSE = {patience}, 0; "
        return subprocess.run(
            [sys.executable, "-c", f"{run}image.main(*sys.argv[1:])", *arguments],
            cwd=self.folder,
            env={**self.environment, "ACCEPT": accept},
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self) -> list[str]:
        """What docker was told."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture(scope="module")
def cloud() -> Iterator[dict[str, str]]:
    with account() as there:
        yield there


@pytest.fixture
def registry(cloud: dict[str, str], tmp_path: Path) -> Registry:
    return Registry(cloud, tmp_path)


def kept(cloud: dict[str, str], name: str) -> list[dict[str, Any]]:
    return ask(cloud, "ecr", "list-images", "--repository-name", name)["imageIds"]


def test_a_commit_is_built_and_pushed_once(registry: Registry, cloud: dict[str, str]) -> None:
    tag = registry.git("rev-parse", "--short=12", "HEAD").strip()

    first = registry.image("dev")
    second = registry.image("dev")

    (image,) = kept(cloud, registry.name("dev"))
    assert image["imageTag"] == tag
    assert first.stdout == second.stdout == f"{registry.urls['dev']}@{image['imageDigest']}\n"
    assert "what docker has to say" in first.stderr
    place = f"{registry.urls['dev']}:{tag}"
    assert registry.told() == [f"build --platform linux/amd64 --tag {place} app", f"push {place}"]


def test_what_is_not_committed_is_not_pushed(registry: Registry) -> None:
    (registry.folder / "app" / "new.py").touch()

    done = registry.image("dev")

    assert done.returncode != 0
    assert "Commit app/ first" in done.stderr
    assert "app/new.py" in done.stderr
    assert registry.told() == []


def test_a_copy_keeps_its_digest(registry: Registry, cloud: dict[str, str]) -> None:
    image = registry.image("dev").stdout.strip()
    digest = image.partition("@")[2]

    first = registry.image("prod", image)
    second = registry.image("prod", image)
    there = registry.image("prod", first.stdout.strip())

    copy = f"{registry.urls['prod']}@{digest}\n"
    assert first.stdout == second.stdout == there.stdout == copy
    assert kept(cloud, registry.name("prod")) == [{"imageDigest": digest, "imageTag": digest[7:19]}]
    assert len(registry.told()) == 3


def test_a_copy_that_became_another_is_refused(registry: Registry) -> None:
    image = registry.image("dev").stdout.strip()
    registry.docker(copied="sha256:" + "f" * 64)

    done = registry.image("prod", image)

    assert done.returncode != 0
    assert "The copy came out as sha256:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "place",
    [
        "ghcr.io/somebody/app",
        "999999999999.dkr.ecr.us-east-1.amazonaws.com/app",
        "123456789012.dkr.ecr.us-east-1.evil.io/app",
    ],
)
def test_an_image_of_somebody_elses_is_not_taken(place: str, registry: Registry) -> None:
    done = registry.image("prod", f"{place}@sha256:{'0' * 64}")

    assert done.returncode != 0
    assert f"{place} is not in ECR of an account of these environments (123456789012)." in done.stderr
    assert registry.told() == []


def test_an_image_may_come_from_an_account_that_an_environment_is_held_to(registry: Registry) -> None:
    (registry.folder / "Pulumi.dev.yaml").write_text("config:\n  aws:allowedAccountIds: ['999999999999']\n")
    place = "999999999999.dkr.ecr.us-east-1.amazonaws.com/acme-dev-app"

    registry.image("prod", f"{place}@sha256:{'0' * 64}")

    assert registry.told()[-1].endswith(f"{place}@sha256:{'0' * 64}")


@pytest.mark.parametrize("image", ["acme/app:v1", "acme/app@sha256:12"])
def test_an_image_is_named_by_its_digest(image: str, registry: Registry) -> None:
    done = registry.image("prod", image)

    assert done.returncode != 0
    assert "IMAGE=<repository>@sha256:<digest>" in done.stderr


def scan(cloud: dict[str, str], name: str, status: str, *, image: str = "", **findings: Any) -> None:
    """Has the server find this in the next image of a repository, or in that of a digest.

    In the form of Amazon ECR API Reference, *DescribeImageScanFindings*.
    """
    results = {
        "repositoryName": name,
        "imageId": {"imageDigest": image} if image else {},
        "imageScanStatus": {"status": status, "description": f"It is {status}."},
        "imageScanFindings": findings,
    }
    body = json.dumps({"results": [results], "region": "us-east-1"}).encode()
    url = f"{cloud['AWS_ENDPOINT_URL']}/moto-api/static/ecr/scan-finding-results"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201


FIRST = """
import os, pathlib, sys
seen = pathlib.Path({seen!r})
if "describe-image-scan-findings" in sys.argv and not seen.exists():
    seen.touch()
    print({empty!r})
else:
    os.execv({aws!r}, ["aws", *sys.argv[1:]])
"""
"""Answers the first question about a scan itself, and asks AWS's command the others."""


def enhanced(name: str, severity: str, fix: str) -> dict[str, Any]:
    details = {"vulnerabilityId": name, "vulnerablePackages": [{"name": "openssl", "version": "3.5.1"}]}
    return {"severity": severity, "fixAvailable": fix, "packageVulnerabilityDetails": details}


def test_a_basic_scan_is_told_and_refuses_nothing_for_it_knows_no_fix(
    registry: Registry, cloud: dict[str, str]
) -> None:
    attributes = [{"key": "package_name", "value": "zlib"}, {"key": "package_version", "value": "1.3"}]
    findings = [
        {"name": "CVE-2026-0001", "severity": "CRITICAL", "attributes": attributes},
        {"name": "CVE-2026-0002", "severity": "LOW", "attributes": attributes},
    ]
    counts = {"CRITICAL": 1, "LOW": 1}
    scan(cloud, registry.name("dev"), "COMPLETE", findings=findings, findingSeverityCounts=counts)

    done = registry.image("dev")

    assert done.stdout.startswith(f"{registry.urls['dev']}@sha256:")
    assert "found: 1 CRITICAL, 1 LOW" in done.stderr
    assert "CRITICAL CVE-2026-0001 in zlib; a fix: unknown" in done.stderr
    assert "CVE-2026-0002" not in done.stderr


def test_what_is_critical_and_has_a_fix_is_refused_unless_it_is_accepted_by_name(
    registry: Registry, cloud: dict[str, str]
) -> None:
    findings = [
        enhanced("CVE-2026-0001", "CRITICAL", "YES"),
        enhanced("CVE-2026-0002", "CRITICAL", "PARTIAL"),
        enhanced("CVE-2026-0003", "CRITICAL", "NO"),
        enhanced("CVE-2026-0004", "HIGH", "YES"),
    ]
    scan(cloud, registry.name("dev"), "ACTIVE", enhancedFindings=findings, findingSeverityCounts={"CRITICAL": 3})

    refused = registry.image("dev")
    half = registry.image("dev", accept="CVE-2026-0001 CVE-2026-0009")
    let = registry.image("dev", accept="CVE-2026-0001 CVE-2026-0002")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert 'ACCEPT="CVE-2026-0001 CVE-2026-0002"' in refused.stderr
    assert "CRITICAL CVE-2026-0003 in openssl; a fix: NO" in refused.stderr
    assert (half.returncode, half.stdout) == (1, "")
    assert 'ACCEPT="CVE-2026-0002"' in half.stderr
    assert let.stdout.startswith(f"{registry.urls['dev']}@sha256:")


def test_an_image_that_cannot_be_scanned_is_told_of(registry: Registry, cloud: dict[str, str]) -> None:
    scan(cloud, registry.name("dev"), "UNSUPPORTED_IMAGE")

    done = registry.image("dev")

    assert done.stdout.startswith(f"{registry.urls['dev']}@sha256:")
    assert "nobody knows its holes" in done.stderr
    assert "It is UNSUPPORTED_IMAGE." in done.stderr


def test_of_an_index_its_images_are_what_was_scanned(registry: Registry, cloud: dict[str, str]) -> None:
    pushed = registry.image("dev").stdout.strip()
    there = registry.name("dev")
    image = pushed.partition("@")[2]
    kind = "application/vnd.oci.image.index.v1+json"
    note = {"digest": f"sha256:{'e' * 64}", "platform": {"os": "unknown", "architecture": "unknown"}}
    only = {"digest": image, "platform": {"os": "linux", "architecture": "amd64"}}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [only, note]})
    call = ["ecr", "put-image", "--repository-name", there, "--image-tag", "index", "--image-manifest", manifest]
    index = ask(cloud, *call)["image"]["imageId"]["imageDigest"]

    done = registry.image("dev", f"{registry.urls['dev']}@{index}")

    assert index != image
    assert f"The scan of {image} found: 1 HIGH" in done.stderr
    assert done.stdout == f"{registry.urls['dev']}@{index}\n"


def test_a_scan_that_does_not_come_is_not_waited_for_for_ever(registry: Registry, cloud: dict[str, str]) -> None:
    name, kind = registry.name("dev"), "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:1"}, "layers": []})
    call = ["ecr", "put-image", "--repository-name", name, "--image-tag", "x", "--image-manifest", manifest]
    digest = ask(cloud, *call)["image"]["imageId"]["imageDigest"]

    done = registry.image("dev", f"{registry.urls['dev']}@{digest}", patience=-1)

    assert "nobody knows its holes" in done.stderr
    assert done.stdout == f"{registry.urls['dev']}@{digest}\n"


def test_an_enhanced_scan_that_has_found_nothing_yet_is_looked_at_again(
    registry: Registry, cloud: dict[str, str]
) -> None:
    """It is ACTIVE before its findings are there (aws/aws-sdk issue 289)."""
    findings = [enhanced("CVE-2026-0001", "CRITICAL", "YES")]
    scan(cloud, registry.name("dev"), "ACTIVE", enhancedFindings=findings, findingSeverityCounts={"CRITICAL": 1})
    empty = {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"enhancedFindings": []}}
    registry.command("aws", FIRST.format(seen=str(registry.folder / "seen"), empty=json.dumps(empty), aws=AWS))

    done = registry.image("dev")

    assert (done.returncode, done.stdout) == (1, "")
    assert "CVE-2026-0001 is CRITICAL" in done.stderr
