"""Audit on AWS: CloudTrail, GuardDuty and Config."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cfg, cloudtrail, cloudwatch, guardduty, iam, s3

from mlops_stacks import audit
from mlops_stacks.audit import AuditSettings
from mlops_stacks.identity import Identity
from mlops_stacks.keys import Keys
from mlops_stacks.keys._topic import tell
from mlops_stacks.storage import Storage
from mlops_stacks.storage._bucket import forget, harden, refusals

Field = cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs

SECOND_THOUGHT_DAYS = 30
"""Days in which a record that was deleted can be brought back where no lock keeps it, and after which it is gone."""

PROTECTIONS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS")
"""What GuardDuty must watch beside the account, for the platform has it: buckets, and the Kubernetes API. A detector
starts with every protection but the one inside machines (GuardDuty API, CreateDetector); these two are kept on."""


class Audit(audit.Audit):
    """A CloudTrail trail into a locked bucket; GuardDuty and Config where they are asked for.

    The trail may write to the bucket only because the bucket's policy names it, and it cannot be made before it may
    write. So its name is chosen, and its ARN follows from that before it exists.
    """

    def __init__(
        self,
        name: str,
        settings: AuditSettings,
        *,
        keys: Keys,
        storage: Storage,
        identity: Identity | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        trail_name = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        trail_arn = keys.logs.apply(lambda key: arn_of_trail(key, trail_name))
        bucket, ready = self._bucket(name, settings, keys, trail_arn)
        # checkov:skip=CKV2_AWS_10: a log group would be a second store, at $0.50 a GB; GuardDuty reads events by itself
        # checkov:skip=CKV_AWS_252: a topic would tell of each file, and nobody waits for one
        trail = cloudtrail.Trail(
            name,
            name=trail_name,
            s3_bucket_name=bucket.bucket,
            kms_key_id=keys.logs,
            is_multi_region_trail=True,
            enable_log_file_validation=True,
            advanced_event_selectors=selectors(settings, storage, bucket),
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=ready)),
        )

        if settings.detect_threats:
            # checkov:skip=CKV2_AWS_3: this is the account's own detector; one for an organisation is not the platform's
            detector = guardduty.Detector(
                name,
                enable=True,
                # How soon more of the same is reported; the first finding of its kind always is at once.
                finding_publishing_frequency="FIFTEEN_MINUTES",
                opts=self.child,
            )
            for protection in PROTECTIONS:
                guardduty.DetectorFeature(
                    f"{name}-{protection.lower().replace('_', '-')}",
                    detector_id=detector.id,
                    name=protection,
                    status="ENABLED",
                    opts=self.child,
                )
            self._tell(f"{name}-findings", settings, keys)
        if settings.record_configuration:
            self._record_configuration(f"{name}-config", storage, keys, identity)

        self.publish(records_url=Output.concat("s3://", bucket.bucket), trail=trail.arn)

    def _tell(self, name: str, settings: AuditSettings, keys: Keys) -> None:
        """Tells people by e-mail of what GuardDuty has found, once it is more than a curiosity."""
        topic = tell(name, settings.recipients, let_events_arrive, keys=keys, opts=self.child)
        rule = cloudwatch.EventRule(
            name,
            description="Attacks, and what looks like one",
            event_pattern=json.dumps(
                {
                    "source": ["aws.guardduty"],
                    "detail-type": ["GuardDuty Finding"],
                    # Medium, high and critical (GuardDuty User Guide, Severity levels).
                    "detail": {"severity": [{"numeric": [">=", 4]}]},
                }
            ),
            opts=self.child,
        )
        cloudwatch.EventTarget(
            name,
            rule=rule.name,
            arn=topic,
            # A sentence, where the event itself is two pages of JSON.
            input_transformer=cloudwatch.EventTargetInputTransformerArgs(
                input_paths={
                    key: f"$.detail.{key}" for key in ("id", "title", "severity", "type", "region", "accountId")
                },
                input_template=json.dumps(
                    "<title> (severity <severity> of 10, <type>), in account <accountId>, <region>. What to do: "
                    "docs/runbooks/threat-found.md. Finding <id>."
                ),
            ),
            opts=self.child,
        )
        if not settings.recipients:
            pulumi.log.warn("nobody hears of an attack: name e-mail addresses in audit.recipients", self)

    def _bucket(
        self, name: str, settings: AuditSettings, keys: Keys, trail_arn: Output[str]
    ) -> tuple[s3.Bucket, Sequence[pulumi.Resource]]:
        """The bucket, and what must be ready before the first record: its encryption, its lock, the trail's way in."""
        # checkov:skip=CKV_AWS_18: the trail records the requests to this bucket itself (selectors, below)
        # checkov:skip=CKV_AWS_144: the lock keeps the records; a copy in a second region comes with the stage that must
        # outlive a region
        # checkov:skip=CKV2_AWS_62: nothing waits for a file of records
        bucket = s3.Bucket(
            name,
            # From the start, and whatever the setting: it then takes a lock later on without being made again.
            object_lock_enabled=True,
            force_destroy=not settings.protected,
            opts=self.keep,
        )
        encryption, versioning = harden(
            name,
            bucket,
            algorithm="aws:kms",
            key=keys.logs,
            # A bucket key would name the bucket to KMS, and the key lets in whoever names a trail. A file comes every
            # five minutes at most, so KMS is asked seldom.
            bucket_key=False,
            opts=self.child,
        )
        lock = s3.BucketObjectLockConfiguration(
            name,
            bucket=versioning.bucket,
            rule=None
            if settings.lock == "none"
            else s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode=settings.lock.upper(), days=settings.days
                )
            ),
            opts=self.child,
        )
        forget(
            name,
            versioning,
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=settings.days),
            # A version under lock stays until the lock ends, whatever this says.
            old_versions_days=SECOND_THOUGHT_DAYS,
            opts=self.child,
        )
        policy = s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=Output.all(bucket.arn, trail_arn).apply(lambda arns: let_trail_write(*arns)),
            opts=self.child,
        )
        return bucket, [encryption, lock, policy]

    def _record_configuration(self, name: str, storage: Storage, keys: Keys, identity: Identity | None) -> None:
        """Records each change of each resource, into the bucket of logs: Config cannot write to one that is locked.

        It writes with a role of ours. The role that AWS would make for Config is one for the whole account, so it may
        be there already, and then cannot be made.
        """
        logs = storage.logs_url.apply(lambda url: url.removeprefix("s3://"))
        role = iam.Role(
            name,
            assume_role_policy=keys.logs.apply(let_config_assume),
            permissions_boundary=identity.boundary if identity else None,
            opts=self.child,
        )
        reading = iam.RolePolicyAttachment(
            name,
            role=role.name,
            # What it takes to look at every kind of resource; AWS adds new kinds.
            policy_arn=role.arn.apply(
                lambda arn: f"arn:{arn.split(':')[1]}:iam::aws:policy/service-role/AWS_ConfigRole"
            ),
            opts=self.child,
        )
        writing = iam.RolePolicy(
            name,
            role=role.name,
            policy=Output.all(logs, keys.logs).apply(lambda args: let_config_write(*args)),
            opts=self.child,
        )
        recorder = cfg.Recorder(
            name,
            role_arn=role.arn,
            recording_group=cfg.RecorderRecordingGroupArgs(all_supported=True, include_global_resource_types=True),
            opts=self.child,
        )
        # AWS tries whether the role may write; and there is nothing to deliver before there is a recorder.
        channel = cfg.DeliveryChannel(
            name,
            s3_bucket_name=logs,
            s3_key_prefix="config",
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[recorder, reading, writing])),
        )
        cfg.RecorderStatus(
            name,
            name=recorder.name,
            is_enabled=True,
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[channel])),
        )


def arn_of_trail(key_arn: str, name: str) -> str:
    """The ARN that a trail of this name will have, in the account and region of the key."""
    _, partition, _, region, account, _ = key_arn.split(":", 5)
    return f"arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"


def selectors(
    settings: AuditSettings, storage: Storage, records: s3.Bucket
) -> Sequence[cloudtrail.TrailAdvancedEventSelectorArgs]:
    """Which events the trail records."""
    partition = records.arn.apply(lambda arn: arn.split(":")[1])
    data, artifacts, logs = (
        # With the stroke at its end, so that it means no bucket whose name goes on.
        Output.format("arn:{0}:s3:::{1}/", partition, url.apply(lambda url: url.removeprefix("s3://")))
        for url in (storage.data_url, storage.artifacts_url, storage.logs_url)
    )
    account = select("What is done to the account's resources", Field(field="eventCategory", equals=["Management"]))
    changes = [Field(field="readOnly", equals=["false"])] if settings.objects == "changes" else []
    return [
        *([account] if settings.whole_account else []),
        select("Requests to data and artifacts", *in_buckets(data, artifacts), *changes),
        select(
            "Requests to logs and to this record",
            *in_buckets(logs, Output.concat(records.arn, "/")),
            # Without what is delivered there: to record that would be another delivery, and so on.
            Field(field="eventName", not_equals=["PutObject"]),
        ),
    ]


def select(name: str, *fields: Field) -> cloudtrail.TrailAdvancedEventSelectorArgs:
    """The events for which every field is as it says."""
    return cloudtrail.TrailAdvancedEventSelectorArgs(name=name, field_selectors=fields)


def in_buckets(*arns: Input[str]) -> Sequence[Field]:
    """What is done to the objects below these ARNs."""
    return [
        Field(field="eventCategory", equals=["Data"]),
        Field(field="resources.type", equals=["AWS::S3::Object"]),
        Field(field="resources.ARN", starts_withs=arns),
    ]


def let_trail_write(bucket_arn: str, trail_arn: str) -> str:
    """The policy of the records' bucket: TLS 1.2 or no answer, and one trail that writes below its account's folder."""
    account = trail_arn.split(":")[4]
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                *refusals([bucket_arn, f"{bucket_arn}/*"]),
                {
                    "Sid": "LetTrailLook",
                    **trail,
                    "Action": "s3:GetBucketAcl",
                    "Resource": bucket_arn,
                    "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
                },
                {
                    "Sid": "LetTrailWrite",
                    **trail,
                    "Action": "s3:PutObject",
                    # Any object there, because CloudTrail chooses the names.
                    "Resource": f"{bucket_arn}/AWSLogs/{account}/*",
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceArn": trail_arn,
                            "s3:x-amz-acl": "bucket-owner-full-control",
                        }
                    },
                },
            ],
        }
    )


def let_events_arrive(topic_arn: str) -> str:
    """Lets EventBridge publish.

    It does not say on whose behalf, so no condition can (EventBridge User Guide, *Using resource-based policies*:
    Amazon SNS permissions). Whoever knows the topic's name could send it a message that is none of ours.
    """
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "LetEventsArrive",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic_arn,
                }
            ],
        }
    )


def let_config_assume(key_arn: str) -> str:
    """Lets Config take the role, on behalf of this account alone."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "config.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": key_arn.split(":")[4]}},
                }
            ],
        }
    )


def let_config_write(bucket: str, key_arn: str) -> str:
    """Lets the role deliver to the bucket, below the folder of this account."""
    _, partition, _, _, account, _ = key_arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:GetBucketAcl", "Resource": f"arn:{partition}:s3:::{bucket}"},
                {
                    "Effect": "Allow",
                    "Action": "s3:PutObject",
                    # Any object there, because Config chooses the names.
                    "Resource": f"arn:{partition}:s3:::{bucket}/config/AWSLogs/{account}/*",
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                },
            ],
        }
    )
