"""What CI may do on AWS: the statements of its policies, service by service.

The actions are those that the blocks of this platform call for, none more: a block that brings a new service needs a
statement here. In each ``Resource``, the wildcard stands for what has no name yet: physical names begin with project
and environment and end at random, and what has an id instead of a name is known by its tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]

GITHUB = "token.actions.githubusercontent.com"
"""Who issues the tokens of GitHub's jobs."""

PASSED_TO = ("eks", "ec2", "pods.eks", "monitoring.rds", "vpc-flow-logs", "codebuild", "cloudtrail", "config")
"""The services that are handed a role of ours."""

LINKED = (
    *("eks", "rds", "elasticloadbalancing", "spot", "config"),
    # A new detector looks for malware too, with a second role (AWS's policy AmazonGuardDutyFullAccess_v2).
    *("guardduty", "malware-protection.guardduty"),
)
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
    def tagged(self) -> Mapping[str, Any]:
        """The condition that a thing carries the tags of this environment."""
        tags = {"project": self.project, "environment": self.environment}
        return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags.items()}}

    @property
    def untagged_or_ours(self) -> Mapping[str, Any]:
        """The condition that a thing carries the tags of no other environment (IAM User Guide, *…IfExists*)."""
        return {"StringEqualsIfExists": self.tagged["StringEquals"]}


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


def look() -> Sequence[Statement]:
    """Reads what AWS's own policy SecurityAudit leaves out of what the platform is made of.

    None of these has a resource to name, or one that is known: they describe, and return no data.
    """
    return [
        allow(
            "Look",
            "eks:DescribeAddon eks:DescribeAddonVersions eks:DescribePodIdentityAssociation "
            "eks:ListPodIdentityAssociations budgets:ViewBudget budgets:ListTagsForResource ce:GetAnomalyMonitors "
            "ce:GetAnomalySubscriptions ce:ListTagsForResource sns:GetSubscriptionAttributes "
            "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource "
            "codeconnections:GetConnection codeconnections:ListTagsForResource",
            "*",
        )
    ]


# -- making -----------------------------------------------------------------------------------------


def make(
    place: Place, keys: Mapping[str, str], boundary: str, *, domain: str, hosted_zone: str
) -> Mapping[str, Sequence[Statement]]:
    """What deploying needs, in policies that each stay below IAM's limit of characters.

    Args:
        place: where.
        keys: the ARNs of the keys *data* and *secrets*.
        boundary: the ARN of the boundary.
        domain: the name whose records are written; empty for none.
        hosted_zone: the id of the zone that holds them.
    """
    return {
        "roles": roles(place, boundary),
        "network": network(place),
        "data": [*encryption(place, **keys), *data(place)],
        "services": [*services(place), *(names(place, domain, hosted_zone) if domain else [])],
    }


def roles(place: Place, boundary: str) -> Sequence[Statement]:
    """Makes roles of this environment, none without the boundary, and hands them to the services that use them."""
    ours = place.iam(f"role/{place.prefix}*")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return [
        allow(
            "GiveRightsWithinTheBoundary",
            "CreateRole PutRolePermissionsBoundary PutRolePolicy DeleteRolePolicy",
            ours,
            condition=bounded,
            service="iam",
        ),
        allow(
            "GiveAwsPoliciesWithinTheBoundary",
            "iam:AttachRolePolicy iam:DetachRolePolicy",
            ours,
            condition={
                **bounded,
                "ArnEquals": {"iam:PolicyARN": [f"arn:{place.partition}:iam::aws:policy/{name}" for name in ATTACHED]},
            },
        ),
        allow(
            "KeepRoles",
            "DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole",
            ours,
            service="iam",
        ),
        allow(
            "HandOverRoles",
            "iam:PassRole",
            ours,
            condition={"StringEquals": {"iam:PassedToService": [f"{name}.amazonaws.com" for name in PASSED_TO]}},
        ),
        allow(
            "LetServicesMakeTheirRoles",
            "iam:CreateServiceLinkedRole",
            # AWS names them; the condition says whose.
            place.iam("role/aws-service-role/*"),
            condition={"StringEquals": {"iam:AWSServiceName": [f"{name}.amazonaws.com" for name in LINKED]}},
        ),
    ]


def network(place: Place) -> Sequence[Statement]:
    """Makes the network; changes and deletes what carries the tags of this environment."""
    anything = place.arn("ec2", "*")
    return [
        allow(
            "MakeNetwork",
            "CreateVpc CreateSubnet CreateInternetGateway AttachInternetGateway CreateNatGateway AllocateAddress "
            "CreateRouteTable AssociateRouteTable CreateRoute CreateVpcEndpoint CreateSecurityGroup CreateFlowLogs "
            "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress",
            anything,
            service="ec2",
        ),
        # What has no tag yet, such as a thing that is being made, or carries ours already. Whoever could tag another
        # environment's as ours could delete it by the statement below.
        allow("TagNetwork", "ec2:CreateTags", anything, condition=place.untagged_or_ours),
        # A default security group is taken over before it has a tag.
        allow(
            "CloseGroups",
            "ec2:RevokeSecurityGroupIngress ec2:RevokeSecurityGroupEgress",
            place.arn("ec2", "security-group/*"),
            place.arn("ec2", "security-group-rule/*"),
        ),
        allow(
            "ChangeNetwork",
            "ModifyVpcAttribute ModifySubnetAttribute ModifyVpcEndpoint ModifySecurityGroupRules ReplaceRoute "
            "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress "
            "DisassociateRouteTable DetachInternetGateway DisassociateAddress ReleaseAddress DeleteVpc DeleteSubnet "
            "DeleteInternetGateway DeleteNatGateway DeleteRouteTable DeleteRoute DeleteVpcEndpoints "
            "DeleteSecurityGroup DeleteFlowLogs DeleteTags",
            anything,
            condition=place.tagged,
            service="ec2",
        ),
    ]


def encryption(place: Place, *, data: str, secrets: str) -> Sequence[Statement]:
    """Administers the keys of this environment, and lets services use the ones that the platform has.

    By itself the role decrypts nothing: a service asks for it, or holds a grant.
    """
    every = place.arn("kms", "key/*")
    return [
        allow(
            "KeepKeys",
            "PutKeyPolicy EnableKeyRotation DisableKeyRotation UpdateKeyDescription EnableKey ScheduleKeyDeletion "
            "CancelKeyDeletion TagResource UntagResource CreateAlias UpdateAlias DeleteAlias",
            every,
            condition=place.tagged,
            service="kms",
        ),
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
    """Buckets, databases, images and secrets: their settings and, but for images, not what is in them."""
    return [
        allow(
            "KeepBuckets",
            "CreateBucket DeleteBucket PutBucketPolicy DeleteBucketPolicy PutBucketTagging PutBucketVersioning "
            "PutBucketLogging PutBucketPublicAccessBlock PutBucketOwnershipControls PutEncryptionConfiguration "
            "PutLifecycleConfiguration PutBucketObjectLockConfiguration",
            f"arn:{place.partition}:s3:::{place.prefix}*",
            service="s3",
        ),
        allow(
            "KeepDatabases",
            "CreateDBInstance ModifyDBInstance DeleteDBInstance RebootDBInstance CreateDBSnapshot CreateDBSubnetGroup "
            "ModifyDBSubnetGroup DeleteDBSubnetGroup CreateDBParameterGroup ModifyDBParameterGroup "
            "ResetDBParameterGroup DeleteDBParameterGroup AddTagsToResource RemoveTagsFromResource",
            *(place.arn("rds", f"{kind}:{place.prefix}*") for kind in ("db", "subgrp", "pg", "snapshot")),
            # A database is in an option group too, and unless told in the one that AWS has for its version.
            place.arn("rds", "og:default*"),
            service="rds",
        ),
        allow(
            "KeepImages",
            "CreateRepository DeleteRepository PutImageTagMutability PutImageScanningConfiguration PutLifecyclePolicy "
            "DeleteLifecyclePolicy SetRepositoryPolicy DeleteRepositoryPolicy TagResource UntagResource",
            place.arn("ecr", f"repository/{place.prefix}*"),
            service="ecr",
        ),
        # A release: the app's image is pushed, or copied from another environment of this account.
        allow(
            "PushImages",
            "InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage",
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
        allow(
            "KeepSecrets",
            "CreateSecret UpdateSecret DeleteSecret RestoreSecret PutResourcePolicy DeleteResourcePolicy TagResource "
            "UntagResource",
            place.arn("secretsmanager", f"secret:{place.prefix}*"),
            # RDS makes the secret of a database's administrator on behalf of whoever makes the database.
            place.arn("secretsmanager", "secret:rds!*"),
            service="secretsmanager",
        ),
    ]


def services(place: Place) -> Sequence[Statement]:
    """The cluster, the logs, the runners, and what watches over cost and account."""
    return [
        # IAM knows these by no ARN: what they make has none before it is made, and a recorder is the region's only one.
        allow(
            "MakeWhatHasNoName",
            "kms:CreateKey eks:CreateCluster sns:SetSubscriptionAttributes sns:Unsubscribe ce:CreateAnomalyMonitor "
            "ce:CreateAnomalySubscription guardduty:CreateDetector config:PutConfigurationRecorder "
            "config:StartConfigurationRecorder config:StopConfigurationRecorder config:DeleteConfigurationRecorder "
            "config:PutDeliveryChannel config:DeleteDeliveryChannel",
            "*",
        ),
        allow(
            "KeepClusters",
            "DeleteCluster UpdateClusterConfig UpdateClusterVersion AssociateEncryptionConfig "
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
            "KeepCertificates",
            "RequestCertificate DeleteCertificate AddTagsToCertificate RemoveTagsFromCertificate",
            # Their ids are random, and a certificate that is being asked for has no tag yet.
            place.arn("acm", "certificate/*"),
            service="acm",
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
            # Which one, says the setting runners.connection.
            place.arn("codeconnections", "connection/*"),
        ),
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
        allow(
            "KeepAnomalyDetection",
            "UpdateAnomalyMonitor DeleteAnomalyMonitor UpdateAnomalySubscription DeleteAnomalySubscription TagResource "
            "UntagResource",
            # Their ids are random.
            place.arn("ce", "anomalymonitor/*", everywhere=True),
            place.arn("ce", "anomalysubscription/*", everywhere=True),
            service="ce",
        ),
        allow(
            "KeepTrails",
            "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging PutEventSelectors AddTags RemoveTags",
            place.arn("cloudtrail", f"trail/{place.prefix}*"),
            service="cloudtrail",
        ),
        allow(
            "KeepGuard",
            "UpdateDetector DeleteDetector TagResource UntagResource",
            # There is one in a region, with a random id.
            place.arn("guardduty", "detector/*"),
            service="guardduty",
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


# -- the boundary -----------------------------------------------------------------------------------


def limits(place: Place, boundary: str, guarded: Sequence[str]) -> Sequence[Statement]:
    """The boundary: it gives nothing, and whatever a role is given ends here.

    Args:
        place: where.
        boundary: its own ARN.
        guarded: what of IAM no role of the platform may change: CI's roles, and the trust in GitHub.
    """
    return [
        # All else is said by each role's own policies; a boundary that repeated them would have to grow with them.
        {
            "Sid": "NoIdentitiesNoOrganisation",
            "Effect": "Allow",
            "NotAction": ["iam:*", "organizations:*", "account:*"],
            "Resource": "*",
        },
        # Reading IAM gives nobody a right. Of everything, because AWS's own policies are looked at as well.
        allow("ReadIdentities", "iam:Get* iam:List*", f"arn:{place.partition}:iam::*:*"),
        *roles(place, boundary),
        # EKS puts the nodes' role into a profile that it makes itself (AWS's policy AmazonEKSComputePolicy).
        allow("LetEksStartNodes", "iam:AddRoleToInstanceProfile", place.iam("instance-profile/eks*")),
        {
            "Sid": "KeepTheGuards",
            "Effect": "Deny",
            # Every change of them, whatever it will be called one day.
            "NotAction": ["iam:Get*", "iam:List*"],
            "Resource": [boundary, *guarded],
        },
        {
            "Sid": "KeepTheBoundary",
            "Effect": "Deny",
            "Action": "iam:DeleteRolePermissionsBoundary",
            "Resource": "*",
        },
        {
            "Sid": "KeepTheStateKey",
            "Effect": "Deny",
            "Action": [
                f"kms:{action}"
                for action in ("PutKeyPolicy", "CreateGrant", "DisableKey", "DisableKeyRotation", "ScheduleKeyDeletion")
            ],
            "Resource": place.arn("kms", "key/*"),
            "Condition": place.state_key,
        },
        {
            "Sid": "KeepTheStateKeysName",
            "Effect": "Deny",
            "Action": ["kms:UpdateAlias", "kms:DeleteAlias"],
            "Resource": place.arn("kms", f"alias/{place.project}-pulumi"),
        },
        {
            "Sid": "KeepTheStateBucket",
            "Effect": "Deny",
            "Action": [
                f"s3:{action}"
                for action in (
                    "PutBucketPolicy",
                    "DeleteBucketPolicy",
                    "DeleteBucket",
                    "PutBucketVersioning",
                    "PutBucketPublicAccessBlock",
                    "PutEncryptionConfiguration",
                    "PutLifecycleConfiguration",
                    "PutReplicationConfiguration",
                    "DeleteObjectVersion",
                )
            ],
            "Resource": [place.state, f"{place.state}/*"],
        },
    ]
