"""An encrypted topic, and the people who hear by e-mail of what is published there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

import pulumi
from pulumi_aws import sns

from mlops_stacks.keys import Keys


def tell(
    name: str, recipients: Sequence[str], let: Callable[[str], str], *, keys: Keys, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """The ARN of a topic, known once its senders may publish.

    Args:
        name: the name of the topic.
        recipients: the e-mail addresses that hear of it. Each must confirm a first message.
        let: the policy that lets the senders publish, made from the topic's ARN. They must be allowed to use
            ``keys.logs``, too.
        keys: whose ``logs`` encrypts what is told.
        opts: the options of a child.
    """
    topic = sns.Topic(name, kms_master_key_id=keys.logs, opts=opts)
    policy = sns.TopicPolicy(name, arn=topic.arn, policy=topic.arn.apply(let), opts=opts)
    for address in recipients:
        sns.TopicSubscription(
            f"{name}-{sha256(address.encode()).hexdigest()[:8]}",
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            opts=opts,
        )
    return policy.arn
