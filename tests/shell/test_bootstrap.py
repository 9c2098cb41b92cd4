"""``make bootstrap``, against AWS's own command line and a server that speaks AWS's protocols (moto)."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from account import AWS, MOTO, PATH, account, ask

PULUMI = Path(__file__).parents[2] / "build" / "engine" / "pulumi"

pytestmark = [
    pytest.mark.xdist_group("bootstrap"),
    pytest.mark.skipif(not (AWS and MOTO), reason="needs the commands aws and moto_server"),
]

FAKE_PULUMI = """\
#!{python}
import pathlib, sys
calls = pathlib.Path(__file__).with_name("calls.txt")
known = calls.read_text() if calls.exists() else ""
line = " ".join(sys.argv[1:])
calls.write_text(known + line + chr(10))
if "stack select" in line:
    file = pathlib.Path(sys.argv[-1], f"Pulumi.{{sys.argv[3]}}.yaml")
    text = file.read_text()
    file.write_text(text if "secretsprovider" in text else text + f"secretsprovider: {{sys.argv[6]}}" + chr(10))
if "config get" in line:
    sys.exit(line.replace("get", "set", 1) not in known)
"""
"""Notes its arguments down, and remembers as much as the real one."""


@pytest.fixture
def cloud() -> Iterator[dict[str, str]]:
    """A new account in a cloud of our own: the environment variables by which commands find it."""
    with account() as environment:
        yield environment


@pytest.fixture
def owned(repository: Path, tmp_path: Path) -> Path:
    """A repository of its own for each test, with an empty folder for commands beside it."""
    (tmp_path / "bin").mkdir()
    return shutil.copytree(repository, tmp_path / "acme")


def command(owned: Path, name: str, source: str) -> None:
    """Puts a command first on the path."""
    file = owned.parent / "bin" / name
    file.write_text(source)
    file.chmod(0o755)


def bootstrap(owned: Path, cloud: Mapping[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/bootstrap.py", "dev"],
        cwd=owned,
        env={**os.environ, **cloud, **more, "PATH": os.pathsep.join([str(owned.parent / "bin"), PATH])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backend_is_made_and_made_only_once(owned: Path, cloud: dict[str, str]) -> None:
    command(owned, "pulumi", FAKE_PULUMI.format(python=sys.executable))
    bucket = "acme-pulumi-123456789012-us-east-1"
    secrets = "awskms:///alias/acme-pulumi?region=us-east-1"

    # What a run leaves behind that was interrupted at its worst: a bucket as AWS makes it.
    ask(cloud, "s3api", "create-bucket", "--bucket", bucket)
    first = bootstrap(owned, cloud)
    after_first = (owned / "Pulumi.dev.yaml").read_text()
    second = bootstrap(owned, cloud)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "others log in with: pulumi login 's3://acme-pulumi-123456789012-us-east-1?region=us-east-1" in first.stdout
    assert (owned / "Pulumi.dev.yaml").read_text() == after_first

    (key,) = (each for each in ask(cloud, "kms", "list-aliases")["Aliases"] if each["AliasName"] == "alias/acme-pulumi")
    assert len(ask(cloud, "kms", "list-keys")["Keys"]) == 1
    assert ask(cloud, "kms", "get-key-rotation-status", "--key-id", key["TargetKeyId"])["KeyRotationEnabled"]
    described = ["--bucket", bucket]
    assert ask(cloud, "s3api", "get-bucket-versioning", *described)["Status"] == "Enabled"
    rule = ask(cloud, "s3api", "get-bucket-encryption", *described)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(key["TargetKeyId"])
    block = ask(cloud, "s3api", "get-public-access-block", *described)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert "aws:SecureTransport" in ask(cloud, "s3api", "get-bucket-policy", *described)["Policy"]

    (provider,) = ask(cloud, "iam", "list-open-id-connect-providers")["OpenIDConnectProviderList"]
    assert provider["Arn"].endswith(":oidc-provider/token.actions.githubusercontent.com")

    calls = (owned.parent / "bin" / "calls.txt").read_text().splitlines()
    assert [line for line in calls if line.startswith("stack select")] == 2 * [
        f"stack select dev --create --secrets-provider {secrets} --cwd {folder}"
        for folder in (owned, owned / "cluster")
    ]
    assert [line for line in calls if line.startswith("config set")] == [
        f"config set --path {path} --stack dev --cwd {folder} {value} --type string"
        for path, folder, value in [
            ("aws:allowedAccountIds[0]", owned, "123456789012"),
            ("aws:allowedAccountIds[0]", owned / "cluster", "123456789012"),
            ("platform.cluster.deployer", owned, "arn:aws:sts::123456789012:user/moto"),
        ]
    ]


def test_a_key_that_was_made_and_not_named_is_found_again(owned: Path, cloud: dict[str, str]) -> None:
    command(owned, "pulumi", FAKE_PULUMI.format(python=sys.executable))
    # Whoever kills the run when it has made the key.
    killed = f'#!/bin/sh\ncase "$2" in create-alias) exit 137;; esac\nexec {AWS} "$@"\n'
    command(owned, "aws", killed)
    assert bootstrap(owned, cloud).returncode == 137
    (orphan,) = ask(cloud, "kms", "list-keys")["Keys"]
    # Keys that are not ours, though as nameless: somebody else's, and one of an earlier life.
    ask(cloud, "kms", "create-key")
    ours = json.dumps(ask(cloud, "kms", "list-resource-tags", "--key-id", orphan["KeyId"])["Tags"])
    gone = ask(cloud, "kms", "create-key", "--tags", ours)["KeyMetadata"]
    ask(cloud, "kms", "schedule-key-deletion", "--key-id", gone["KeyId"])

    (owned.parent / "bin" / "aws").unlink()
    again = bootstrap(owned, cloud)

    assert again.returncode == 0, again.stderr
    (key,) = (each for each in ask(cloud, "kms", "list-aliases")["Aliases"] if each["AliasName"] == "alias/acme-pulumi")
    assert key["TargetKeyId"] == orphan["KeyId"]
    assert len(ask(cloud, "kms", "list-keys")["Keys"]) == 3


def test_the_wrong_account_is_refused_before_anything_is_made(owned: Path, cloud: dict[str, str]) -> None:
    file = owned / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("123456789012", "999999999999"))

    done = bootstrap(owned, cloud)

    assert done.returncode == 1
    assert "dev belongs to account 999999999999, and you are logged in to 123456789012" in done.stderr
    assert not ask(cloud, "kms", "list-keys")["Keys"]


def test_a_session_is_traced_to_its_role_path_and_all(
    owned: Path, cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    path = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
    role = ["--role-name", "AWSReservedSSO_Admin_1", "--path", path, "--assume-role-policy-document", trust]
    ask(cloud, "iam", "create-role", *role)
    for name, value in {**cloud, "PATH": PATH}.items():
        monkeypatch.setenv(name, value)
    identity = runpy.run_path(str(owned / "scripts" / "bootstrap.py"))["identity"]

    session = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/ada@example.com"

    assert identity("us-east-1", session) == f"arn:aws:iam::123456789012:role{path}AWSReservedSSO_Admin_1"
    assert identity("us-east-1", "arn:aws:iam::123456789012:user/ada") == "arn:aws:iam::123456789012:user/ada"
    with pytest.raises(SystemExit, match="log in with a role"):
        identity("us-east-1", "arn:aws:iam::123456789012:root")


@pytest.mark.skipif(not PULUMI.exists(), reason="needs make engine")
def test_pulumi_itself_accepts_it(owned: Path, cloud: dict[str, str]) -> None:
    command(owned, "pulumi", f'#!/bin/sh\nexec {PULUMI} "$@"\n')
    # Our cloud speaks plain HTTP, which the bucket's policy rightly refuses.
    command(owned, "aws", f'#!/bin/sh\ncase "$2" in put-bucket-policy) exit 0;; esac\nexec {AWS} "$@"\n')
    pulumi = {"PULUMI_HOME": str(owned.parent / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}

    done = bootstrap(owned, cloud, **pulumi, AWS_REGION="us-east-1")

    assert done.returncode == 0, done.stdout + done.stderr
    for program in (owned, owned / "cluster"):
        file = program / "Pulumi.dev.yaml"
        made = yaml.safe_load(file.read_text())
        assert made["secretsprovider"] == "awskms:///alias/acme-pulumi?region=us-east-1"
        # Never committed, or lost: the second run writes it again.
        file.write_text(yaml.safe_dump({"config": made["config"]}))

    assert bootstrap(owned, cloud, **pulumi, AWS_REGION="us-east-1").returncode == 0

    made = yaml.safe_load((owned / "Pulumi.dev.yaml").read_text())
    assert made["secretsprovider"] == "awskms:///alias/acme-pulumi?region=us-east-1"
    assert made["config"]["aws:allowedAccountIds"] == ["123456789012"]
    assert made["config"]["acme:platform"]["cluster"]["deployer"].startswith("arn:aws:")
    # What stood there before is still there.
    assert made["config"]["acme:platform"]["keys"] == {"protected": False, "recovery_days": 7}
