"""Prepares what Pulumi needs before its first run: a backend of the team's own, in the account of the environment.

    bootstrap.py ENVIRONMENT

It makes a key and a bucket, logs Pulumi in to the bucket, makes the stacks of the environment there with the key as
secrets provider, and writes account and deployer into ``Pulumi.<environment>.yaml``. It also lets the account take the
tokens of GitHub's jobs, where CI is part of the platform. What is there already is left or set to the same again, so it
can be run twice, by everybody in the team, and after it was interrupted.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
GITHUB = "token.actions.githubusercontent.com"
"""Who issues the tokens of GitHub's jobs."""


def main(environment: str) -> None:
    """Does it all, in an order in which every step finds what it needs."""
    project = read(ROOT / "Pulumi.yaml")["name"]
    config = read(ROOT / f"Pulumi.{environment}.yaml")["config"]
    region = config["aws:region"]

    caller = aws(region, "sts", "get-caller-identity")
    account = caller["Account"]
    allowed = config.get("aws:allowedAccountIds", [account])
    if account not in allowed:
        sys.exit(f"{environment} belongs to account {allowed[0]}, and you are logged in to {account}")
    deployer = identity(region, caller["Arn"])

    name = f"{project}-pulumi"
    key = make_key(region, name)
    bucket = f"{name}-{account}-{region}"
    make_bucket(region, bucket, key)
    backend = f"s3://{bucket}?region={region}&awssdk=v2"
    run("pulumi", "login", backend)
    for folder in programs():
        make_stack(folder, environment, f"awskms:///alias/{name}?region={region}")
        record(folder, environment, "aws:allowedAccountIds[0]", account)
    if (ROOT / "mlops_stacks" / "identity").is_dir():
        trust_github(region)
    if (ROOT / "mlops_stacks" / "cluster").is_dir():
        record(ROOT, environment, "platform.cluster.deployer", deployer)

    print(
        f"\nThe state of {environment} is kept in {bucket}. Now commit what has changed;"
        f"\nothers log in with: pulumi login '{backend}'"
    )


def identity(region: str, arn: str) -> str:
    """The IAM identity behind a caller: for a session its role, for a user the user.

    A session's ARN leaves out the path of its role, which those of IAM Identity Center have; so IAM is asked for it.
    """
    if arn.endswith(":root"):
        sys.exit("you are logged in as the account's root user, who may not enter a cluster: log in with a role")
    if ":assumed-role/" not in arn:
        return arn
    return aws(region, "iam", "get-role", "--role-name", arn.split("/")[1])["Role"]["Arn"]


def make_key(region: str, name: str) -> str:
    """The ARN of the key that encrypts state and secrets. It is found by its alias, and made if there is none yet."""
    aliases = aws(region, "kms", "list-aliases")["Aliases"]
    if not any(alias["AliasName"] == f"alias/{name}" for alias in aliases):
        tags = [{"TagKey": "managed-by", "TagValue": "make bootstrap"}, {"TagKey": "Name", "TagValue": name}]
        named = {alias.get("TargetKeyId") for alias in aliases}
        target = left_behind(region, tags, named) or create_key(region, tags)
        aws(region, "kms", "create-alias", "--alias-name", f"alias/{name}", "--target-key-id", target)
    key = describe_key(region, f"alias/{name}")
    aws(region, "kms", "enable-key-rotation", "--key-id", key["KeyId"])
    return key["Arn"]


def left_behind(region: str, tags: Sequence[Mapping[str, str]], named: Set[str]) -> str | None:
    """The id of a key that a run made and could not name any more: it has our tags, and no alias."""
    for key in sorted({each["KeyId"] for each in aws(region, "kms", "list-keys")["Keys"]} - named):
        found = aws(region, "kms", "list-resource-tags", "--key-id", key)["Tags"]
        # One that waits for its deletion is of an earlier life.
        if all(tag in found for tag in tags) and describe_key(region, key)["KeyState"] == "Enabled":
            return key
    return None


def create_key(region: str, tags: Sequence[Mapping[str, str]]) -> str:
    """The id of a new key."""
    options = ("--description", "Pulumi's state and secrets", "--tags", json.dumps(tags))
    return aws(region, "kms", "create-key", *options)["KeyMetadata"]["KeyId"]


def describe_key(region: str, key: str) -> Mapping[str, Any]:
    """What a key is, by its id or alias."""
    return aws(region, "kms", "describe-key", "--key-id", key)["KeyMetadata"]


def make_bucket(region: str, bucket: str, key: str) -> None:
    """Makes the bucket that keeps the state: versioned, encrypted with the key, never public, TLS only."""
    there = aws(region, "s3api", "list-buckets")["Buckets"]
    if not any(each["Name"] == bucket for each in there):
        # The one region that must not be named.
        place = [] if region == "us-east-1" else ["--create-bucket-configuration", f"LocationConstraint={region}"]
        aws(region, "s3api", "create-bucket", "--bucket", bucket, *place)
    locks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    partition = key.split(":")[1]
    tls = {
        "Sid": "RefusePlainText",
        "Effect": "Deny",
        "Principal": "*",
        # Everything by everybody, because it is refused.
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    settings: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "put-public-access-block": ("--public-access-block-configuration", dict.fromkeys(locks, True)),
        "put-bucket-versioning": ("--versioning-configuration", {"Status": "Enabled"}),
        "put-bucket-encryption": (
            "--server-side-encryption-configuration",
            {"Rules": [{"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}]},
        ),
        "put-bucket-policy": ("--policy", {"Version": "2012-10-17", "Statement": [tls]}),
    }
    for command, (option, value) in settings.items():
        aws(region, "s3api", command, "--bucket", bucket, option, json.dumps(value))


def trust_github(region: str) -> None:
    """Makes GitHub a provider of identities: once, because an account can have no second one of the same address.

    That alone lets nobody in. Which job becomes what, say roles, and those are made by the component ``identity``.
    """
    known = aws(region, "iam", "list-open-id-connect-providers")["OpenIDConnectProviderList"]
    if not any(each["Arn"].endswith(f"/{GITHUB}") for each in known):
        options = ("--url", f"https://{GITHUB}", "--client-id-list", "sts.amazonaws.com")
        aws(region, "iam", "create-open-id-connect-provider", *options)


def make_stack(folder: Path, environment: str, secrets: str) -> None:
    """Makes a program's stack, whose secrets the key encrypts; Pulumi notes that in ``Pulumi.<environment>.yaml``."""
    run("pulumi", "stack", "select", environment, "--create", "--secrets-provider", secrets, "--cwd", str(folder))
    if "secretsprovider" not in read(folder / f"Pulumi.{environment}.yaml"):
        # The stack was there, and the note is lost: it was never committed, or the run that made it was interrupted.
        run("pulumi", "stack", "change-secrets-provider", secrets, "--stack", environment, "--cwd", str(folder))


def record(folder: Path, environment: str, path: str, value: str) -> None:
    """Writes a value into a program's configuration, unless there is one: whoever comes second changes nothing."""
    options = ("--path", path, "--stack", environment, "--cwd", str(folder))
    if subprocess.run(["pulumi", "config", "get", *options], capture_output=True).returncode:
        # By its type, because an account is no number: it may begin with a zero.
        run("pulumi", "config", "set", *options, value, "--type", "string")


def programs() -> Sequence[Path]:
    """The folders of the programs."""
    return [path.parent for path in (*ROOT.glob("Pulumi.yaml"), *ROOT.glob("*/Pulumi.yaml"))]


def read(path: Path) -> Mapping[str, Any]:
    """A YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def aws(region: str, *arguments: str) -> Mapping[str, Any]:
    """What AWS's command line answers."""
    answer = run("aws", *arguments, "--region", region, "--output", "json")
    return json.loads(answer or "{}")


def run(*command: str) -> str:
    """Runs a command and returns what it prints; ends the script when the command fails, with its own words."""
    print("$", shlex.join(command), flush=True)
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"the command '{command[0]}' is missing: docs/backend.md says where to get it")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


if __name__ == "__main__":
    main(sys.argv[1])
