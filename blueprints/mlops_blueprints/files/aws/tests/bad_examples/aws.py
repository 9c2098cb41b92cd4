"""What breaks the rules for AWS."""

from __future__ import annotations

import json
from typing import Any

from bad_examples import plan, resource

BUCKET = resource("aws:s3/bucket:Bucket", bucket="bad")
INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:eks/cluster:Cluster"


def policy(**statement: Any) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EXAMPLES = {
    "buckets_are_private": [
        plan(BUCKET),
        plan(
            BUCKET,
            resource(
                "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
                blockPublicAcls=True,
                blockPublicPolicy=False,
                ignorePublicAcls=True,
                restrictPublicBuckets=True,
            ),
        ),
    ],
    "buckets_are_encrypted": [plan(BUCKET)],
    "buckets_keep_old_versions": [
        plan(BUCKET),
        plan(
            BUCKET,
            resource("aws:s3/bucketVersioning:BucketVersioning", versioningConfiguration={"status": "Suspended"}),
        ),
    ],
    "buckets_refuse_plain_text": [
        plan(BUCKET),
        plan(
            BUCKET,
            resource(
                "aws:s3/bucketPolicy:BucketPolicy",
                policy=policy(Effect="Deny", Principal="*", Action="s3:DeleteObject", Resource="*"),
            ),
        ),
    ],
    "keys_rotate": [plan(resource("aws:kms/key:Key"))],
    "databases_are_encrypted_and_private": [
        plan(resource(INSTANCE, storageEncrypted=True)),
        plan(resource(INSTANCE, storageEncrypted=True, kmsKeyId="ours", publiclyAccessible=True)),
    ],
    "logs_are_encrypted_and_end": [
        plan(resource("aws:cloudwatch/logGroup:LogGroup", kmsKeyId="ours")),
        plan(resource("aws:cloudwatch/logGroup:LogGroup", retentionInDays=90)),
    ],
    "clusters_are_encrypted_and_closed": [
        plan(resource(CLUSTER, vpcConfig={"endpointPublicAccess": False})),
        plan(resource(CLUSTER, encryptionConfig={"resources": ["secrets"]}, vpcConfig={})),
        plan(
            resource(
                CLUSTER,
                encryptionConfig={"resources": ["secrets"]},
                vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]},
            )
        ),
    ],
    "nobody_comes_in_from_the_internet": [
        plan(resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", cidrIpv4="0.0.0.0/0")),
        plan(resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", cidrIpv4="3.0.0.0/8")),
        plan(resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", cidrIpv6="::/0")),
        plan(resource("aws:ec2/securityGroup:SecurityGroup", ingress=[{"cidrBlocks": ["10.0.0.0/8"]}])),
    ],
    "nobody_may_do_everything": [
        plan(resource("aws:iam/policy:Policy", policy=policy(Effect="Allow", Action="*", Resource="*"))),
        plan(resource("aws:iam/rolePolicy:RolePolicy", policy=policy(Effect="Allow", Action=["s3:*"], Resource=["*"]))),
        plan(resource("aws:iam/policy:Policy", policy=policy(Effect="Allow", NotAction="iam:*", Resource="*"))),
    ],
    "nobody_is_an_administrator": [
        plan(
            resource(
                "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
            )
        )
    ],
    "nobody_unnamed_is_let_in": [
        plan(
            resource(
                "aws:iam/role:Role",
                assumeRolePolicy=policy(Effect="Allow", Principal={"AWS": "*"}, Action="sts:AssumeRole"),
            )
        ),
        plan(
            resource(
                "aws:s3/bucketPolicy:BucketPolicy",
                policy=policy(Effect="Allow", Principal="*", Action="s3:GetObject", Resource="*"),
            )
        ),
    ],
    "databases_keep_backups_and_ask_for_tls": [
        plan(resource(INSTANCE, backupRetentionPeriod=0)),
        plan(
            resource("aws:rds/parameterGroup:ParameterGroup", parameters=[{"name": "rds.force_ssl", "value": "0"}]),
        ),
    ],
    "what_is_protected_cannot_be_emptied": [
        plan(resource("aws:s3/bucket:Bucket", protected=True, forceDestroy=True)),
        plan(resource(CLUSTER, protected=True, deletionProtection=False)),
        plan(resource(INSTANCE, protected=True, deletionProtection=True, skipFinalSnapshot=True)),
    ],
    "data_is_encrypted_with_our_own_key": [
        plan(
            resource(
                "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
                bucket="bad",
                rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
            )
        )
    ],
}
