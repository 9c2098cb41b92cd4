"""The rules for repositories of images. After each, the checks of Checkov that ask for the same."""

from __future__ import annotations

from collections.abc import Iterator

from policy import Plan


def repositories_keep_what_was_tried(plan: Plan) -> Iterator[str]:
    """Every repository refuses to move a tag, and scans what is pushed (CKV_AWS_51, CKV_AWS_163)."""
    for repository in plan.of("aws:ecr/repository:Repository"):
        if repository.inputs.get("imageTagMutability") != "IMMUTABLE":
            yield f"a tag in the repository {repository.name} can be moved to another image"
        if not repository.inputs.get("imageScanningConfiguration", {}).get("scanOnPush"):
            yield f"the repository {repository.name} does not scan what is pushed"


def repositories_are_encrypted_with_our_own_key(plan: Plan) -> Iterator[str]:
    """Every repository uses our key (CKV_AWS_136)."""
    for repository in plan.of("aws:ecr/repository:Repository"):
        if not any("kmsKey" in encryption for encryption in repository.inputs.get("encryptionConfigurations", [])):
            yield f"the repository {repository.name} is not encrypted with a key of ours"
