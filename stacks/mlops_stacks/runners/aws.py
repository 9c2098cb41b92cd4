"""Runners on AWS: a CodeBuild project that GitHub's jobs run in."""

from __future__ import annotations

import json

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import cloudwatch, codebuild, ec2, iam, vpc

from mlops_stacks import runners
from mlops_stacks.identity import Identity
from mlops_stacks.keys import Keys
from mlops_stacks.network import Network
from mlops_stacks.runners import RunnersSettings

IMAGE = "aws/codebuild/standard:8.0"
"""Ubuntu 24.04 with Python 3.12 to 3.14 and AWS's command line: the newest Ubuntu that AWS keeps up to date
(aws/aws-codebuild-docker-images, release 26.03.25, checked 2026-11-24)."""

MACHINE = "BUILD_GENERAL1_MEDIUM"
"""4 vCPUs and 8 GiB: a Pulumi program and the two providers beside it need about 2 GiB."""

WAITING_MINUTES = 60
"""How long a job waits for a free machine before it is given up."""


class Runners(runners.Runners):
    """GitHub's jobs on CodeBuild, in the private subnets: a fresh container for each, thrown away after it.

    The machine itself may do nothing but log. What a job may do comes from the role that it takes with GitHub's token,
    as on GitHub's own machines; so a job of a pull request is no stronger here than there.
    """

    def __init__(
        self,
        name: str,
        settings: RunnersSettings,
        *,
        keys: Keys,
        network: Network,
        identity: Identity,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        # Workflows name it, so it has a name that they can know.
        project_name = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        label = f"codebuild-{project_name}"
        if not settings.connection:
            pulumi.log.warn(
                "there are no runners, and from outside the network CI cannot reach the cluster: connect GitHub, and "
                "name the connection in runners.connection (docs/ci.md)",
                self,
            )
            self.publish(label="")
            return

        logs = cloudwatch.LogGroup(name, retention_in_days=settings.log_days, kms_key_id=keys.logs, opts=self.child)
        role = iam.Role(
            name,
            assume_role_policy=keys.logs.apply(lambda arn: let_codebuild_assume(arn, project_name)),
            permissions_boundary=identity.boundary,
            opts=self.child,
        )
        rights = iam.RolePolicy(
            name,
            role=role.name,
            policy=Output.all(logs.arn, network.private_subnet_ids).apply(
                lambda args: let_run(args[0], args[1], settings.connection)
            ),
            opts=self.child,
        )

        firewall = ec2.SecurityGroup(
            name, description="Jobs of CI: nothing comes in", vpc_id=network.network_id, opts=self.child
        )
        # To anywhere, because neither GitHub nor AWS has addresses that one could list; and to the cluster's API,
        # which admits the network. DNS is the network's own and passes no security group.
        vpc.SecurityGroupEgressRule(
            name,
            security_group_id=firewall.id,
            description="TLS: GitHub, packages, AWS, the cluster's API",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4="0.0.0.0/0",
            opts=self.child,
        )

        project = codebuild.Project(
            name,
            name=project_name,
            description="Runs jobs of GitHub Actions inside the network",
            source=codebuild.ProjectSourceArgs(
                type="GITHUB",
                location=identity.repository.apply(clone_url),
                auth=codebuild.ProjectSourceAuthArgs(type="CODECONNECTIONS", resource=settings.connection),
            ),
            artifacts=codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=codebuild.ProjectEnvironmentArgs(
                type="LINUX_CONTAINER",
                compute_type=MACHINE,
                image=IMAGE,
                image_pull_credentials_type="CODEBUILD",
                # Images of the app are not built here: that needs a privileged container.
                privileged_mode=False,
            ),
            service_role=role.arn,
            encryption_key=keys.data,
            vpc_config=codebuild.ProjectVpcConfigArgs(
                vpc_id=network.network_id,
                subnets=network.private_subnet_ids,
                security_group_ids=[firewall.id],
            ),
            logs_config=codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=codebuild.ProjectLogsConfigCloudwatchLogsArgs(group_name=logs.name)
            ),
            concurrent_build_limit=settings.at_once,
            build_timeout=settings.minutes,
            queued_timeout=WAITING_MINUTES,
            # CodeBuild tries the connection, as the role, when the project is made (aws/aws-cdk, issue 38504).
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[rights])),
        )
        codebuild.Webhook(
            name,
            project_name=project.name,
            build_type="BUILD",
            filter_groups=[
                codebuild.WebhookFilterGroupArgs(
                    filters=[codebuild.WebhookFilterGroupFilterArgs(type="EVENT", pattern="WORKFLOW_JOB_QUEUED")]
                )
            ],
            opts=self.child,
        )

        self.publish(label=label)


def clone_url(repository: str) -> str:
    """Where the repository is cloned from.

    Raises:
        pulumi.RunError: there is none.
    """
    if not repository:
        raise pulumi.RunError("runners.connection connects GitHub, and identity.repository names no repository there")
    return f"https://github.com/{repository}.git"


def let_codebuild_assume(arn: str, project: str) -> str:
    """Lets CodeBuild take the role, for one project of the account and region that this ARN is of."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "codebuild.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceAccount": account,
                            "aws:SourceArn": f"arn:{partition}:codebuild:{region}:{account}:project/{project}",
                        }
                    },
                }
            ],
        }
    )


def let_run(log_group_arn: str, subnets: list[str], connection: str) -> str:
    """The policy of the machine: it logs, stands in the network, and fetches what it is connected with.

    Source: CodeBuild User Guide, *Allow CodeBuild access to AWS services required to create a VPC network interface*
    and *GitHub App connections*, checked 2026-11-24.
    """
    _, partition, _, region, account, _ = log_group_arn.split(":", 5)
    place = f"arn:{partition}:ec2:{region}:{account}"
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Log",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    # The streams of this group: there is one for each job.
                    "Resource": f"{log_group_arn}:*",
                },
                {
                    "Sid": "FindTheNetwork",
                    "Effect": "Allow",
                    "Action": [
                        "ec2:DescribeDhcpOptions",
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeSecurityGroups",
                        "ec2:DescribeSubnets",
                        "ec2:DescribeVpcs",
                    ],
                    # EC2 knows no resource for these.
                    "Resource": "*",
                },
                {
                    "Sid": "StandInTheNetwork",
                    "Effect": "Allow",
                    "Action": ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
                    # An interface has no id before it is made, and the group has none before the project has it.
                    "Resource": [
                        f"{place}:network-interface/*",
                        f"{place}:security-group/*",
                        *(f"{place}:subnet/{subnet}" for subnet in subnets),
                    ],
                },
                {
                    "Sid": "LendTheInterface",
                    "Effect": "Allow",
                    "Action": "ec2:CreateNetworkInterfacePermission",
                    # As above; to CodeBuild alone, in these subnets alone.
                    "Resource": f"{place}:network-interface/*",
                    "Condition": {
                        "StringEquals": {
                            "ec2:AuthorizedService": "codebuild.amazonaws.com",
                            "ec2:Subnet": [f"{place}:subnet/{subnet}" for subnet in subnets],
                        }
                    },
                },
                {
                    "Sid": "ConnectToGitHub",
                    "Effect": "Allow",
                    "Action": [
                        "codeconnections:GetConnection",
                        "codeconnections:GetConnectionToken",
                        "codeconnections:UseConnection",
                    ],
                    "Resource": connection,
                },
            ],
        }
    )
