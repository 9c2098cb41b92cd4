"""Keys on AWS: customer-managed keys in KMS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi_aws import kms

from mlops_stacks import keys
from mlops_stacks.keys import KeysSettings


class Keys(keys.Keys):
    """Three KMS keys, rotated every year, each with an alias and a policy."""

    def __init__(self, name: str, settings: KeysSettings, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protected=settings.protected)

        self.publish(
            data=self._key(f"{name}-data", "Buckets, databases and volumes", settings, let_account_decide),
            secrets=self._key(f"{name}-secrets", "Passwords, and the cluster's secrets", settings, let_account_decide),
            logs=self._key(
                f"{name}-logs",
                "Logs",
                settings,
                let_account_decide,
                let_logs_encrypt,
                let_trails_encrypt,
                let_trails_look,
                let_cost_alerts_encrypt,
                let_events_encrypt,
                let_alarms_encrypt,
            ),
        )

    def _key(
        self, name: str, description: str, settings: KeysSettings, *statements: Callable[[str], dict[str, Any]]
    ) -> pulumi.Output[str]:
        """The ARN of a key with these statements in its policy, each made from that ARN."""
        key = kms.Key(
            name,
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=settings.recovery_days,
            opts=self.keep,
        )
        kms.Alias(name, target_key_id=key.key_id, opts=self.child)
        policy = kms.KeyPolicy(
            name,
            key_id=key.key_id,
            policy=key.arn.apply(
                lambda arn: json.dumps(
                    {"Version": "2012-10-17", "Statement": [statement(arn) for statement in statements]}
                )
            ),
            opts=self.child,
        )
        # By way of the policy, so that whatever uses the key waits until it may.
        return policy.id.apply(lambda _: key.arn)


def let_account_decide(key_arn: str) -> dict[str, Any]:
    """Leaves the decision to the account's IAM policies, as the default key policy does.

    No service needs a name here: S3 and Secrets Manager use a key with the rights of whoever calls them, RDS, ECR and
    EKS by a grant that the deployer lets them create, EKS Auto Mode (for volumes) with those of the cluster's role.
    """
    _, partition, _, _, account, _ = key_arn.split(":", 5)
    return {
        "Sid": "LetAccountDecide",
        "Effect": "Allow",
        # The account, not its root user: it lets in whom an IAM policy lets in.
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        # Every action: a key that nobody may administer can neither be repaired nor deleted.
        "Action": "kms:*",
        # In the policy of a key, «*» is that key.
        "Resource": "*",
    }


def let_logs_encrypt(key_arn: str) -> dict[str, Any]:
    """Lets CloudWatch Logs, which calls KMS in its own name, use the key for the log groups of this account alone."""
    _, partition, _, region, account, _ = key_arn.split(":", 5)
    return {
        "Sid": "LetLogsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        # Three families of actions, which the CloudWatch Logs User Guide asks for (Encrypt log data using KMS).
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        # In the policy of a key, «*» is that key.
        "Resource": "*",
        "Condition": {
            # Every log group, because their names are not known yet when the key is made.
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:{partition}:logs:{region}:{account}:log-group:*"}
        },
    }


def let_trails_encrypt(key_arn: str) -> dict[str, Any]:
    """Lets CloudTrail, which calls KMS in its own name, encrypt what the trails of this account and region record.

    It never decrypts: whoever reads the record does so with rights of their own.
    """
    trails = trails_of(key_arn)
    return {
        "Sid": "LetTrailsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        # A family of actions, which the CloudTrail User Guide asks for (Configure AWS KMS key policies).
        "Action": "kms:GenerateDataKey*",
        # In the policy of a key, «*» is that key.
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": trails, "kms:EncryptionContext:aws:cloudtrail:arn": trails}},
    }


def let_trails_look(key_arn: str) -> dict[str, Any]:
    """Lets CloudTrail look at the key, which it does before it takes it; there is nothing encrypted in that yet."""
    return {
        "Sid": "LetTrailsLook",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:DescribeKey",
        # In the policy of a key, «*» is that key.
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": trails_of(key_arn)}},
    }


def trails_of(key_arn: str) -> str:
    """The ARN of any trail of the key's account and region."""
    _, partition, _, region, account, _ = key_arn.split(":", 5)
    # Their names are not known yet when the key is made.
    return f"arn:{partition}:cloudtrail:{region}:{account}:trail/*"


def let_cost_alerts_encrypt(key_arn: str) -> dict[str, Any]:
    """Lets AWS Budgets and Cost Anomaly Detection send messages to encrypted topics, for this account alone."""
    return {
        "Sid": "LetCostAlertsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": ["budgets.amazonaws.com", "costalerts.amazonaws.com"]},
        # A family of actions, which SNS asks for in a sender (SNS Developer Guide, Managing encryption keys).
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        # In the policy of a key, «*» is that key.
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": key_arn.split(":")[4]}},
    }


def let_events_encrypt(key_arn: str) -> dict[str, Any]:
    """Lets EventBridge send messages to encrypted topics.

    It does not say on whose behalf it asks, so no condition can (EventBridge User Guide, *Using resource-based
    policies*: Amazon SNS permissions): with one, no message arrives, and nobody hears of that.
    """
    return {
        "Sid": "LetEventsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        # A family of actions, which SNS asks for in a sender (SNS Developer Guide, Managing encryption keys).
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        # In the policy of a key, «*» is that key.
        "Resource": "*",
    }


def let_alarms_encrypt(key_arn: str) -> dict[str, Any]:
    """Lets CloudWatch and RDS send what their alarms and events say to encrypted topics.

    Without a condition, as AWS has it (re:Post Knowledge Center, *How do I configure a CloudWatch alarm to use an
    encrypted SNS topic*; RDS User Guide, *Subscribing to Amazon RDS event notification*): on whose behalf they come,
    the policy of the topic asks.
    """
    return {
        "Sid": "LetAlarmsEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]},
        # A family of actions, which SNS asks for in a sender (SNS Developer Guide, Managing encryption keys).
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        # In the policy of a key, «*» is that key.
        "Resource": "*",
    }
