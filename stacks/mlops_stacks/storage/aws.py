"""Storage on AWS: buckets in S3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws import iam, s3

from mlops_stacks import storage
from mlops_stacks.keys import Keys
from mlops_stacks.storage import Bucket, StorageSettings
from mlops_stacks.storage._bucket import forget, harden, refusals

TIERING_DAYS = 30
"""Days until an object goes to Intelligent-Tiering, which lowers its price after another 30 without a reader (S3 User
Guide). Sooner would cost a transition for objects that do not live that long."""


class Storage(storage.Storage):
    """Three S3 buckets; two hold the data and the artifacts, and report every request to the third."""

    def __init__(
        self, name: str, settings: StorageSettings, *, keys: Keys, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        # The log service cannot write to a bucket whose default is a KMS key (S3 User Guide, server access logging).
        # checkov:skip=CKV_AWS_145: the log service cannot write to a bucket whose default is a KMS key
        # checkov:skip=CKV_AWS_18: the bucket of access logs would log itself for ever; the trail records requests to it
        logs = self._bucket(
            f"{name}-logs",
            settings,
            algorithm="AES256",
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=settings.log_days),
        )
        data, artifacts = (
            self._bucket(
                f"{name}-{use}",
                settings,
                algorithm="aws:kms",
                key=keys.data,
                # What was deleted leaves no marker behind when its last version goes.
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
                # Nobody can say today which data set is read again: S3 watches, and reading back costs nothing extra.
                transitions=[
                    s3.BucketLifecycleConfigurationRuleTransitionArgs(
                        days=TIERING_DAYS, storage_class="INTELLIGENT_TIERING"
                    )
                ],
            )
            for use in ("data", "artifacts")
        )

        self._policy(f"{name}-data", data)
        self._policy(f"{name}-artifacts", artifacts)
        logs_policy = self._policy(f"{name}-logs", logs, *let_logs_arrive(logs, [data, artifacts], keys))
        for use, bucket in (("data", data), ("artifacts", artifacts)):
            s3.BucketLogging(
                f"{name}-{use}",
                bucket=bucket.bucket,
                # The bucket that the policy names, so that logging starts when the log service may write.
                target_bucket=logs_policy.bucket,
                target_prefix=f"{use}/",
                target_object_key_format=s3.BucketLoggingTargetObjectKeyFormatArgs(
                    # A folder a day: a query reads the days it asks for.
                    partitioned_prefix=s3.BucketLoggingTargetObjectKeyFormatPartitionedPrefixArgs(
                        partition_date_source="EventTime"
                    )
                ),
                opts=self.child,
            )

        self.publish(
            data_url=Output.concat("s3://", data.bucket),
            artifacts_url=Output.concat("s3://", artifacts.bucket),
            logs_url=Output.concat("s3://", logs.bucket),
            key=keys.data,
        )

    def grant_read(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Gives the role a policy of its own for this bucket, and the key's use through S3."""
        self._grant(f"{grantee}-{bucket}-read", identity, bucket, ["s3:GetObject"], ["kms:Decrypt"])

    def grant_write(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Gives the role a policy of its own for this bucket, and the key's use through S3."""
        self._grant(
            f"{grantee}-{bucket}-write",
            identity,
            bucket,
            # The last two belong to uploads in parts, which every client uses for a large file.
            [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            ["kms:Decrypt", "kms:GenerateDataKey"],
        )

    def _bucket(
        self,
        name: str,
        settings: StorageSettings,
        *,
        algorithm: str,
        key: Input[str] | None = None,
        expiration: s3.BucketLifecycleConfigurationRuleExpirationArgs,
        transitions: Sequence[s3.BucketLifecycleConfigurationRuleTransitionArgs] | None = None,
    ) -> s3.Bucket:
        """A bucket that is versioned, encrypted and private, and forgets old versions."""
        # checkov:skip=CKV_AWS_144: old versions bring back what was deleted by mistake; a copy in a second region costs
        # as much again, and comes with the stage that must outlive a region
        # checkov:skip=CKV2_AWS_62: nothing waits for an object: pipelines run by the clock and by hand
        bucket = s3.Bucket(name, force_destroy=not settings.protected, opts=self.keep)
        _, versioning = harden(name, bucket, algorithm=algorithm, key=key, opts=self.child)
        forget(
            name,
            versioning,
            expiration=expiration,
            transitions=transitions,
            old_versions_days=settings.version_days,
            opts=self.child,
        )
        return bucket

    def _policy(self, name: str, bucket: s3.Bucket, *statements: dict[str, Any]) -> s3.BucketPolicy:
        """The bucket's policy: TLS 1.2 or no answer, and what else the statements say."""
        return s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        # Of the bucket, and of every object in it.
                        *refusals([bucket.arn, Output.concat(bucket.arn, "/*")]),
                        *statements,
                    ],
                }
            ),
            opts=self.child,
        )

    def _grant(
        self, name: str, identity: Input[str], bucket: Bucket, on_objects: Sequence[str], on_key: Sequence[str]
    ) -> None:
        """Puts the policy on the role; it goes when the grant does."""
        url = {"data": self.data_url, "artifacts": self.artifacts_url}[bucket]
        iam.RolePolicy(
            name,
            role=identity,
            policy=Output.all(url, self.key).apply(lambda args: let_use(args[0], args[1], on_objects, on_key)),
            opts=self.child,
        )


def let_logs_arrive(logs: s3.Bucket, sources: Sequence[s3.Bucket], keys: Keys) -> Sequence[dict[str, Any]]:
    """Lets S3's log service write the logs of these buckets, and load balancers theirs, of no other account."""
    # A bucket's ARN does not say whose it is; a key's does.
    account = keys.data.apply(lambda arn: arn.split(":")[4])
    return [
        {
            "Sid": "LetLogsArrive",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            # Any object, because the service chooses the name.
            "Resource": Output.concat(logs.arn, "/*"),
            "Condition": {
                "ArnLike": {"aws:SourceArn": [source.arn for source in sources]},
                "StringEquals": {"aws:SourceAccount": account},
            },
        },
        {
            "Sid": "LetLoadBalancersLog",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            # Under a prefix of its own, each writes into the folder of its account (ELB User Guide, *Enable access
            # logs*): so this is no other account's, which the service does not tell in another way.
            "Resource": Output.concat(logs.arn, "/*/AWSLogs/", account, "/*"),
        },
    ]


def let_use(url: str, key_arn: str, on_objects: Sequence[str], on_key: Sequence[str]) -> str:
    """The policy of a role that may list a bucket, do this to its objects, and use their key through S3 alone."""
    _, partition, _, region, _, _ = key_arn.split(":", 5)
    bucket = f"arn:{partition}:s3:::{url.removeprefix('s3://')}"
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": bucket},
                # Every object of this one bucket.
                {"Effect": "Allow", "Action": list(on_objects), "Resource": f"{bucket}/*"},
                {
                    "Effect": "Allow",
                    "Action": list(on_key),
                    "Resource": key_arn,
                    "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
                },
            ],
        }
    )
