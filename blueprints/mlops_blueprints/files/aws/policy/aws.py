"""The rules for resources in AWS. After each, the check of Checkov or the benchmark of CIS that asks for the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network

from policy import Plan

ANYWHERE = ("0.0.0.0/0", "::/0")


def buckets_are_private(plan: Plan) -> Iterator[str]:
    """Every bucket has a public access block of its name, with all four locks closed (CKV2_AWS_6)."""
    locks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    closed = {
        block.name
        for block in plan.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        if all(block.inputs.get(lock) for lock in locks)
    }
    yield from _without(plan, closed, "can be made public")


def buckets_are_encrypted(plan: Plan) -> Iterator[str]:
    """Every bucket says how it is encrypted (CKV_AWS_19)."""
    encryptions = plan.of(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    )
    yield from _without(plan, {encryption.name for encryption in encryptions}, "does not say how it is encrypted")


def buckets_keep_old_versions(plan: Plan) -> Iterator[str]:
    """Every bucket is versioned: what was overwritten or deleted by mistake can be brought back (CKV_AWS_21)."""
    kept = {
        versioning.name
        for versioning in plan.of("aws:s3/bucketVersioning:BucketVersioning")
        if versioning.inputs["versioningConfiguration"]["status"] == "Enabled"
    }
    yield from _without(plan, kept, "keeps no old versions")


def buckets_refuse_plain_text(plan: Plan) -> Iterator[str]:
    """Every bucket has a policy that refuses requests without TLS (CIS AWS Foundations 2.1.1)."""
    refusing = {
        policy.name
        for policy in plan.of("aws:s3/bucketPolicy:BucketPolicy")
        # What is known only later is held against the rule once it is.
        if not policy.inputs["policy"]
        or any(
            statement["Effect"] == "Deny"
            and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
            for statement in json.loads(policy.inputs["policy"])["Statement"]
        )
    }
    yield from _without(plan, refusing, "answers without TLS")


def keys_rotate(plan: Plan) -> Iterator[str]:
    """Every key of ours is rotated (CKV_AWS_7)."""
    for key in plan.of("aws:kms/key:Key"):
        if not key.inputs.get("enableKeyRotation"):
            yield f"the key {key.name} is never rotated"


def databases_are_encrypted_and_private(plan: Plan) -> Iterator[str]:
    """Every database is encrypted with a key of ours and has no public address (CKV_AWS_16, CKV_AWS_17)."""
    for database in plan.of("aws:rds/instance:Instance"):
        if not (database.inputs.get("storageEncrypted") and "kmsKeyId" in database.inputs):
            yield f"the database {database.name} is not encrypted with a key of ours"
        if database.inputs.get("publiclyAccessible"):
            yield f"the database {database.name} has a public address"


def logs_are_encrypted_and_end(plan: Plan) -> Iterator[str]:
    """Every log group is encrypted with a key of ours, and keeps its logs for a set time (CKV_AWS_158, CKV_AWS_66)."""
    for group in plan.of("aws:cloudwatch/logGroup:LogGroup"):
        if not {"kmsKeyId", "retentionInDays"} <= group.inputs.keys():
            yield f"the log group {group.name} lacks a key, or an end"


def clusters_are_encrypted_and_closed(plan: Plan) -> Iterator[str]:
    """Every cluster encrypts its secrets, and its API is open to named addresses at most (CKV_AWS_58, CKV_AWS_38)."""
    for cluster in plan.of("aws:eks/cluster:Cluster"):
        if "secrets" not in cluster.inputs.get("encryptionConfig", {}).get("resources", []):
            yield f"the cluster {cluster.name} does not encrypt its secrets"
        network = cluster.inputs["vpcConfig"]
        # Unless told, EKS opens it to everybody.
        ranges = network.get("publicAccessCidrs") or ANYWHERE
        if network.get("endpointPublicAccess", True) and any(map(_is_wide, ranges)):
            yield f"the API of the cluster {cluster.name} is open to the internet"


def nobody_comes_in_from_the_internet(plan: Plan) -> Iterator[str]:
    """No security group lets everybody in (CIS AWS Foundations 5.2 and 5.3)."""
    for rule in plan.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        given = (rule.inputs.get("cidrIpv4"), rule.inputs.get("cidrIpv6"))
        if any(_is_wide(cidr) for cidr in given if isinstance(cidr, str)):
            yield f"the rule {rule.name} lets everybody in"
    for group in plan.of("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"):
        if "ingress" in group.inputs:
            yield f"the security group {group.name} has rules of its own: make each a SecurityGroupIngressRule"


def nobody_may_do_everything(plan: Plan) -> Iterator[str]:
    """No policy of a role allows every action, or all of one service, on everything (CKV_AWS_355, CKV_AWS_290)."""
    # A boundary takes rights away and gives none.
    boundaries = {
        key for role in plan.of("aws:iam/role:Role") for key in role.computed_from.get("permissionsBoundary", ())
    }
    for policy in plan.of("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"):
        if policy.key in boundaries:
            continue
        # A policy that names what does not exist yet is looked at once that is made up, in tests/made_up.py.
        for statement in json.loads(policy.inputs["policy"] or '{"Statement": []}')["Statement"]:
            named = statement.get("Action", "*")  # All but what is in NotAction is nearly everything.
            actions = named if isinstance(named, list) else [named]
            everything = statement["Resource"] in ("*", ["*"])
            if statement["Effect"] == "Allow" and everything and any("*" in action for action in actions):
                yield f"the policy {policy.name} allows {actions} on everything"


def nobody_is_an_administrator(plan: Plan) -> Iterator[str]:
    """No role has one of AWS's own policies that allow nearly everything (CKV_AWS_274)."""
    for attached in plan.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
        if str(attached.inputs.get("policyArn")).endswith(
            ("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")
        ):
            yield f"the policy that {attached.name} attaches allows nearly everything"


def nobody_unnamed_is_let_in(plan: Plan) -> Iterator[str]:
    """No key, bucket or role is open to everybody (CKV_AWS_33, CKV_AWS_70, CKV_AWS_60)."""
    documents = {
        "aws:kms/keyPolicy:KeyPolicy": "policy",
        "aws:s3/bucketPolicy:BucketPolicy": "policy",
        "aws:iam/role:Role": "assumeRolePolicy",
    }
    for kind, name in documents.items():
        for resource in plan.of(kind):
            for statement in json.loads(resource.inputs.get(name) or '{"Statement": []}')["Statement"]:
                principal = statement.get("Principal")
                named = principal.values() if isinstance(principal, dict) else [principal]
                if statement["Effect"] == "Allow" and any(who == "*" or who == ["*"] for who in named):
                    yield f"{resource.name} lets everybody in"


def databases_keep_backups_and_ask_for_tls(plan: Plan) -> Iterator[str]:
    """Every database can be restored, and refuses connections without TLS (CKV_AWS_133, CKV2_AWS_69)."""
    for database in plan.of("aws:rds/instance:Instance"):
        if not database.inputs.get("backupRetentionPeriod"):
            yield f"the database {database.name} keeps no backups"
    for group in plan.of("aws:rds/parameterGroup:ParameterGroup"):
        values = {each["name"]: each["value"] for each in group.inputs.get("parameters", [])}
        if values.get("rds.force_ssl") != "1":
            yield f"the database of {group.name} answers without TLS"


def what_is_protected_cannot_be_emptied(plan: Plan) -> Iterator[str]:
    """What Pulumi protects, the cloud protects too, where it can, and nothing empties it first (CKV_AWS_293)."""
    for bucket in plan.of("aws:s3/bucket:Bucket"):
        if bucket.protected and bucket.inputs.get("forceDestroy"):
            yield f"the bucket {bucket.name} is protected, and would be emptied"
    for server in plan.of("aws:rds/instance:Instance", "aws:eks/cluster:Cluster"):
        if server.protected and not server.inputs.get("deletionProtection"):
            yield f"{server.name} is protected by Pulumi alone"
    for database in plan.of("aws:rds/instance:Instance"):
        if database.protected and database.inputs.get("skipFinalSnapshot"):
            yield f"the database {database.name} is protected, and would leave no snapshot"


def data_is_encrypted_with_our_own_key(plan: Plan) -> Iterator[str]:
    """A bucket uses our key, except the one of access logs, which cannot (CKV_AWS_145)."""
    logs = {logging.inputs.get("targetBucket") for logging in plan.of("aws:s3/bucketLogging:BucketLogging")}
    for encryption in plan.of("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"):
        used = encryption.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
        if used["sseAlgorithm"] != "aws:kms" and encryption.inputs["bucket"] not in logs:
            yield f"the bucket {encryption.name} is not encrypted with a key of ours"


def _is_wide(cidr: str) -> bool:
    """Whether strangers are in a range: beyond a /16 of the internet, a /8 of private addresses (RFC 1918).

    Of IPv6, a /32 is all that a provider has for its customers.
    """
    network = ip_network(cidr, strict=False)
    if network.version == 6:
        return network.prefixlen < 32
    return network.prefixlen < (8 if network.is_private else 16)


def _without(plan: Plan, names: set[str], what: str) -> Iterator[str]:
    """A sentence for each bucket that is not among the names."""
    for bucket in plan.of("aws:s3/bucket:Bucket"):
        if bucket.name not in names:
            yield f"the bucket {bucket.name} {what}"
