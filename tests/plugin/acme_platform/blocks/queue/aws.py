"""Queue on AWS: SQS."""

from __future__ import annotations

import pulumi
from pulumi import Input, Output
from pulumi_aws import iam, sqs

from acme_platform.blocks import queue
from acme_platform.blocks.queue import QueueSettings
from mlops_stacks.keys import Keys


class Queue(queue.Queue):
    """An SQS queue, encrypted, with a second one for what fails five times."""

    deploy_actions = ("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue")

    def __init__(
        self, name: str, settings: QueueSettings, *, keys: Keys, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        failed = sqs.Queue(
            f"{name}-failed", message_retention_seconds=14 * 86400, kms_master_key_id=keys.data, opts=self.child
        )
        waiting = sqs.Queue(
            name,
            message_retention_seconds=settings.retention_days * 86400,
            kms_master_key_id=keys.data,
            redrive_policy=Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 5}),
            opts=self.child,
        )
        self.publish(url=waiting.url, address=waiting.arn)

    def grant_send(self, grantee: str, identity: Input[str]) -> None:
        """Gives the role a policy of its own for this queue."""
        iam.RolePolicy(
            f"{grantee}-send",
            role=identity,
            policy=Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": self.address}],
                }
            ),
            opts=self.child,
        )
