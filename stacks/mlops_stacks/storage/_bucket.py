"""What every bucket in S3 has, whatever it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi import Input, ResourceOptions
from pulumi_aws import s3


def harden(
    name: str,
    bucket: s3.Bucket,
    *,
    algorithm: str,
    key: Input[str] | None = None,
    bucket_key: bool = True,
    opts: ResourceOptions,
) -> tuple[s3.BucketServerSideEncryptionConfiguration, s3.BucketVersioning]:
    """Makes a bucket private, encrypted and versioned.

    Args:
        name: the name of each part in the program.
        bucket: the bucket.
        algorithm: how objects are encrypted: ``aws:kms``, or ``AES256`` with S3's own key.
        key: the key in KMS.
        bucket_key: whether one data key serves many objects; without it, KMS is asked and paid for each.
        opts: the options of each part.

    Returns:
        The encryption and the versioning, for what must not come before them.
    """
    s3.BucketOwnershipControls(
        name,
        bucket=bucket.bucket,
        rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    encryption = s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=(
                    s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm=algorithm, kms_master_key_id=key
                    )
                ),
                bucket_key_enabled=bucket_key,
                # With a key of the caller's own, a thief could hold the objects to ransom.
                blocked_encryption_types=["SSE-C"],
            )
        ],
        opts=opts,
    )
    versioning = s3.BucketVersioning(
        name,
        bucket=bucket.bucket,
        versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=opts,
    )
    return encryption, versioning


def forget(
    name: str,
    versioning: s3.BucketVersioning,
    *,
    expiration: s3.BucketLifecycleConfigurationRuleExpirationArgs,
    transitions: Sequence[s3.BucketLifecycleConfigurationRuleTransitionArgs] | None = None,
    old_versions_days: int,
    opts: ResourceOptions,
) -> None:
    """Says when objects of a bucket move or go, and old versions of them.

    Args:
        name: the rule's name in the program.
        versioning: that of the bucket, so that the rule never meets one without versions.
        expiration: when objects go.
        transitions: when they become cheaper to keep.
        old_versions_days: days until a version that was replaced or deleted goes.
        opts: the rule's options.
    """
    s3.BucketLifecycleConfiguration(
        name,
        bucket=versioning.bucket,
        rules=[
            s3.BucketLifecycleConfigurationRuleArgs(
                id="lifecycle",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                expiration=expiration,
                transitions=transitions,
                noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=old_versions_days
                ),
                # The parts of an upload that broke off are invisible, and paid for.
                abort_incomplete_multipart_upload=(
                    s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=7)
                ),
            )
        ],
        opts=opts,
    )


def refusals(bucket_and_objects: Sequence[Input[str]]) -> Sequence[dict[str, Any]]:
    """The statements of a bucket's policy by which it takes TLS 1.2, or does not answer.

    Args:
        bucket_and_objects: the bucket's ARN, and the one that stands for all of its objects.
    """
    refuse = {
        "Effect": "Deny",
        "Principal": "*",
        # Everything by everybody, because it is refused.
        "Action": "s3:*",
        "Resource": list(bucket_and_objects),
    }
    return [
        {"Sid": "RefusePlainText", **refuse, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **refuse, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]
