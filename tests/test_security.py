"""``make security`` of a repository: checkov finds nothing in it that is not waived, and notices what gets worse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import CONNECTED, REFRESH
from services import image

import mlops_blueprints
from mlops_scaffold import project
from mlops_scaffold.answers import Answers

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "reference" / "waivers.md"
LOCK = Path(mlops_blueprints.__file__).parent / "files" / "any" / "tests" / "security"

UNSEEN = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:budgets/budget:Budget",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:codebuild/webhook:Webhook",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ec2/tag:Tag",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:eks/addon:Addon",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:guardduty/detectorFeature:DetectorFeature",
    "aws:kms/alias:Alias",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:rds/eventSubscription:EventSubscription",
    "aws:rds/parameterGroup:ParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:route53/record:Record",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "kubernetes:core/v1:LimitRange",
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:ResourceQuota",
    "kubernetes:eks.amazonaws.com/v1:IngressClassParams",
    "kubernetes:eks.amazonaws.com/v1:NodeClass",
    "kubernetes:karpenter.sh/v1:NodePool",
    "kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue",
    "kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue",
    "kubernetes:kueue.x-k8s.io/v1beta2:ResourceFlavor",
    "kubernetes:networking.k8s.io/v1:IngressClass",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "kubernetes:policy/v1:PodDisruptionBudget",
    "kubernetes:scheduling.k8s.io/v1:PriorityClass",
    "kubernetes:storage.k8s.io/v1:StorageClass",
}
"""The types that no check of checkov looks at, or only beside another. Before you add one, make sure that it is so, and
that tests/security/terraform.py does not merely call it by a wrong name: ``checkov --list`` tells."""


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with CI in every environment but dev, which is as on the first day."""
    answers = Answers("acme", "series-a", "aws", account="123456789012", set=CONNECTED)
    folder = project.new(answers, tmp_path_factory.mktemp("security"), plan=False).folder
    dev = folder / "Pulumi.dev.yaml"
    settings = yaml.safe_load(dev.read_text())
    for component in ("identity", "runners"):
        settings["config"]["acme:platform"][component] = dict.fromkeys(CONNECTED[component], "")
    dev.write_text(yaml.safe_dump(settings))
    (folder / ".venv-security").symlink_to(image(LOCK).parent)
    return folder


def judged(folder: Path) -> tuple[int, str]:
    """The exit code of the judge, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "security"],
        cwd=folder,
        # Nobody is to be asked: a request would end at this proxy.
        env={**os.environ, "PYTHONPATH": f"{folder / 'tests'}:{folder}", "HTTPS_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def verdict(owned: Path) -> str:
    """What is said of a repository on its first day."""
    code, said = judged(owned)
    assert code == 0, said[said.index("\nNo check looks at") :]
    return said


def table(said: str) -> Iterator[str]:
    """The lines of the table of what is waived."""
    return (line for line in said.splitlines() if line.startswith("|"))


def test_every_waiver_is_on_the_page_of_waivers(verdict: str, pytestconfig: pytest.Config) -> None:
    lines = [*table(verdict)]
    title = "# What a repository of series-a does without"
    about = f"Checkov has {len(lines) - 2} findings in it. Each is waived, in a comment beside what it is about."
    wanted = "\n\n".join([title, "This page is generated by `make docs`.", about, "\n".join(lines)]) + "\n"
    if pytestconfig.getoption(REFRESH):
        TABLE.write_text(wanted)
    assert TABLE.read_text() == wanted, "the waivers have changed: make docs"


def test_every_type_is_looked_at_or_known_not_to_be(verdict: str) -> None:
    (line,) = (line for line in verdict.splitlines() if line.startswith("No check looks at"))
    unseen = set(line.removeprefix("No check looks at ").removesuffix(".").split(", "))

    assert unseen - UNSEEN == set(), "what to do with a new one, UNSEEN says"


MUTANTS = {
    "CKV_AWS_7": ("mlops_stacks/keys/aws.py", "enable_key_rotation=True", "enable_key_rotation=False"),
    "CKV_AWS_16": ("mlops_stacks/database/aws.py", "storage_encrypted=True", "storage_encrypted=False"),
    "CKV_AWS_21": ("mlops_stacks/storage/_bucket.py", 'status="Enabled"),', 'status="Suspended"),'),
    "CKV_AWS_36": ("mlops_stacks/audit/aws.py", "enable_log_file_validation=True", "enable_log_file_validation=False"),
    "CKV_AWS_51": ("mlops_stacks/images/aws.py", '"IMMUTABLE"', '"MUTABLE"'),
    "CKV_AWS_53": ("mlops_stacks/storage/_bucket.py", "block_public_acls=True", "block_public_acls=False"),
    "CKV_AWS_58": ("mlops_stacks/cluster/aws.py", 'resources=["secrets"]', "resources=[]"),
    "CKV_K8S_20": ("mlops_stacks/kubernetes.py", "allow_privilege_escalation=False", "allow_privilege_escalation=True"),
    "CKV_K8S_43": ("mlops_stacks/tracking/kubernetes.py", "@sha256:", ":sha256-"),
    "CKV_DOCKER_3": ("app/Dockerfile", "USER 10001:10001\n", ""),
    "CKV2_GHA_1": (".github/workflows/check.yml", "permissions:\n  contents: read\n", "permissions: write-all\n"),
}
"""Checks that must find something once a file is changed: one of each kind of nesting that terraform.py translates."""


def test_what_gets_worse_is_found_and_a_waiver_for_nothing_too(owned: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("Pulumi.dev.yaml", "Pulumi.staging.yaml")
    folder = shutil.copytree(owned, tmp_path / "acme", symlinks=True, ignore=ignored)
    for file, old, new in MUTANTS.values():
        before = (folder / file).read_text()
        assert old in before, file
        (folder / file).write_text(before.replace(old, new))
    with (folder / "dags" / "Dockerfile").open("a") as file:
        file.write("# checkov:skip=CKV_DOCKER_7: there is nothing to waive\n")

    code, said = judged(folder)

    assert code == 1
    assert [check for check in MUTANTS if f"\n{check}: " not in said] == []
    assert "dags/Dockerfile: CKV_DOCKER_7 finds nothing here any more: delete its waiver." in said
