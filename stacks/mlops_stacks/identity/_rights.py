"""What CI may do on AWS: the statements of its policies, service by service.

The actions are those that the blocks of this platform call for, none more. What a block of yours needs beyond them is
a setting, ``identity.actions``, or a statement here. In each ``Resource``, the wildcard stands for what has no name
yet: physical names begin with project and environment and end at random, and what has an id instead of a name is known
by its tags.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Statement = Mapping[str, Any]

GITHUB = "token.actions.githubusercontent.com"
"""Who issues the tokens of GitHub's jobs."""

PASSED_TO = ("eks", "ec2", "pods.eks", "monitoring.rds", "vpc-flow-logs", "codebuild")
"""The services that are handed a role of ours."""

CALLED = {"ecs": "ecs-tasks"}
"""The services that a role is handed to by another name than their actions have."""

KEPT = "DeleteRole UpdateRole* UpdateAssumeRolePolicy TagRole UntagRole"
"""What is done to a role whatever its rights, and takes no condition about the boundary."""

LINKED = ("eks", "rds", "elasticloadbalancing", "spot")
"""The services that have a role of their own in the account, which whoever uses them first must be able to make."""

ATTACHED = (
    *("AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicyV2"),
    *("AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy"),
    *("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"),
    *("service-role/AmazonRDSEnhancedMonitoringRole", "service-role/AWS_ConfigRole"),
)
"""AWS's own policies that the platform's roles have. Those that are ours are written into the role."""

USING_KEYS = ("secretsmanager", "rds")
"""The services that encrypt and decrypt with the rights of whoever asks them to make something."""

CLUSTER_TAGS = ("aws:eks:cluster-name", "eks:eks-cluster-name")
"""The tags in which EKS names the cluster that it has made something for: of the cluster's group, and of Auto Mode."""


@dataclass(frozen=True)
class Place:
    """Where an environment is, and how its things are called."""

    partition: str
    region: str
    account: str
    project: str
    environment: str

    @property
    def prefix(self) -> str:
        """What the physical names of the environment begin with (``pulumi:autonaming``)."""
        return f"{self.project}-{self.environment}-"

    def arn(self, service: str, resource: str, *, everywhere: bool = False) -> str:
        """The ARN of a thing in this account, and in this region unless its service is ``everywhere``."""
        return f"arn:{self.partition}:{service}:{'' if everywhere else self.region}:{self.account}:{resource}"

    def iam(self, resource: str) -> str:
        """The ARN of a thing of IAM."""
        return self.arn("iam", resource, everywhere=True)

    @property
    def state(self) -> str:
        """The ARN of the bucket that ``make bootstrap`` makes for Pulumi's state."""
        return f"arn:{self.partition}:s3:::{self.project}-pulumi-{self.account}-{self.region}"

    @property
    def state_key(self) -> Mapping[str, Any]:
        """The condition that a key is the one of Pulumi's state: its ARN is not known, its alias is."""
        return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{self.project}-pulumi"}}

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that say whose a thing is (``aws:defaultTags``)."""
        return {"project": self.project, "environment": self.environment}

    @property
    def tagged(self) -> Mapping[str, Any]:
        """The condition that a thing carries the tags of this environment."""
        return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in self.tags.items()}}

    @property
    def tagging(self) -> Mapping[str, Any]:
        """The condition that a request gives the tags of this environment to what it makes."""
        return {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in self.tags.items()}}

    @property
    def claiming(self) -> Mapping[str, Any]:
        """The condition that a request gives our tags to what has none of another environment.

        For the services that ask for the right to tag when they make a thing, and do not say that they make it. So what
        has no tag at all can be tagged as ours as well (IAM User Guide, *…IfExists*).
        """
        return {**self.tagging, **self.untagged_or_ours}

    @property
    def untagged_or_ours(self) -> Mapping[str, Any]:
        """The condition that a thing carries the tags of no other environment (IAM User Guide, *…IfExists*)."""
        return {"StringEqualsIfExists": self.tagged["StringEquals"]}

    @property
    def within(self) -> Mapping[str, Any]:
        """The condition that a thing is no other environment's, by its tags or by the cluster that EKS made it for.

        EKS tags what it makes, the cluster's security group first, with the cluster's name, and nobody else can write a
        tag that begins with ``aws:`` (EKS User Guide, *View Amazon EKS security group requirements*). What Auto Mode
        makes, such as a load balancer's group, has the other tag (AWS's policy AmazonEKSLoadBalancingPolicy).
        """
        clusters = {f"aws:ResourceTag/{tag}": f"{self.prefix}*" for tag in CLUSTER_TAGS}
        return {"StringLikeIfExists": {**self.tagged["StringEquals"], **clusters}}

    @property
    def secrets_of_databases(self) -> tuple[str, Mapping[str, Any]]:
        """The secrets that RDS makes for the administrators of our databases: their ARN, and whose they are.

        RDS names them at random, and says in a tag which database each is of (RDS User Guide, *Password management with
        Secrets Manager*). Nobody else can write a tag that begins with ``aws:``.
        """
        ours = {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": self.arn("rds", f"db:{self.prefix}*")}
        return self.arn("secretsmanager", "secret:rds!*"), ours


def allow(
    sid: str, actions: str, *resources: str, condition: Mapping[str, Any] | None = None, service: str = ""
) -> Statement:
    """A statement that allows actions, given as words; ``service`` is put before each."""
    names = [f"{service}:{action}" if service else action for action in actions.split()]
    statement = {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": list(resources)}
    return statement | ({"Condition": condition} if condition else {})


# -- Pulumi's state ---------------------------------------------------------------------------------


def read_state(place: Place) -> Sequence[Statement]:
    """Reads the state of this environment, and the secrets in it.

    A preview takes no lock, so it writes nothing (pulumi/pulumi, ``pkg/backend/diy/backend.go``: ``Preview``).
    """
    return [
        allow("FindState", "s3:ListBucket s3:GetBucketLocation", place.state),
        allow("ReadState", "s3:GetObject", f"{place.state}/.pulumi/meta.yaml", *files(place)),
        allow("DecryptState", "kms:Decrypt kms:DescribeKey", place.arn("kms", "key/*"), condition=place.state_key),
    ]


def write_state(place: Place) -> Sequence[Statement]:
    """Writes the state of this environment, its history and its locks."""
    return [
        allow("WriteState", "s3:PutObject s3:DeleteObject", *files(place)),
        allow(
            "EncryptState",
            "kms:Encrypt kms:GenerateDataKey",
            place.arn("kms", "key/*"),
            condition=place.state_key,
        ),
    ]


def files(place: Place) -> Sequence[str]:
    """The files of an environment in the state bucket.

    They are ``stacks/<project>/dev.json``, and a folder ``dev`` in each of ``history``, ``backups`` and ``locks``.
    """
    return [f"{place.state}/.pulumi/*/{place.environment}.*", f"{place.state}/.pulumi/*/{place.environment}/*"]


# -- looking ----------------------------------------------------------------------------------------


def look(place: Place) -> Sequence[Statement]:
    """Reads what AWS's own policy SecurityAudit leaves out of what the platform is made of.

    All of these describe, and return no data.
    """
    return [
        allow(
            "Look",
            "eks:DescribeAddon eks:DescribeAddonVersions eks:DescribePodIdentityAssociation ce:GetAnomalyMonitors "
            "ce:GetAnomalySubscriptions ce:ListTagsForResource sns:GetSubscriptionAttributes "
            "cloudwatch:DescribeAlarms codeconnections:GetConnection codeconnections:ListTagsForResource",
            # No resource to name, or none that is known.
            "*",
        ),
        allow(
            "LookAtOurs",
            "eks:ListPodIdentityAssociations budgets:ViewBudget budgets:ListTagsForResource "
            "cloudwatch:ListTagsForResource",
            place.arn("eks", f"cluster/{place.prefix}*"),
            place.arn("budgets", f"budget/{place.prefix}*", everywhere=True),
            place.arn("cloudwatch", f"alarm:{place.prefix}*"),
        ),
    ]


# -- making -----------------------------------------------------------------------------------------


def make(
    place: Place,
    keys: Mapping[str, str],
    boundary: str,
    *,
    domain: str,
    hosted_zone: str,
    passed_to: Collection[str] = (),
) -> Mapping[str, Sequence[Statement]]:
    """What deploying needs, in policies that each stay below IAM's limit of characters.

    Args:
        place: where.
        keys: the ARNs of the keys *data* and *secrets*.
        boundary: the ARN of the boundary.
        domain: the name whose records are written; empty for none.
        hosted_zone: the id of the zone that holds them.
        passed_to: the services that are handed a role beyond those that the platform's own blocks use.
    """
    return {
        "roles": roles(place, boundary, passed_to),
        "network": [
            *network(place),
            *certificates(place),
            *(names(place, domain, hosted_zone) if domain else []),
        ],
        "data": [*encryption(place, **keys), *data(place)],
        "services": services(place),
    }


def roles(place: Place, boundary: str, passed_to: Collection[str] = ()) -> Sequence[Statement]:
    """Makes roles of this environment, none without the boundary, and hands them to the services that use them.

    It changes those that carry the tags of this environment, which it can give to a role only while it makes it: so
    what a person has called like one of ours stays out of its hands. ``iam:PermissionsBoundary`` is no condition of
    what deletes a role or says who takes it (Service Authorization Reference, IAM). And the tags of a role are none of
    handing it over (IAM User Guide, *Grant a user permissions to pass a role to an AWS service*).

    Args:
        place: where.
        boundary: the ARN of the boundary.
        passed_to: services that are handed a role too, and may want one of their own, by their prefix in IAM.
    """
    ours = place.iam(f"role/{place.prefix}*")
    added = [CALLED.get(name, name) for name in sorted(passed_to)]
    bounded = {"iam:PermissionsBoundary": boundary}
    kept = {"StringEquals": {**bounded, **place.tagged["StringEquals"]}}
    return [
        allow(
            "MakeRolesWithinTheBoundary",
            "iam:CreateRole",
            ours,
            condition={"StringEquals": {**bounded, **place.tagging["StringEquals"]}},
        ),
        allow(
            "GiveRightsWithinTheBoundary",
            "PutRolePermissionsBoundary PutRolePolicy DeleteRolePolicy",
            ours,
            condition=kept,
            service="iam",
        ),
        allow(
            "GiveAwsPoliciesWithinTheBoundary",
            "iam:AttachRolePolicy iam:DetachRolePolicy",
            ours,
            condition={
                **kept,
                "ArnEquals": {"iam:PolicyARN": [f"arn:{place.partition}:iam::aws:policy/{name}" for name in ATTACHED]},
            },
        ),
        # TagRole is asked for while a role is made as well, and is then granted by the tags that the role will have, as
        # Karpenter's policy does it with instance profiles (AllowScopedInstanceProfileTagActions).
        allow(
            "KeepRoles",
            KEPT,
            ours,
            condition=place.tagged,
            service="iam",
        ),
        allow(
            "HandOverRoles",
            "iam:PassRole",
            ours,
            condition={
                "StringEquals": {"iam:PassedToService": [f"{name}.amazonaws.com" for name in (*PASSED_TO, *added)]}
            },
        ),
        allow(
            "LetServicesMakeTheirRoles",
            "iam:CreateServiceLinkedRole",
            # AWS names them; the condition says whose.
            place.iam("role/aws-service-role/*"),
            condition={"StringEquals": {"iam:AWSServiceName": [f"{name}.amazonaws.com" for name in (*LINKED, *added)]}},
        ),
    ]


def network(place: Place) -> Sequence[Statement]:
    """Makes the network out of what carries the tags of this environment, changes and deletes that, and nothing else.

    EC2 asks for each thing that a request names: for what is made by the tags of the request, for what is there by its
    own (Service Authorization Reference, EC2). So a subnet of ours can be made in a network of ours alone.
    """
    anything = place.arn("ec2", "*")
    groups = place.arn("ec2", "security-group/*")
    made = (
        "CreateVpc CreateSubnet CreateInternetGateway CreateNatGateway AllocateAddress CreateRouteTable "
        "CreateVpcEndpoint CreateSecurityGroup CreateFlowLogs"
    )
    opened = "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
    return [
        allow("MakeNetwork", made, anything, condition=place.tagging, service="ec2"),
        allow(
            "ChangeNetwork",
            f"{made} {opened} RevokeSecurityGroupIngress RevokeSecurityGroupEgress "
            "AttachInternetGateway AssociateRouteTable CreateRoute "
            "ModifyVpcAttribute ModifySubnetAttribute ModifyVpcEndpoint ModifySecurityGroupRules ReplaceRoute "
            "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress "
            "DisassociateRouteTable DetachInternetGateway DisassociateAddress ReleaseAddress DeleteVpc DeleteSubnet "
            "DeleteInternetGateway DeleteNatGateway DeleteRouteTable DeleteRoute DeleteVpcEndpoints "
            "DeleteSecurityGroup DeleteFlowLogs CreateTags DeleteTags",
            anything,
            condition=place.tagged,
            service="ec2",
        ),
        # A rule is in a group, and that must be ours; by itself it has no tag before it is made, nor if AWS made it.
        allow(
            "ChangeRules",
            f"{opened} RevokeSecurityGroupIngress RevokeSecurityGroupEgress",
            place.arn("ec2", "security-group-rule/*"),
            service="ec2",
        ),
        allow(
            "TagWhatIsMade",
            "ec2:CreateTags",
            anything,
            condition={"StringEquals": {"ec2:CreateAction": [*made.split(), *opened.split()]}},
        ),
        # A network's default security group is there before it has a tag: Pulumi tags it as ours, and then closes it.
        allow(
            "TagGroups",
            "ec2:CreateTags",
            groups,
            condition={
                **place.claiming,
                "Null": {f"aws:ResourceTag/{tag}": "true" for tag in CLUSTER_TAGS},
            },
        ),
        # So is that of a cluster, which EKS makes along with it: a tag a request (Pulumi's ``ec2.Tag``).
        allow(
            "TagGroupsOfClusters",
            "ec2:CreateTags",
            groups,
            condition={
                "StringEqualsIfExists": {**place.tagging["StringEquals"], **place.tagged["StringEquals"]},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["project", "environment"]},
                "StringLike": {f"aws:ResourceTag/{CLUSTER_TAGS[0]}": f"{place.prefix}*"},
            },
        ),
    ]


def encryption(place: Place, *, data: str, secrets: str) -> Sequence[Statement]:
    """Makes and names the keys of this environment, and lets services use the ones that the platform has.

    By itself the role decrypts nothing: a service asks for it, or holds a grant. Nor does it end a key, or say whose it
    is: see the boundary.
    """
    every = place.arn("kms", "key/*")
    return [
        allow(
            "KeepKeys",
            # Not UntagResource: a key without tags is everybody's.
            "EnableKeyRotation UpdateKeyDescription EnableKey CancelKeyDeletion CreateAlias UpdateAlias DeleteAlias",
            every,
            condition=place.tagged,
            service="kms",
        ),
        allow("MakeKeys", "kms:CreateKey", "*", condition=place.tagging),
        # To make a key with tags takes the right to tag any key (KMS Developer Guide, *Controlling access to tags*).
        allow("TagKeys", "kms:TagResource", every, condition=place.claiming),
        allow(
            "NameKeys",
            "kms:CreateAlias kms:UpdateAlias kms:DeleteAlias",
            place.arn("kms", f"alias/{place.prefix}*"),
        ),
        allow(
            "GrantKeysToServices", "kms:CreateGrant", data, condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}
        ),
        # The cluster's key. EKS cannot make a cluster under that condition (EKS User Guide, *Encrypt Kubernetes secrets
        # with KMS*: it «should not be used»).
        allow("GrantKeyToEks", "kms:CreateGrant", secrets),
        allow(
            "UseKeysThroughServices",
            "kms:Decrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext",
            data,
            secrets,
            condition={
                "StringEquals": {
                    "kms:ViaService": [f"{service}.{place.region}.amazonaws.com" for service in USING_KEYS]
                }
            },
        ),
    ]


def data(place: Place) -> Sequence[Statement]:
    """Buckets, databases, images and secrets: their settings and, but for images, not what is in them.

    It deletes none of them: see the boundary.
    """
    made_by_rds, of_our_databases = place.secrets_of_databases
    return [
        allow(
            "KeepBuckets",
            "CreateBucket PutBucketPolicy DeleteBucketPolicy PutBucketTagging PutBucketVersioning "
            "PutBucketLogging PutBucketPublicAccessBlock PutBucketOwnershipControls PutEncryptionConfiguration "
            "PutLifecycleConfiguration",
            f"arn:{place.partition}:s3:::{place.prefix}*",
            service="s3",
        ),
        allow(
            "KeepDatabases",
            "CreateDBInstance ModifyDBInstance RebootDBInstance CreateDBSnapshot CreateDBSubnetGroup "
            "ModifyDBSubnetGroup DeleteDBSubnetGroup CreateDBParameterGroup ModifyDBParameterGroup "
            "ResetDBParameterGroup DeleteDBParameterGroup CreateEventSubscription ModifyEventSubscription "
            "DeleteEventSubscription AddTagsToResource RemoveTagsFromResource",
            *(place.arn("rds", f"{kind}:{place.prefix}*") for kind in ("db", "subgrp", "pg", "snapshot", "es")),
            # A database is in an option group too, and unless told in the one that AWS has for its version.
            place.arn("rds", "og:default*"),
            service="rds",
        ),
        allow(
            "KeepImages",
            "CreateRepository PutImageTagMutability PutImageScanningConfiguration PutLifecyclePolicy "
            "DeleteLifecyclePolicy SetRepositoryPolicy DeleteRepositoryPolicy TagResource UntagResource",
            place.arn("ecr", f"repository/{place.prefix}*"),
            service="ecr",
        ),
        # A release: the app's image is pushed, or copied from another environment of this account.
        allow(
            "PushImages",
            "InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage DescribeImageScanFindings",
            place.arn("ecr", f"repository/{place.prefix}*"),
            service="ecr",
        ),
        allow(
            "PullImages",
            "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer",
            place.arn("ecr", f"repository/{place.project}-*"),
            service="ecr",
        ),
        # The token is the registry's and opens no repository by itself, so IAM takes no other resource here.
        allow("LogInToImages", "ecr:GetAuthorizationToken", "*"),
        # What an enhanced scan has found, ECR reads from Inspector with the rights of whoever asks (ECR User Guide,
        # *IAM permissions required for enhanced scanning*).
        allow("ReadScans", "inspector2:ListFindings", "*"),
        allow(
            "KeepSecrets",
            "CreateSecret UpdateSecret RestoreSecret PutResourcePolicy DeleteResourcePolicy TagResource UntagResource",
            place.arn("secretsmanager", f"secret:{place.prefix}*"),
            service="secretsmanager",
        ),
        # RDS makes the secret of a database's administrator on behalf of whoever makes the database, and deletes it by
        # itself (RDS User Guide, *Permissions required for Secrets Manager integration*).
        allow(
            "LetDatabasesHaveSecrets",
            "secretsmanager:CreateSecret secretsmanager:TagResource",
            made_by_rds,
            # One that is being made has no tag yet.
            condition={"ArnLikeIfExists": of_our_databases},
        ),
    ]


def services(place: Place) -> Sequence[Statement]:
    """The cluster, the logs, the runners, and what watches over cost: what watches over the account is for people."""
    anomalies = [place.arn("ce", f"{kind}/*", everywhere=True) for kind in ("anomalymonitor", "anomalysubscription")]
    return [
        # IAM knows it by no ARN before it is made.
        allow("MakeClusters", "eks:CreateCluster", "*"),
        allow(
            "MakeWhatIsTagged",
            "ce:CreateAnomalyMonitor ce:CreateAnomalySubscription",
            "*",
            condition=place.tagging,
        ),
        allow(
            "KeepClusters",
            "UpdateClusterConfig UpdateClusterVersion AssociateEncryptionConfig "
            "CreateAccessEntry UpdateAccessEntry DeleteAccessEntry AssociateAccessPolicy DisassociateAccessPolicy "
            "CreateAddon UpdateAddon DeleteAddon CreatePodIdentityAssociation UpdatePodIdentityAssociation "
            "DeletePodIdentityAssociation TagResource UntagResource DescribeUpdate",
            *(
                place.arn("eks", f"{kind}/{place.prefix}*")
                for kind in ("cluster", "access-entry", "addon", "podidentityassociation")
            ),
            service="eks",
        ),
        allow(
            "KeepLogs",
            "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey "
            "DisassociateKmsKey TagResource UntagResource",
            # Some services name the group after what it is of: /aws/eks/<cluster>, /aws/rds/instance/<database>.
            *(place.arn("logs", f"log-group:{folder}{place.prefix}*") for folder in ("", "/aws/*/")),
            service="logs",
        ),
        allow(
            "KeepRunners",
            "CreateProject UpdateProject DeleteProject CreateWebhook UpdateWebhook DeleteWebhook",
            place.arn("codebuild", f"project/{place.prefix}*"),
            service="codebuild",
        ),
        allow(
            "LetRunnersUseConnections",
            "codeconnections:PassConnection codeconnections:UseConnection",
            # Which one, says the setting runners.connection, which identity does not know: runners need identity.
            place.arn("codeconnections", "connection/*"),
        ),
        # It adds people to a topic, and takes nobody off: IAM does not tell one subscription from another (Service
        # Authorization Reference, SNS).
        allow(
            "KeepTopics",
            "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource",
            place.arn("sns", f"{place.prefix}*"),
            service="sns",
        ),
        allow(
            "KeepAlarms",
            "PutMetricAlarm DeleteAlarms TagResource UntagResource",
            place.arn("cloudwatch", f"alarm:{place.prefix}*"),
            service="cloudwatch",
        ),
        allow(
            "KeepRules",
            "PutRule DeleteRule EnableRule DisableRule PutTargets RemoveTargets TagResource UntagResource",
            place.arn("events", f"rule/{place.prefix}*"),
            service="events",
        ),
        allow(
            "KeepBudgets",
            "ModifyBudget TagResource UntagResource",
            place.arn("budgets", f"budget/{place.prefix}*", everywhere=True),
            service="budgets",
        ),
        # Their ids are random, so it goes by their tags.
        allow(
            "KeepAnomalyDetection",
            "UpdateAnomalyMonitor DeleteAnomalyMonitor UpdateAnomalySubscription DeleteAnomalySubscription "
            "UntagResource",
            *anomalies,
            condition=place.tagged,
            service="ce",
        ),
        allow("TagAnomalyDetection", "ce:TagResource", *anomalies, condition=place.claiming),
    ]


def certificates(place: Place) -> Sequence[Statement]:
    """Asks for certificates, and keeps those that carry the tags of this environment: their ids are random."""
    every = place.arn("acm", "certificate/*")
    return [
        # What asks for one names none, so it takes no resource.
        allow("AskForCertificates", "acm:RequestCertificate", "*", condition=place.tagging),
        allow("TagCertificates", "acm:AddTagsToCertificate", every, condition=place.claiming),
        allow(
            "KeepCertificates",
            "acm:DeleteCertificate acm:RemoveTagsFromCertificate",
            every,
            condition=place.tagged,
        ),
    ]


def names(place: Place, domain: str, hosted_zone: str) -> Sequence[Statement]:
    """Writes the records of one name, and of the proof that its certificate asks for: CNAMEs, and nothing else.

    Names as Route 53 compares them: in small letters, without a dot at the end (Route 53 Developer Guide, *Using IAM
    policy conditions for fine-grained access control*).
    """
    return [
        allow(
            "NameThings",
            "route53:ChangeResourceRecordSets",
            f"arn:{place.partition}:route53:::hostedzone/{hosted_zone}",
            condition={
                "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["CNAME"]},
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [domain, f"_*.{domain}"]
                },
            },
        )
    ]


def more(place: Place, actions: Sequence[str]) -> Sequence[Statement]:
    """What the settings add: on what is called as the things of this environment are, whatever its service.

    A name stands behind the account, alone or after its kind and a slash or a colon (IAM User Guide, *Identify AWS
    resources with Amazon Resource Names*). What has a random id, or no region, needs a statement of its own above.
    """
    return [
        allow(
            f"More{service.title().replace('-', '')}",
            " ".join(action for action in actions if action.startswith(f"{service}:")),
            *named(place, service),
        )
        for service in sorted(services_of(actions))
    ]


def named(place: Place, service: str) -> Sequence[str]:
    """The things of a service that are called as those of this environment."""
    if service == "s3":  # Buckets are called so in the whole world, behind no region and no account.
        return [f"arn:{place.partition}:s3:::{place.prefix}*"]
    return [place.arn(service, f"{kind}{place.prefix}*") for kind in ("", "*/", "*:")]


def services_of(actions: Collection[str]) -> Collection[str]:
    """The services of actions, by their prefix in IAM."""
    return {action.partition(":")[0] for action in actions}


# -- the boundary -----------------------------------------------------------------------------------


UNNAMED = ("acm", "ce", "ec2", "elasticloadbalancing", "kms")
"""The services whose things have an id at random, and are ours, or another environment's, by their tags."""

SHARED = (
    *("autoscaling:Describe*", "cloudwatch:Describe*"),
    # Of what watches, no more than a look.
    *("cloudtrail:Describe*", "cloudtrail:GetEventSel*", "cloudtrail:GetTrail*", "cloudtrail:ListT*"),
    *("config:Describe*", "guardduty:Get*", "guardduty:List*"),
    *("codeconnections:Get*", "codeconnections:List*", "codeconnections:PassConnection", "codeconnections:Use*"),
    # Images of the company, too: they are what nodes run.
    *("ecr:BatchCheck*", "ecr:BatchGet*", "ecr:BatchImport*", "ecr:Get*", "inspector2:ListFindings"),
    *("eks-auth:*", "eks:CreateCluster", "eks:Describe*", "logs:Describe*", "rds:Describe*", "route53:Get*"),
    *("route53:List*", "sns:GetSub*"),
    # RDS does it on our behalf, before a secret says which database it is of.
    *("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
    # What a load balancer looks for (AWS's policy AmazonEKSLoadBalancingPolicy).
    *("wafv2:Get*", "wafv2:List*"),
)
"""What is the account's, or has no resource to name."""

NEVER = (
    "iam:DeleteRolePermissionsBoundary",
    # Before its lock ends.
    "s3:BypassGovernanceRetention",
    # Without its key, nothing that it encrypts can be read, the record of what was done among it.
    # Nor without the grants that services hold: to revoke one, or to retire it.
    *("kms:Disable*", "kms:PutKeyPolicy", "kms:Re*Grant", "kms:ScheduleKeyDeletion"),
    # What holds data (``inventory.DATA`` of mlops-scaffold), and the copies of a database and of an object.
    *("ecr:BatchDeleteImage", "ecr:DeleteRepository", "eks:DeleteCluster", "rds:DeleteDBI*", "rds:DeleteDBSn*"),
    *("s3:DeleteBucket", "s3:DeleteObjectVersion", "secretsmanager:DeleteSecret"),
)
"""What takes the boundary off, makes the record of what was done unreadable, or deletes what holds data: for people."""


def watching(place: Place) -> Sequence[str]:
    """What has a name of what the component ``audit`` makes: its records, and what tells people of an attack.

    The rest needs none: the boundary leaves no more than a look at trails, detectors and recorders, whosever they are.
    """
    place = replace(place, region="*", account="*")
    return [
        f"arn:{place.partition}:s3:::{place.prefix}audit-*",
        place.arn("events", f"rule/{place.prefix}audit-*"),
        place.arn("sns", f"{place.prefix}audit-*"),
    ]


def bounded_roles(place: Place, boundary: str) -> Sequence[Statement]:
    """What a role may do with roles, itself included: nothing by which one without the boundary comes to be its own.

    What else ``roles`` asks for, a policy or a service by its name, holds for CI alone: in a role that has the
    boundary, and for a service that is open, it keeps nothing out.
    """
    ours = place.iam(f"role/{place.prefix}*")
    bounded = {"iam:PermissionsBoundary": boundary}
    return [
        allow("MakeRoles", "iam:CreateRole", ours, condition={"StringEquals": bounded}),
        allow(
            "GiveRights",
            # To put, delete, attach and detach them.
            "PutRolePermissionsBoundary *RolePolicy",
            ours,
            condition={"StringEquals": {**bounded, **place.tagged["StringEquals"]}},
            service="iam",
        ),
        allow("KeepRoles", KEPT, ours, condition=place.tagged, service="iam"),
        # EKS puts the nodes' role into a profile that it makes itself (AWS's policy AmazonEKSComputePolicy).
        allow(
            "LendRoles",
            "iam:PassRole iam:CreateServiceLinkedRole iam:AddRoleToInstanceProfile",
            ours,
            place.iam("role/aws-service-role/*"),
            place.iam("instance-profile/eks*"),
        ),
    ]


def ours(place: Place) -> Sequence[str]:
    """Everything that is called as the things of this environment are, where it is not IAM's."""
    # In whatever region: the name says whose it is, and a boundary is short.
    place = replace(place, region="*")
    named = ("cloudwatch:alarm:", "codebuild:*/", "ecr:repository/", "eks:*/", "events:rule/")
    named += ("logs:log-group:", "logs:log-group:/aws/*/", "rds:*:", "secretsmanager:secret:", "sns:")
    return [
        f"arn:{place.partition}:s3:::{place.prefix}*",
        place.arn("budgets", f"budget/{place.prefix}*", everywhere=True),
        *(place.arn(service, f"{kind}{place.prefix}*") for service, _, kind in (each.partition(":") for each in named)),
        # What databases share: a group of logs (AWS's policy AmazonRDSEnhancedMonitoringRole), and options.
        place.arn("logs", "log-group:RDS*"),
        place.arn("rds", "og:default*"),
    ]


def limits(
    place: Place,
    boundary: str,
    guarded: Sequence[str],
    *,
    domain: str = "",
    hosted_zone: str = "",
    actions: Sequence[str] = (),
    others: Sequence[str] = (),
) -> Sequence[Statement]:
    """The boundary: it gives nothing, and whatever a role is given ends here.

    It lists what the platform's services are and, where names tell, what of them is ours. All else is closed: another
    role (``sts``), and a function or a stack of somebody else's that could be made to act for us.

    Args:
        place: where.
        boundary: its own ARN.
        guarded: what of IAM no role of the platform may change: CI's roles, and the trust in GitHub.
        domain: the name whose records are written; empty for none.
        hosted_zone: the id of the zone that holds them.
        actions: what the settings add for CI: their services are open for what is called as ours.
        others: the services that the settings open whole, by their prefix in IAM.
    """
    anywhere = replace(place, region="*")
    made_by_rds, of_our_databases = anywhere.secrets_of_databases
    added = sorted(services_of(actions))
    return [
        # What a role may do with it is said by its own policies.
        {
            "Sid": "Ours",
            "Effect": "Allow",
            "NotAction": "iam:*",
            "Resource": [*ours(place), *(anywhere.arn(name, f"*{place.prefix}*") for name in added)],
        },
        allow("DatabaseSecrets", "secretsmanager:*", made_by_rds, condition={"ArnLike": of_our_databases}),
        allow(
            "State", "s3:ListBucket s3:GetBucketLocation s3:GetObject", place.state, f"{place.state}/.pulumi/meta.yaml"
        ),
        allow("StateFiles", "s3:*Object", *files(place)),
        allow("NoNames", " ".join(f"{name}:*" for name in UNNAMED), "*", condition=place.within),
        allow("Shared", " ".join([*SHARED, *(f"{name}:*" for name in sorted(others))]), "*"),
        {"Sid": "Never", "Effect": "Deny", "Action": list(NEVER), "Resource": "*"},
        *(names(place, domain, hosted_zone) if domain else []),
        # Reading IAM gives nobody a right. Of everything, because AWS's own policies are looked at as well.
        allow("ReadIdentities", "iam:Get* iam:List*", "*"),
        *bounded_roles(place, boundary),
        {
            "Sid": "KeepTheGuards",
            "Effect": "Deny",
            # Every change of them, whatever it will be called one day.
            "NotAction": [
                *("events:Describe*", "events:List*", "iam:Get*", "iam:List*"),
                *("s3:Get*", "s3:List*", "sns:Get*", "sns:List*"),
            ],
            "Resource": [boundary, *guarded, *watching(place), anywhere.arn("kms", f"alias/{place.project}-pulumi")],
        },
        {
            "Sid": "KeepTheStateKey",
            "Effect": "Deny",
            "Action": "kms:CreateGrant",
            "Resource": "*",
            "Condition": place.state_key,
        },
    ]
