"""A program that asks the engine for everything that a platform's program may ask for, once each."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi import ResourceOptions

config = pulumi.Config()
password = config.require_secret("password")


class Group(pulumi.ComponentResource):
    """A component; what it outputs is partly secret, partly unknown."""

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("test:options:Group", name, None, opts)
        self.bucket = aws.s3.Bucket(f"{name}-bucket", opts=ResourceOptions(parent=self))
        self.open = aws.s3.Bucket(f"{name}-open", opts=ResourceOptions(parent=self, protect=False))
        self.below = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=ResourceOptions(parent=self.bucket),
        )
        self.register_outputs({"arn": self.bucket.arn, "password": password, "size": config.get_int("size")})


def tagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Adds a tag to every queue."""
    if args.type_ != "aws:sqs/queue:Queue":
        return None
    return pulumi.ResourceTransformResult({**args.props, "tags": {"by": "transform"}}, args.opts)


pulumi.runtime.register_resource_transform(tagged)

# Providers: the default one, one given, one inherited, one whose configuration is not known yet.
elsewhere = aws.Provider("elsewhere", region="eu-central-1")
plain = Group("plain")
kept = Group("kept", ResourceOptions(protect=True, retain_on_delete=True, providers=[elsewhere], depends_on=[plain]))
given = aws.s3.Bucket("given", opts=ResourceOptions(provider=elsewhere, depends_on=[plain]))
pet = random.RandomPet("pet", keepers={"arn": plain.bucket.arn})
cluster = k8s.Provider("cluster", kubeconfig=pet.id)
namespace = k8s.core.v1.Namespace("ns", metadata={"name": "ns"}, opts=ResourceOptions(provider=cluster))
k8s.core.v1.ConfigMap(
    "settings",
    metadata={"name": "settings", "namespace": namespace.metadata.name},
    data={"uid": namespace.metadata.uid, "password": password},
    opts=ResourceOptions(provider=cluster),
)

# Options.
generated = random.RandomPassword("generated", length=20, opts=ResourceOptions(aliases=[pulumi.Alias(name="former")]))
aws.sqs.Queue(
    "queue",
    name=pulumi.Output.concat("queue-", pet.id),
    opts=ResourceOptions(
        additional_secret_outputs=["url"],
        aliases=["urn:pulumi:dev::options::aws:sqs/queue:Queue::old"],
        custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="90s"),
        delete_before_replace=True,
        deleted_with=given,
        ignore_changes=["tags", "policy"],
        replace_on_changes=["name"],
    ),
)

# Values: secret and unknown in every depth, keys like markers, order of keys, assets.
aws.s3.BucketObject(
    "values",
    bucket=plain.bucket.bucket,
    content=pulumi.Output.json_dumps({"password": generated.result, "arn": plain.bucket.arn}),
    metadata={"$unknown": "mine", "$secret": password, "order": json.dumps(config.get_object("tags"))},
    tags={"known": "1", "unknown": plain.bucket.arn, "both": pulumi.Output.secret(plain.bucket.arn)},
)
aws.s3.BucketObject("text", bucket=plain.bucket.bucket, source=pulumi.StringAsset("some text"))
aws.s3.BucketObject("file", bucket=plain.bucket.bucket, source=pulumi.FileAsset("./__main__.py"))

# Functions, at once and when what they need is known; what exists already.
caller = aws.get_caller_identity()
policy = aws.iam.get_policy_document_output(
    statements=plain.bucket.arn.apply(
        lambda arn: [aws.iam.GetPolicyDocumentStatementArgs(actions=["s3:GetObject"], resources=[arn])]
    )
)
aws.iam.Policy("policy", description=caller.account_id, policy=policy.json)
existing = aws.s3.Bucket.get("existing", "a-bucket")
aws.s3.BucketVersioning("existing", bucket=existing.id, versioning_configuration={"status": "Enabled"})
plain.bucket.arn.apply(lambda arn: aws.sns.Topic("late", display_name=arn))

pulumi.export("plain", {"arn": plain.bucket.arn, "list": [pet.id, 1.5, True, None]})
pulumi.export("secret", generated.result)
