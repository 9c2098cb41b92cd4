"""Cluster on AWS."""

from __future__ import annotations

import json

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import cloudwatch, ec2, eks, iam, vpc

from mlops_stacks import cluster
from mlops_stacks.cluster import ClusterSettings
from mlops_stacks.cluster._people import admit, identities, let
from mlops_stacks.identity import Identity
from mlops_stacks.keys import Keys
from mlops_stacks.network import Network

CLUSTER_POLICIES = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicyV2",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""What Auto Mode needs to run nodes, disks, load balancers and addresses (EKS User Guide, checked 2026-11-24)."""

NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
"""What a node needs: to hand out pod identities, and to pull images (EKS User Guide, checked 2026-11-24)."""

LET_NODES_ASSUME = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
"""The trust policy of the nodes' role. EC2 does not say for which instance it asks, so no condition can."""

SERVICE_CIDR = "172.20.0.0/16"
"""Where the cluster's services get their addresses: the range EKS itself takes beside a network in 10.0.0.0/8.

It lies inside the cluster only, but must not overlap the network's range. It cannot be changed later.
"""


class Cluster(cluster.Cluster):
    """EKS in Auto Mode: AWS runs the control plane, and the nodes, disks, addresses and load balancers as well.

    Four things make it up. The *cluster* is the control plane: the API, its store, its schedulers. Its *role* is what
    AWS acts with on our behalf, for instance to start a node. The *node role* is what each node acts with. *Access
    entries* say which IAM identities may come in, and as what. No node stands here: node classes and pools are objects
    inside the cluster, and the workspace makes them.

    ``deployer`` and ``administrators`` are ARNs of IAM roles or users.
    """

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        keys: Keys,
        network: Network,
        identity: Identity | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)
        boundary = identity.boundary if identity else None

        # EKS writes its logs to a group whose name follows from the cluster's, and makes that group itself when it is
        # missing: unencrypted, and kept for ever. To be there first the group must know the name, so we choose it.
        cluster_name = f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"
        logs = cloudwatch.LogGroup(
            name,
            name=f"/aws/eks/{cluster_name}/cluster",
            retention_in_days=settings.log_days,
            kms_key_id=keys.logs,
            opts=self.child,
        )

        # TagSession, because EKS tags its session with the cluster's name, and the rights of the role end there: with
        # it AWS touches what carries this cluster's name, and nothing else.
        role = iam.Role(
            name,
            assume_role_policy=keys.secrets.apply(lambda arn: let_eks_assume(arn, cluster_name)),
            permissions_boundary=boundary,
            opts=self.child,
        )
        rights = [
            *self._attach(name, role, CLUSTER_POLICIES),
            iam.RolePolicy(name, role=role.name, policy=beyond_managed_policies(role, keys.data), opts=self.child),
        ]

        # On the control plane's own addresses alone: EKS joins it with the nodes by a group that it makes itself.
        door = ec2.SecurityGroup(
            name,
            description="Who reaches the Kubernetes API from inside the network",
            vpc_id=network.network_id,
            opts=self.child,
        )
        vpc.SecurityGroupIngressRule(
            name,
            security_group_id=door.id,
            description="The network itself",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=network.cidr,
            opts=self.child,
        )

        # checkov:skip=CKV_AWS_339: this version is supported (README.md says until when); checkov's list ends at 1.35
        cluster = eks.Cluster(
            name,
            name=cluster_name,
            role_arn=role.arn,
            version=settings.version,
            # At its end of support a version is raised for us, rather than kept at six times the price.
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=settings.protected,
            # Auto Mode: these three go together. There are no built-in node pools, because their nodes would carry
            # neither our tags nor our key; and so there is no node role here either.
            compute_config=eks.ClusterComputeConfigArgs(enabled=True),
            storage_config=eks.ClusterStorageConfigArgs(
                block_storage=eks.ClusterStorageConfigBlockStorageArgs(enabled=True)
            ),
            kubernetes_network_config=eks.ClusterKubernetesNetworkConfigArgs(
                elastic_load_balancing=eks.ClusterKubernetesNetworkConfigElasticLoadBalancingArgs(enabled=True),
                service_ipv4_cidr=SERVICE_CIDR,
            ),
            # The network plugin, DNS and proxy of a cluster without Auto Mode: here they are part of each node.
            bootstrap_self_managed_addons=False,
            # Where the API is reached.
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=network.private_subnet_ids,
                security_group_ids=[door.id],
                endpoint_private_access=True,
                endpoint_public_access=bool(settings.admin_cidrs),
                public_access_cidrs=list(settings.admin_cidrs) or None,
            ),
            # Who may come in: access entries alone say so, and whoever made the cluster needs one like everybody else.
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            encryption_config=eks.ClusterEncryptionConfigArgs(
                resources=["secrets"],
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=keys.secrets),
            ),
            enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
            # When a zone fails, AWS or an operator can turn traffic away from it.
            zonal_shift_config=eks.ClusterZonalShiftConfigArgs(enabled=True),
            # The rights outlive the cluster: without them AWS could not take down what it has started. EKS keeps the
            # zones that it was made in and refuses others; nodes may stand in more, so a zone that is added is theirs.
            opts=ResourceOptions.merge(
                self.keep, ResourceOptions(depends_on=[logs, *rights], ignore_changes=["vpcConfig.subnetIds"])
            ),
        )

        # EKS makes the group that joins it with its nodes, and gives it none of the cluster's tags. By these, CI's
        # rights tell one environment from another.
        group = cluster.arn.apply(lambda _: cluster.vpc_config.cluster_security_group_id)
        for key, value in {"project": pulumi.get_project(), "environment": pulumi.get_stack()}.items():
            ec2.Tag(f"{name}-{key}", resource_id=group, key=key, value=value, opts=self.child)

        nodes = iam.Role(
            f"{name}-nodes", assume_role_policy=LET_NODES_ASSUME, permissions_boundary=boundary, opts=self.child
        )
        self._attach(f"{name}-nodes", nodes, NODE_POLICIES)
        self._admit(f"{name}-nodes", cluster, nodes.arn, policy="AmazonEKSAutoNodePolicy", kind="EC2")

        if identity:
            self._admit(f"{name}-deploy", cluster, identity.deploy, policy="AmazonEKSClusterAdminPolicy")
            # Looks at everything, secrets too: without them drift of a secret would not be seen.
            self._admit(f"{name}-preview", cluster, identity.preview, policy="AmazonEKSAdminViewPolicy")

        people = identities(
            "cluster.deployer and cluster.administrators",
            [*([settings.deployer] if settings.deployer else []), *settings.administrators],
        )
        for called, arn in people.items():
            # By the identity's own name: another one before it in the list must not move it.
            self._admit(f"{name}-admin-{called}", cluster, arn, policy="AmazonEKSClusterAdminPolicy")
        if not people:
            pulumi.log.warn(
                "nobody may enter the cluster, not even Pulumi: name the role that runs Pulumi in cluster.deployer "
                "(make bootstrap does), or people in cluster.administrators",
                self,
            )

        if not settings.admin_cidrs:
            pulumi.log.warn(
                "the cluster's API is reached from inside the network alone: name your own address in "
                "cluster.admin_cidrs, or run the cluster program from inside",
                self,
            )

        self.publish(
            cluster_name=cluster.name,
            kubeconfig=kubeconfig(cluster),
            pod_source=group,
            node_identity=nodes.name,
            api_cidr=SERVICE_CIDR,
            boundary=boundary or "",
        )

    def workload_identity(self, grantee: str, *, namespace: str, service_account: str) -> Output[str]:
        """Makes an IAM role that EKS Pod Identity hands to the pods of one service account.

        The agent that hands it out is part of every Auto Mode node. A pod gets it when it starts, so the pod must not
        start before the role's name is known.
        """
        role = iam.Role(
            grantee,
            assume_role_policy=Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "pods.eks.amazonaws.com"},
                            "Action": ["sts:AssumeRole", "sts:TagSession"],
                            # The agent says for whom it asks. Without this, whoever may make an association, in any
                            # cluster of the account, could hand the role to pods of theirs.
                            "Condition": {
                                "StringEquals": {
                                    "aws:RequestTag/eks-cluster-name": self.cluster_name,
                                    "aws:RequestTag/kubernetes-namespace": namespace,
                                    "aws:RequestTag/kubernetes-service-account": service_account,
                                }
                            },
                        }
                    ],
                }
            ),
            permissions_boundary=self.boundary,
            opts=self.child,
        )
        association = eks.PodIdentityAssociation(
            grantee,
            cluster_name=self.cluster_name,
            namespace=namespace,
            service_account=service_account,
            role_arn=role.arn,
            opts=self.child,
        )
        return association.association_id.apply(lambda _: role.name)

    def _attach(self, name: str, role: iam.Role, policies: tuple[str, ...]) -> list[iam.RolePolicyAttachment]:
        """Gives a role policies that AWS writes and keeps up to date."""
        return [
            iam.RolePolicyAttachment(
                f"{name}-{policy}",
                role=role.name,
                policy_arn=Output.format("arn:{0}:iam::aws:policy/{1}", partition(role.arn), policy),
                opts=self.child,
            )
            for policy in policies
        ]

    def _admit(
        self, name: str, cluster: eks.Cluster, principal: pulumi.Input[str], *, policy: str, kind: str = "STANDARD"
    ) -> None:
        """Lets an IAM identity into the cluster, and says what it may do there."""
        let(name, admit(name, cluster.name, principal, kind=kind, opts=self.child), policy, opts=self.child)


def partition(arn: Output[str]) -> Output[str]:
    """``aws``, or ``aws-cn`` and ``aws-us-gov``, whose ARNs begin otherwise."""
    return arn.apply(lambda arn: arn.split(":")[1])


def let_eks_assume(arn: str, cluster: str) -> str:
    """Lets EKS take the role, for one cluster of the account and region that this ARN is of.

    Source: EKS User Guide, *Cross-service confused deputy prevention*, checked 2026-11-24.
    """
    _, partition, _, region, account, _ = arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceAccount": account,
                            "aws:SourceArn": f"arn:{partition}:eks:{region}:{account}:cluster/{cluster}",
                        }
                    },
                }
            ],
        }
    )


def beyond_managed_policies(role: iam.Role, key: Output[str]) -> Output[str]:
    """What AWS's policies leave to the owner of a cluster: tags of our own, and disks under a key of our own.

    Source: EKS User Guide, *Custom AWS tags for EKS Auto resources*, and *EBS volume encryption with customer managed
    keys for EKS Auto Mode*, checked 2026-11-24.
    """
    for_this_cluster = {"aws:RequestTag/eks:eks-cluster-name": "${aws:PrincipalTag/eks:eks-cluster-name}"}
    region = pulumi.Config("aws").require("region")
    return Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TagWhatItMakes",
                    "Effect": "Allow",
                    "Action": [
                        "ec2:CreateFleet",
                        "ec2:RunInstances",
                        "ec2:CreateLaunchTemplate",
                        "ec2:CreateNetworkInterface",
                        "ec2:CreateSecurityGroup",
                        "elasticloadbalancing:CreateLoadBalancer",
                        "elasticloadbalancing:CreateTargetGroup",
                        "elasticloadbalancing:CreateListener",
                        "elasticloadbalancing:CreateRule",
                    ],
                    # None of it exists yet, so none has an ARN. The condition is the limit.
                    "Resource": "*",
                    "Condition": {"StringEquals": for_this_cluster},
                },
                {
                    "Sid": "TagVolumes",
                    "Effect": "Allow",
                    "Action": "ec2:CreateVolume",
                    # Any volume that is yet to be made, but no snapshot of somebody else's to make it from.
                    "Resource": Output.format("arn:{0}:ec2:*:*:volume/*", partition(role.arn)),
                    "Condition": {"StringEquals": for_this_cluster},
                },
                {
                    "Sid": "EncryptDisks",
                    "Effect": "Allow",
                    # ReEncrypt and GenerateDataKey come in pairs: to and from, with and without plaintext.
                    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
                    "Resource": key,
                    "Condition": {"StringEquals": {"kms:ViaService": f"ec2.{region}.amazonaws.com"}},
                },
                {"Sid": "FindKey", "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key},
                {
                    "Sid": "LetDisksKeepKey",
                    "Effect": "Allow",
                    "Action": "kms:CreateGrant",
                    "Resource": key,
                    "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
                },
            ],
        }
    )


def kubeconfig(cluster: eks.Cluster) -> Output[str]:
    """How kubectl and Pulumi reach a cluster: each call fetches a token from AWS's own command line."""
    region = pulumi.Config("aws").require("region")
    return Output.secret(
        Output.json_dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": cluster.name,
                        "cluster": {
                            "server": cluster.endpoint,
                            "certificate-authority-data": cluster.certificate_authority.data,
                        },
                    }
                ],
                "users": [
                    {
                        "name": cluster.name,
                        "user": {
                            "exec": {
                                "apiVersion": "client.authentication.k8s.io/v1beta1",
                                "command": "aws",
                                "args": [
                                    "eks",
                                    "get-token",
                                    "--output=json",
                                    f"--region={region}",
                                    Output.format("--cluster-name={0}", cluster.name),
                                ],
                                "installHint": "install AWS's command line, version 2",
                                "interactiveMode": "Never",
                            }
                        },
                    }
                ],
                "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": cluster.name}}],
                "current-context": cluster.name,
            }
        )
    )
