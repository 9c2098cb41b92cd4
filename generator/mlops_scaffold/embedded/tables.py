"""The tables of ``looks``: what the values look like that only a cloud could give.

Fields in braces are the resource's own properties, those of the place (``region``, ``account``, ``gcp_project`` ...)
and what ``looks`` derives from the resource's name: ``physical``, ``uuid``, ``certificate``, ``octet``, ``hex17``,
``HEX32``, ``digits12``. A nested property has a dotted path, in which lists do not count.
"""

from __future__ import annotations

_GOOGLE = "https://www.googleapis.com"
_COMPUTE = f"{_GOOGLE}/compute/v1/projects/{{gcp_project}}"
_ARN = "arn:aws:{service}:{region}:{account}"

EXACT: dict[str, dict[str, str]] = {
    "aws:acm/certificate:Certificate": {"arn": _ARN + ":certificate/{uuid}", "id": "{arn}"},
    "aws:apigatewayv2/api:Api": {"id": "{hex10}", "apiEndpoint": "https://{id}.execute-api.{region}.amazonaws.com"},
    "aws:cloudwatch/logGroup:LogGroup": {"id": "{name}", "arn": "arn:aws:logs:{region}:{account}:log-group:{name}"},
    "aws:dynamodb/table:Table": {"id": "{name}", "arn": _ARN + ":table/{name}"},
    "aws:ec2/eip:Eip": {
        "id": "eipalloc-{hex17}",
        "allocationId": "{id}",
        "arn": "arn:aws:ec2:{region}:{account}:elastic-ip/{id}",
    },
    "aws:ec2/vpc:Vpc": {
        "id": "vpc-{hex17}",
        "mainRouteTableId": "rtb-{hex17}",
        "defaultRouteTableId": "rtb-{hex17}",
        "defaultNetworkAclId": "acl-{hex17}",
    },
    "aws:ecr/repository:Repository": {
        "id": "{name}",
        "arn": _ARN + ":repository/{name}",
        "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
    },
    "aws:efs/fileSystem:FileSystem": {"id": "fs-{hex17}", "dnsName": "{id}.efs.{region}.amazonaws.com"},
    "aws:eks/addon:Addon": {"id": "{clusterName}:{addonName}"},
    "aws:eks/cluster:Cluster": {
        "id": "{name}",
        "arn": _ARN + ":cluster/{name}",
        "certificateAuthority.data": "{certificate}",
        "endpoint": "https://{HEX32}.gr7.{region}.eks.amazonaws.com",
        "identities.oidcs.issuer": "https://oidc.eks.{region}.amazonaws.com/id/{HEX32}",
        "platformVersion": "eks.1",
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "id": "{clusterName}:{nodeGroupName}",
        "arn": _ARN + ":nodegroup/{clusterName}/{nodeGroupName}/{uuid}",
    },
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {"associationId": "a-{hex17}", "id": "{associationId}"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "primaryEndpointAddress": "master.{physical}.{hex6}.cache.amazonaws.com",
        "readerEndpointAddress": "replica.{physical}.{hex6}.cache.amazonaws.com",
    },
    "aws:iam/group:Group": {"id": "{name}", "arn": "arn:aws:iam::{account}:group/{name}"},
    "aws:iam/instanceProfile:InstanceProfile": {
        "id": "{name}",
        "arn": "arn:aws:iam::{account}:instance-profile/{name}",
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
        "arn": "arn:aws:iam::{account}:oidc-provider/{host}",
        "id": "{arn}",
    },
    "aws:iam/policy:Policy": {"arn": "arn:aws:iam::{account}:policy/{name}", "policyId": "ANPA{HEX17}", "id": "{arn}"},
    "aws:iam/role:Role": {"id": "{name}", "arn": "arn:aws:iam::{account}:role/{name}", "uniqueId": "AROA{HEX17}"},
    "aws:iam/user:User": {"id": "{name}", "arn": "arn:aws:iam::{account}:user/{name}", "uniqueId": "AIDA{HEX17}"},
    "aws:kms/alias:Alias": {"name": "alias/{physical}", "id": "{name}", "arn": _ARN + ":{name}"},
    "aws:kms/key:Key": {"keyId": "{uuid}", "id": "{keyId}", "arn": _ARN + ":key/{keyId}"},
    "aws:lambda/function:Function": {
        "id": "{name}",
        "arn": _ARN + ":function:{name}",
        "qualifiedArn": _ARN + ":function:{name}:$LATEST",
        "version": "$LATEST",
        "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    },
    "aws:lambda/functionUrl:FunctionUrl": {"functionUrl": "https://{hex32}.lambda-url.{region}.on.aws/"},
    "aws:lb/loadBalancer:LoadBalancer": {
        "arn": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex16}",
        "id": "{arn}",
        "dnsName": "{name}-{digits10}.{region}.elb.amazonaws.com",
    },
    "aws:rds/cluster:Cluster": {
        "id": "{clusterIdentifier}",
        "arn": _ARN + ":cluster:{clusterIdentifier}",
        "endpoint": "{clusterIdentifier}.cluster-{hex12}.{region}.rds.amazonaws.com",
        "readerEndpoint": "{clusterIdentifier}.cluster-ro-{hex12}.{region}.rds.amazonaws.com",
        "masterUserSecrets.secretArn": "arn:aws:secretsmanager:{region}:{account}:secret:rds!cluster-{uuid}-{hex6}",
    },
    "aws:rds/instance:Instance": {
        "id": "db-{HEX26}",
        "resourceId": "{id}",
        "arn": _ARN + ":db:{identifier}",
        "address": "{identifier}.{hex12}.{region}.rds.amazonaws.com",
        "endpoint": "{address}:5432",
        "masterUserSecrets.secretArn": "arn:aws:secretsmanager:{region}:{account}:secret:rds!db-{uuid}-{hex6}",
    },
    "aws:rds/subnetGroup:SubnetGroup": {"id": "{name}", "arn": _ARN + ":subgrp:{name}"},
    "aws:route53/zone:Zone": {"zoneId": "Z{HEX20}", "id": "{zoneId}", "arn": "arn:aws:route53:::hostedzone/{zoneId}"},
    "aws:s3/bucket:Bucket": {
        "id": "{bucket}",
        "arn": "arn:aws:s3:::{bucket}",
        "bucketDomainName": "{bucket}.s3.amazonaws.com",
        "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
    },
    "aws:secretsmanager/secret:Secret": {"arn": _ARN + ":secret:{name}-{hex6}", "id": "{arn}"},
    "aws:sns/topic:Topic": {"arn": _ARN + ":{name}", "id": "{arn}"},
    "aws:sqs/queue:Queue": {
        "url": "https://sqs.{region}.amazonaws.com/{account}/{name}",
        "id": "{url}",
        "arn": _ARN + ":{name}",
    },
    "aws:ssm/parameter:Parameter": {"id": "{name}", "arn": _ARN + ":parameter/{name}"},
    "gcp:artifactregistry/repository:Repository": {
        "id": "projects/{gcp_project}/locations/{gcp_region}/repositories/{repositoryId}",
        "name": "{repositoryId}",
        "registryUri": "{gcp_region}-docker.pkg.dev/{gcp_project}/{repositoryId}",
    },
    "gcp:cloudrunv2/service:Service": {
        "id": "projects/{gcp_project}/locations/{gcp_region}/services/{name}",
        "uri": "https://{name}-{gcp_number}.{gcp_region}.run.app",
    },
    "gcp:compute/network:Network": {
        "id": "projects/{gcp_project}/global/networks/{name}",
        "selfLink": _COMPUTE + "/global/networks/{name}",
    },
    "gcp:compute/subnetwork:Subnetwork": {
        "id": "projects/{gcp_project}/regions/{gcp_region}/subnetworks/{name}",
        "selfLink": _COMPUTE + "/regions/{gcp_region}/subnetworks/{name}",
    },
    "gcp:container/cluster:Cluster": {
        "id": "projects/{gcp_project}/locations/{gcp_region}/clusters/{name}",
        "endpoint": "203.0.113.{octet}",
        "masterAuth.clusterCaCertificate": "{certificate}",
        "selfLink": "https://container.googleapis.com/v1/projects/{gcp_project}/locations/{gcp_region}/clusters/{name}",
    },
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
        "id": "projects/{gcp_project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
        "name": "projects/{gcp_number}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
    },
    "gcp:kms/cryptoKey:CryptoKey": {"id": "{keyRing}/cryptoKeys/{name}"},
    "gcp:kms/keyRing:KeyRing": {"id": "projects/{gcp_project}/locations/{location}/keyRings/{name}"},
    "gcp:organizations/project:Project": {"id": "projects/{projectId}", "number": "{gcp_number}"},
    "gcp:pubsub/topic:Topic": {"id": "projects/{gcp_project}/topics/{name}"},
    "gcp:secretmanager/secret:Secret": {
        "id": "projects/{gcp_project}/secrets/{secretId}",
        "name": "projects/{gcp_number}/secrets/{secretId}",
    },
    "gcp:serviceaccount/account:Account": {
        "email": "{accountId}@{gcp_project}.iam.gserviceaccount.com",
        "id": "projects/{gcp_project}/serviceAccounts/{email}",
        "member": "serviceAccount:{email}",
        "name": "projects/{gcp_project}/serviceAccounts/{email}",
        "uniqueId": "{digits21}",
    },
    "gcp:sql/databaseInstance:DatabaseInstance": {
        "id": "{name}",
        "connectionName": "{gcp_project}:{gcp_region}:{name}",
        "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/{gcp_project}/instances/{name}",
    },
    "gcp:storage/bucket:Bucket": {
        "id": "{name}",
        "selfLink": _GOOGLE + "/storage/v1/b/{name}",
        "url": "gs://{name}",
    },
    "random:index/randomId:RandomId": {"id": "{hex8}", "hex": "{hex8}", "dec": "{digits10}"},
    "random:index/randomPet:RandomPet": {"id": "placid-{hex6}"},
    "random:index/randomString:RandomString": {"result": "{hex32}", "id": "{result}"},
    "random:index/randomUuid:RandomUuid": {"result": "{uuid}", "id": "{result}"},
}
"""What outputs of one type look like. Order matters: a template may name an output that stands before it."""

PREFIXES = {
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/instance:Instance": "i",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/networkAcl:NetworkAcl": "acl",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
}
"""What the ids of a type begin with."""

KINDS = {
    r"(^a|A)rns?$": "arn:aws:{service}:{region}:{account}:{kind}/{physical}",
    r"[sS]ecurityGroupIds?$": "sg-{hex17}",
    r"[vV]pcId$": "vpc-{hex17}",
    r"[sS]ubnetIds?$": "subnet-{hex17}",
    r"[nN]etworkInterfaceIds?$": "eni-{hex17}",
    r"([hH]ostedZone|^zone)Id$": "Z{HEX20}",
    r"^(owner|account|registry)(Id)?$": "{account}",
    r"[aA]vailabilityZones?$": "{region}a",
    r"^region$": "{region}",
    r"^location$": "{gcp_region}",
    r"^project$": "{gcp_project}",
    r"[pP]rojectNumber$": "{gcp_number}",
    r"[eE]mail$": "{physical}@{gcp_project}.iam.gserviceaccount.com",
    r"^selfLink$": _COMPUTE + "/global/{kind}s/{physical}",
    r"[iI]pv6Cidr": "2001:db8:{octet}::/56",
    r"[cC]idr": "10.{octet}.0.0/16",
    r"([iI]p|[iI]p[vV]?4?Address)(es)?$": "203.0.113.{octet}",
    r"[cC]ertificateAuthority|[cC]aCert|[cC]ertificate(Data)?$": "{certificate}",
    r"([dD]ns|[dD]omain|[hH]ost)[nN]ames?$|^(host|fqdn|address)$": "{hex12}.{region}.example.com",
    r"([uU]r[il]|[eE]ndpoint)s?$": "https://{hex12}.{region}.example.com",
    r"[jJ]son$|[pP]olicy$|^kubeconfig$": "{{}}",
    r"([uU]u|^u|[vV]ersion)[iI]d$": "{uuid}",
    r"[fF]ingerprint$|^etag$|[hH]ash$|[sS]ha\d*$": "{hex40}",
    r"([cC]reat|[uU]pdat|[mM]odif).*(At|Date|Time|On)$|[tT]imestamp$": "2026-01-01T00:00:00Z",
    r"^(status|state)$": "ACTIVE",
    r"[vV]ersion$": "1",
}
"""What a value looks like by the name of its property; the first pattern that is found counts."""
