"""Images on AWS: repositories in ECR."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi import Input
from pulumi_aws import ecr, iam

from mlops_stacks import images
from mlops_stacks.images import ImagesSettings
from mlops_stacks.keys import Keys

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What a client needs to pull (ECR User Guide, *Identity-based policy examples*, checked 2026-11-24)."""

PUSH = (
    *PULL,
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
    # Whether a tag is taken, and what the scan found: what a pipeline asks before it goes on.
    "ecr:DescribeImages",
    "ecr:DescribeImageScanFindings",
)
"""What a client needs to push (ECR User Guide, *IAM permissions for pushing an image*, checked 2026-11-24)."""


class Images(images.Images):
    """Repositories in ECR, which scan what is pushed, keep the last releases, and let no tag move."""

    def __init__(
        self, name: str, settings: ImagesSettings, *, keys: Keys, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        repositories = {
            repository: self._repository(f"{name}-{repository}", settings, keys) for repository in settings.repositories
        }
        urls = {called: repository.repository_url for called, repository in repositories.items()}
        self.publish(
            registry=urls[settings.repositories[0]].apply(lambda url: url.partition("/")[0]),
            urls=urls,
            references={called: repository.arn for called, repository in repositories.items()},
        )

    def grant_push(self, grantee: str, identity: Input[str]) -> None:
        """Gives the role a policy of its own. It needs no right to the key: ECR uses that by a grant of its own."""
        self._grant(f"{grantee}-push", identity, PUSH)

    def grant_pull(self, grantee: str, identity: Input[str]) -> None:
        """Gives the role a policy of its own. It needs no right to the key: ECR uses that by a grant of its own."""
        self._grant(f"{grantee}-pull", identity, PULL)

    def _repository(self, name: str, settings: ImagesSettings, keys: Keys) -> ecr.Repository:
        """A repository that is encrypted, scanned on push, and cleared of what nobody will ask for."""
        repository = ecr.Repository(
            name,
            # A tag names one image for ever; whoever wants another takes another tag.
            image_tag_mutability="IMMUTABLE",
            # The repository's own switch. The registry's rules would be better, but there is one set of them for an
            # account and region: two environments in one account would take turns in overwriting it.
            image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            # Decided once: with another key, ECR makes a new repository.
            encryption_configurations=[
                ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=keys.data)
            ],
            force_delete=not settings.protected,
            opts=self.keep,
        )
        ecr.LifecyclePolicy(name, repository=repository.name, policy=lifecycle(settings), opts=self.child)
        return repository

    def _grant(self, name: str, identity: Input[str], actions: Sequence[str]) -> None:
        """Puts the policy on the role; it goes when the grant does."""
        iam.RolePolicy(
            name,
            role=identity,
            policy=self.references.apply(lambda references: let_use(references, actions)),
            opts=self.child,
        )


def lifecycle(settings: ImagesSettings) -> str:
    """What ECR deletes, within a day of when it may (ECR User Guide, *Lifecycle policies*, checked 2026-11-24).

    An image for several processors is an index with a tag over images without one. ECR leaves those alone as long as
    the index is there.
    """
    return json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": "What a push left behind",
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": settings.untagged_days,
                    },
                    "action": {"type": "expire"},
                },
                {
                    "rulePriority": 2,
                    "description": "Releases but the last",
                    "selection": {
                        "tagStatus": "tagged",
                        # Any tag.
                        "tagPatternList": ["*"],
                        "countType": "imageCountMoreThan",
                        "countNumber": settings.releases,
                    },
                    "action": {"type": "expire"},
                },
            ]
        }
    )


def let_use(references: Mapping[str, str], actions: Sequence[str]) -> str:
    """The policy of a role that may log in to the registry, and do this to these repositories."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                # The token is the registry's and opens no repository by itself, so IAM takes no other resource here.
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
                {"Effect": "Allow", "Action": list(actions), "Resource": list(references.values())},
            ],
        }
    )
