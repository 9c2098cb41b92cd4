"""Network on AWS: a VPC over two or three availability zones."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from mlops_stacks import network
from mlops_stacks.identity import Identity
from mlops_stacks.keys import Keys
from mlops_stacks.network import NetworkSettings

ZONE_ID = re.compile(r"[a-z]+[0-9]+-az[0-9]+")
"""A zone's id, the same in every account, unlike its name (AWS RAM User Guide, *Availability Zone IDs*)."""

ZONE_IDS = {
    "af-south-1": ("afs1-az1", "afs1-az2", "afs1-az3"),
    "ap-east-1": ("ape1-az1", "ape1-az2", "ape1-az3"),
    "ap-east-2": ("ape2-az1", "ape2-az2", "ape2-az3"),
    "ap-northeast-1": ("apne1-az1", "apne1-az2", "apne1-az4"),
    "ap-northeast-2": ("apne2-az1", "apne2-az2", "apne2-az3"),
    "ap-northeast-3": ("apne3-az1", "apne3-az2", "apne3-az3"),
    "ap-south-1": ("aps1-az1", "aps1-az2", "aps1-az3"),
    "ap-south-2": ("aps2-az1", "aps2-az2", "aps2-az3"),
    "ap-southeast-1": ("apse1-az1", "apse1-az2", "apse1-az3"),
    "ap-southeast-2": ("apse2-az1", "apse2-az2", "apse2-az3"),
    "ap-southeast-3": ("apse3-az1", "apse3-az2", "apse3-az3"),
    "ap-southeast-4": ("apse4-az1", "apse4-az2", "apse4-az3"),
    "ap-southeast-5": ("apse5-az1", "apse5-az2", "apse5-az3"),
    "ap-southeast-6": ("apse6-az1", "apse6-az2", "apse6-az3"),
    "ap-southeast-7": ("apse7-az1", "apse7-az2", "apse7-az3"),
    "ca-central-1": ("cac1-az1", "cac1-az2", "cac1-az4"),
    "ca-west-1": ("caw1-az1", "caw1-az2", "caw1-az3"),
    "eu-central-1": ("euc1-az1", "euc1-az2", "euc1-az3"),
    "eu-central-2": ("euc2-az1", "euc2-az2", "euc2-az3"),
    "eu-north-1": ("eun1-az1", "eun1-az2", "eun1-az3"),
    "eu-south-1": ("eus1-az1", "eus1-az2", "eus1-az3"),
    "eu-south-2": ("eus2-az1", "eus2-az2", "eus2-az3"),
    "eu-west-1": ("euw1-az1", "euw1-az2", "euw1-az3"),
    "eu-west-2": ("euw2-az1", "euw2-az2", "euw2-az3"),
    "eu-west-3": ("euw3-az1", "euw3-az2", "euw3-az3"),
    "il-central-1": ("ilc1-az1", "ilc1-az2", "ilc1-az3"),
    "me-central-1": ("mec1-az1", "mec1-az2", "mec1-az3"),
    "me-south-1": ("mes1-az1", "mes1-az2", "mes1-az3"),
    "mx-central-1": ("mxc1-az1", "mxc1-az2", "mxc1-az3"),
    "sa-east-1": ("sae1-az1", "sae1-az2", "sae1-az3"),
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4"),
    "us-east-2": ("use2-az1", "use2-az2", "use2-az3"),
    "us-west-1": ("usw1-az1", "usw1-az3"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
}
"""The zones of each commercial region, in the order in which a network takes them: never reorder, only append.

Source: AWS Regions and Availability Zones, checked 2026-11-24, without the zones that EKS refuses (use1-az3, usw1-az2,
cac1-az3: EKS User Guide, subnet requirements) and without apne1-az3, which is closed to newer accounts.
"""


class Network(network.Network):
    """A VPC: in each zone a public subnet for load balancers, and a private one for everything else."""

    def __init__(
        self,
        name: str,
        settings: NetworkSettings,
        *,
        keys: Keys,
        identity: Identity | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        region = pulumi.Config("aws").require("region")

        vpc = ec2.Vpc(
            name,
            cidr_block=settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=called(name),
            opts=self.child,
        )
        internet = ec2.InternetGateway(name, vpc_id=vpc.id, tags=called(name), opts=self.child)
        public_table = ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, tags=called(f"{name}-public"), opts=self.child)
        public_route = ec2.Route(
            f"{name}-public",
            route_table_id=public_table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=internet.id,
            opts=self.child,
        )

        # A quarter of the range for each of at most three zones, because every pod takes an address of its own. The
        # public subnets, of 256 addresses each, come out of the last quarter. So a zone that is added moves no other.
        *private_ranges, rest = IPv4Network(settings.cidr).subnets(new_prefix=18)
        public_ranges = rest.subnets(new_prefix=24)

        # Subnets are handed on by way of the association with their routes: what stands in one has its way out.
        public_associations: list[ec2.RouteTableAssociation] = []
        private_associations: list[ec2.RouteTableAssociation] = []
        private_tables: list[ec2.RouteTable] = []
        nats: list[ec2.NatGateway] = []
        for zone, public_range, private_range in zip(
            zones(region, settings), public_ranges, private_ranges, strict=False
        ):
            public = f"{name}-public-{zone}"
            public_subnet = ec2.Subnet(
                public,
                vpc_id=vpc.id,
                availability_zone_id=zone,
                cidr_block=str(public_range),
                # Where EKS puts the load balancers that face the internet.
                tags=called(public) | {"kubernetes.io/role/elb": "1"},
                opts=self.child,
            )
            public_association = ec2.RouteTableAssociation(
                public, subnet_id=public_subnet.id, route_table_id=public_route.route_table_id, opts=self.child
            )
            public_associations.append(public_association)

            if settings.nat == "per-zone" or not nats:
                nat = f"{name}-nat-{zone}"
                address = ec2.Eip(nat, domain="vpc", tags=called(nat), opts=self.child)
                nats.append(
                    ec2.NatGateway(
                        nat,
                        subnet_id=public_association.subnet_id,
                        allocation_id=address.allocation_id,
                        tags=called(nat),
                        opts=self.child,
                    )
                )

            private = f"{name}-private-{zone}"
            private_subnet = ec2.Subnet(
                private,
                vpc_id=vpc.id,
                availability_zone_id=zone,
                cidr_block=str(private_range),
                # Where EKS puts the load balancers that only the network sees.
                tags=called(private) | {"kubernetes.io/role/internal-elb": "1"},
                opts=self.child,
            )
            # A table a zone even with one NAT gateway: with more of them, later, only the routes change.
            private_table = ec2.RouteTable(private, vpc_id=vpc.id, tags=called(private), opts=self.child)
            private_route = ec2.Route(
                private,
                route_table_id=private_table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nats[-1].id,
                opts=self.child,
            )
            private_association = ec2.RouteTableAssociation(
                private, subnet_id=private_subnet.id, route_table_id=private_route.route_table_id, opts=self.child
            )
            private_associations.append(private_association)
            private_tables.append(private_table)

        # Free, and it keeps data sets and images off the bill of the NAT gateway.
        ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{region}.s3",
            route_table_ids=[table.id for table in private_tables],
            policy=vpc.owner_id.apply(keep_objects_at_home),
            tags=called(f"{name}-s3"),
            opts=self.child,
        )
        # Adopted and left without rules, so that what lands in it by mistake reaches nothing.
        ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, opts=self.child)
        self._flow_logs(f"{name}-flow-logs", vpc, settings.log_days, keys, identity)

        self.publish(
            network_id=vpc.id,
            cidr=vpc.cidr_block,
            private_subnet_ids=pulumi.Output.all(*[association.subnet_id for association in private_associations]),
            public_subnet_ids=pulumi.Output.all(*[association.subnet_id for association in public_associations]),
        )

    def _flow_logs(self, name: str, vpc: ec2.Vpc, days: int, keys: Keys, identity: Identity | None) -> None:
        """Records who talks to whom, in an encrypted log group that only the flow log service writes to."""
        group = cloudwatch.LogGroup(name, retention_in_days=days, kms_key_id=keys.logs, opts=self.child)
        role = iam.Role(
            name,
            assume_role_policy=vpc.arn.apply(let_flow_logs_assume),
            permissions_boundary=identity.boundary if identity else None,
            opts=self.child,
        )
        iam.RolePolicy(
            name,
            role=role.name,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                            # The streams of this group: there is one for each network interface.
                            "Resource": pulumi.Output.concat(group.arn, ":*"),
                        }
                    ],
                }
            ),
            opts=self.child,
        )
        ec2.FlowLog(
            name,
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags=called(name),
            opts=self.child,
        )


def called(name: str) -> dict[str, str]:
    """The tag that the console shows instead of an id; a network's parts have no other name."""
    return {"Name": f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}"}


def zones(region: str, settings: NetworkSettings) -> Sequence[str]:
    """The ids of the zones to spread over: those that the settings name, else our table's.

    Raises:
        pulumi.RunError: there are fewer than ``settings.zones``, or one is no id.
    """
    ids = settings.zone_ids or ZONE_IDS.get(region, ())
    if wrong := [zone for zone in ids if not ZONE_ID.fullmatch(zone)]:
        raise pulumi.RunError(
            f"network.zone_ids: {', '.join(wrong)}: a zone's id is like use1-az1, its name will not do"
        )
    if len(ids) < settings.zones:
        raise pulumi.RunError(
            f"network.zones: {settings.zones} zones are asked for, and {len(ids)} are known in aws:region, '{region}'. "
            "Name them in network.zone_ids; they are listed by: "
            f"aws ec2 describe-availability-zones --region {region} --query 'AvailabilityZones[].ZoneId'"
        )
    return ids[: settings.zones]


def keep_objects_at_home(account: str) -> str:
    """Lets objects be written to buckets of this account alone, with whomever's keys.

    Reading is free: nodes pull the layers of images out of buckets of AWS's, and public data sets are others'. What a
    workload may do with our own buckets is said by its role.
    """
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                # What an endpoint without a policy has; a role has to allow it all the same.
                {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    # PutObject, which is each part of an upload too, its access list and its tags.
                    "Action": "s3:PutObject*",
                    "Resource": "*",
                    "Condition": {"StringNotEquals": {"aws:ResourceAccount": account}},
                },
            ],
        }
    )


def let_flow_logs_assume(vpc_arn: str) -> str:
    """Lets the flow log service take the role, for the flow logs of this account and region alone."""
    _, partition, _, region, account, _ = vpc_arn.split(":", 5)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        # Any flow log of the account: this one has no id before the role exists.
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*"},
                    },
                }
            ],
        }
    )
