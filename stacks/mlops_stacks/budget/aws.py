"""Budget on AWS: AWS Budgets, and Cost Anomaly Detection."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import budgets, costexplorer, sns

from mlops_stacks import budget
from mlops_stacks.budget import BudgetSettings
from mlops_stacks.keys import Keys

ALERTS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""When to tell, in percent of the limit: of what has been spent, and of what the month will come to at this rate.

Not at half of it, where every month comes by: a message that always comes is read by nobody.
"""


class Budget(budget.Budget):
    """An AWS budget over the environment's tags, told by e-mail and on an encrypted topic; anomalies as well.

    Both count by cost-allocation tags, which the account that pays must have activated: until then they see nothing.
    That is not done here. A tag is refused until a day after its first use, belongs to every environment, and would
    be switched off for all of them when one is destroyed; ``make cost-tags`` does it instead.
    """

    def __init__(
        self, name: str, settings: BudgetSettings, *, keys: Keys, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        # From the same configuration as the provider's, so that what is counted is what is tagged.
        tags = pulumi.Config("aws").require_object("defaultTags")["tags"]

        topic = sns.Topic(name, kms_master_key_id=keys.logs, opts=self.child)
        policy = sns.TopicPolicy(name, arn=topic.arn, policy=topic.arn.apply(let_cost_alerts_arrive), opts=self.child)

        budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(settings.monthly_usd),
            limit_unit="USD",
            # Of one key either value would do; of two keys both must match. Without «user:» nothing matches. The newer
            # filter_expression makes a budget without history (hashicorp/terraform-provider-aws#46866, 2026-11-24).
            cost_filters=[
                budgets.BudgetCostFilterArgs(
                    name="TagKeyValue", values=[f"user:{key}${tags[key]}" for key in ("project", "environment")]
                )
            ],
            # Before credits: with them, a startup would learn what it spends on the day they are used up.
            cost_types=budgets.BudgetCostTypesArgs(include_credit=False, include_refund=False),
            notifications=[
                budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(settings.recipients),
                    # The topic that the policy is on: AWS tries whether it may publish there.
                    subscriber_sns_topic_arns=[policy.arn],
                )
                for kind, percent in ALERTS
            ],
            opts=self.child,
        )
        if settings.anomaly_usd:
            self._watch(name, settings, tags["project"], policy)
        if not settings.recipients:
            pulumi.log.warn(
                "nobody hears of the budget: name e-mail addresses in budget.recipients, or let a chat read its topic",
                self,
            )

        self.publish(topic=policy.arn)

    def _watch(self, name: str, settings: BudgetSettings, project: str, policy: sns.TopicPolicy) -> None:
        """Tells of cost that is unusual for the project: on the topic at once, by e-mail once a day."""
        monitor = costexplorer.AnomalyMonitor(
            name,
            # Of the kind that looks at each service (DIMENSIONAL) an account has one, and newer accounts come with it.
            monitor_type="CUSTOM",
            # With the empty keys, as AWS returns it: it is compared as text, and another text is another monitor.
            monitor_specification=json.dumps(
                {
                    "And": None,
                    "CostCategories": None,
                    "Dimensions": None,
                    "Not": None,
                    "Or": None,
                    "Tags": {"Key": "user:project", "MatchOptions": None, "Values": [project]},
                }
            ),
            opts=self.child,
        )
        threshold = costexplorer.AnomalySubscriptionThresholdExpressionArgs(
            dimension=costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
                key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                match_options=["GREATER_THAN_OR_EQUAL"],
                values=[str(settings.anomaly_usd)],
            )
        )
        costexplorer.AnomalySubscription(
            name,
            monitor_arn_lists=[monitor.arn],
            frequency="IMMEDIATE",
            threshold_expression=threshold,
            subscribers=[costexplorer.AnomalySubscriptionSubscriberArgs(type="SNS", address=policy.arn)],
            opts=self.child,
        )
        if settings.recipients:
            costexplorer.AnomalySubscription(
                f"{name}-email",
                monitor_arn_lists=[monitor.arn],
                # E-mail is sent daily or weekly (Cost Explorer API, AnomalySubscription).
                frequency="DAILY",
                threshold_expression=threshold,
                subscribers=[
                    costexplorer.AnomalySubscriptionSubscriberArgs(type="EMAIL", address=address)
                    for address in settings.recipients
                ],
                opts=self.child,
            )


def let_cost_alerts_arrive(topic_arn: str) -> str:
    """Lets AWS Budgets and Cost Anomaly Detection publish, on behalf of this account alone."""
    _, partition, _, _, account, _ = topic_arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "LetBudgetsArrive",
                    "Effect": "Allow",
                    "Principal": {"Service": "budgets.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic_arn,
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        # Any budget of the account, as the guide has it (Creating an Amazon SNS topic for budgets).
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:budgets::{account}:*"},
                    },
                },
                {
                    "Sid": "LetAnomaliesArrive",
                    "Effect": "Allow",
                    "Principal": {"Service": "costalerts.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic_arn,
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                },
            ],
        }
    )
