"""Storage on Google Cloud: buckets in Cloud Storage."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_gcp import kms, projects
from pulumi_gcp import storage as gcs

from mlops_stacks import storage
from mlops_stacks.keys import Keys
from mlops_stacks.storage import Bucket, StorageSettings

WEEK = 7 * 24 * 60 * 60
"""In seconds."""


class Storage(storage.Storage):
    """Cloud Storage buckets in one region, private without exception; what was deleted can be brought back."""

    def __init__(
        self, name: str, settings: StorageSettings, *, keys: Keys, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts, protected=settings.protected)

        logs = self._bucket(f"{name}-logs", settings, gcs.BucketLifecycleRuleConditionArgs(age=settings.log_days))
        # Google delivers usage logs as a member of this group (Cloud Storage, "Usage logs & storage logs").
        delivery = gcs.BucketIAMMember(
            f"{name}-logs-delivery",
            bucket=logs.name,
            role="roles/storage.objectCreator",
            member="group:cloud-storage-analytics@google.com",
            opts=self.child,
        )

        # Cloud Storage encrypts through its service agent, which a new project does not have yet. This makes the
        # agent but leaves its address empty, so the address is built from the project's number, which a bucket knows.
        agent = projects.ServiceIdentity(f"{name}-agent", service="storage.googleapis.com", opts=self.child)
        encryption = kms.CryptoKeyIAMMember(
            f"{name}-encryption",
            crypto_key_id=keys.data,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=Output.format(
                "serviceAccount:service-{0}@gs-project-accounts.iam.gserviceaccount.com", logs.project_number
            ),
            opts=ResourceOptions.merge(self.child, ResourceOptions(depends_on=[agent])),
        )

        data, artifacts = (
            self._bucket(
                f"{name}-{content}",
                settings,
                gcs.BucketLifecycleRuleConditionArgs(days_since_noncurrent_time=settings.version_days),
                encryption=gcs.BucketEncryptionArgs(default_kms_key_name=keys.data),
                logging=gcs.BucketLoggingArgs(log_bucket=logs.name, log_object_prefix=content),
                after=[encryption, delivery],
            )
            for content in ("data", "artifacts")
        )

        self.publish(data_url=data.url, artifacts_url=artifacts.url, logs_url=logs.url, key=keys.data)

    def grant_read(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Lets a principal list and get objects, by a role on this one bucket."""
        self._grant(f"{grantee}-reads-{bucket}", "roles/storage.objectViewer", identity, bucket)

    def grant_write(self, grantee: str, identity: Input[str], bucket: Bucket) -> None:
        """Lets a principal list, get, write and delete objects, by a role on this one bucket.

        Cloud Storage has no right to delete objects that spares their old versions: those come back for a week.
        """
        # objectUser, not objectAdmin: all that can be done with objects, but no handing out of rights to them.
        self._grant(f"{grantee}-writes-{bucket}", "roles/storage.objectUser", identity, bucket)

    def _grant(self, name: str, role: str, identity: Input[str], bucket: Bucket) -> None:
        url = {"data": self.data_url, "artifacts": self.artifacts_url}[bucket]
        gcs.BucketIAMMember(
            name,
            bucket=url.apply(lambda url: url.removeprefix("gs://")),
            role=role,
            member=identity,
            opts=self.child,
        )

    def _bucket(
        self,
        name: str,
        settings: StorageSettings,
        forget: gcs.BucketLifecycleRuleConditionArgs,
        *,
        encryption: gcs.BucketEncryptionArgs | None = None,
        logging: gcs.BucketLoggingArgs | None = None,
        after: Sequence[Resource] = (),
    ) -> gcs.Bucket:
        """A versioned bucket whose rights are IAM's alone, that nobody can make public, and that forgets in time."""
        return gcs.Bucket(
            name,
            location=pulumi.Config("gcp").require("region"),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=gcs.BucketVersioningArgs(enabled=True),
            # Even a deleted old version comes back for a week: the shortest there is, for each day is paid as storage.
            soft_delete_policy=gcs.BucketSoftDeletePolicyArgs(retention_duration_seconds=WEEK),
            lifecycle_rules=[
                gcs.BucketLifecycleRuleArgs(action=gcs.BucketLifecycleRuleActionArgs(type="Delete"), condition=forget),
                # The parts of an upload that broke off are invisible, and paid for.
                gcs.BucketLifecycleRuleArgs(
                    action=gcs.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
                    condition=gcs.BucketLifecycleRuleConditionArgs(age=7),
                ),
            ],
            encryption=encryption,
            logging=logging,
            force_destroy=not settings.protected,
            opts=ResourceOptions.merge(self.keep, ResourceOptions(depends_on=after)),
        )
