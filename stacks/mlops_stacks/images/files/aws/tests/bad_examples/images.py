"""What breaks the rules for repositories of images."""

from __future__ import annotations

from bad_examples import plan, resource

REPOSITORY = "aws:ecr/repository:Repository"

EXAMPLES = {
    "repositories_keep_what_was_tried": [
        plan(resource(REPOSITORY, imageTagMutability="MUTABLE", imageScanningConfiguration={"scanOnPush": True})),
        plan(resource(REPOSITORY, imageTagMutability="IMMUTABLE")),
    ],
    "repositories_are_encrypted_with_our_own_key": [
        plan(resource(REPOSITORY, encryptionConfigurations=[{"encryptionType": "AES256"}]))
    ],
}
