"""Hands the plans of every environment, and the files that others run, to checkov; says what is to be done.

It ends with an error if checkov finds something that nobody waived, or if a waiver has nothing left to waive.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import plans

from policy import Plan, Resource
from security import terraform
from security.waivers import MARK, Waiver, of_calls, of_file

CHECKOV = plans.ROOT / ".venv-security" / "bin" / "checkov"
FRAMEWORKS = ("terraform_plan", "kubernetes", "dockerfile", "github_actions")
FILES = ("Dockerfile", "*.yaml", "*.yml")
"""What of the repository's own files somebody else runs."""


@dataclass(frozen=True)
class Subject:
    """What is judged."""

    name: str
    """A resource's key, or a file."""
    place: str
    """The call that makes it, ``file:line``, or the file."""
    environment: str
    """Empty for a file."""
    waivers: frozenset[Waiver]


@dataclass(frozen=True)
class Finding:
    """What checkov found in a subject."""

    check: str
    """The check's id."""
    asks: str
    """What it asks for, in checkov's words."""
    subject: Subject

    @property
    def waivers(self) -> Sequence[Waiver]:
        """Those that let it pass."""
        return [waiver for waiver in self.subject.waivers if waiver.check == self.check]


def main() -> int:
    """Judges everything, prints what comes of it, and returns the exit code."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        subjects = dict([*planned(folder), *copied(folder)])
        passed, failed = judged(folder, subjects)
    unwaived = [finding for finding in failed if not finding.waivers]
    waived = [finding for finding in failed if finding.waivers]
    written = {waiver for subject in subjects.values() for waiver in subject.waivers}
    unused = written.difference(*(finding.waivers for finding in waived))
    unseen = types(subjects.values()) - types(finding.subject for finding in (*passed, *failed))

    print(f"{len(passed)} checks passed, {len(waived)} are waived.\n")
    print("| check | asks | of | in | waived because |\n| --- | --- | --- | --- | --- |")
    for finding, where in merged(waived):
        reason = finding.waivers[0].reason
        print(f"| {finding.check} | {finding.asks} | {finding.subject.name} | {where} | {reason} |")
    print(f"\nNo check looks at {', '.join(sorted(unseen))}.")
    for finding, where in merged(unwaived):
        about = [f"{finding.check}: {finding.asks}", finding.subject.name, finding.subject.place, where]
        print("\n" + "\n  ".join(filter(None, about)))
    if unwaived:
        print(
            f"\nMend each, or say why not: '# {MARK}<check>: <reason>' right above the call that makes it, or above one"
            " that leads there; in a file, anywhere in it (docs/security.md)."
        )
    for waiver in sorted(unused):
        print(f"\n{waiver.place}: {waiver.check} finds nothing here any more: delete its waiver.")
    return 1 if unwaived or unused else 0


def planned(folder: Path) -> Iterator[tuple[str, Subject]]:
    """Writes the resources of every plan, and yields by what name checkov will report each."""
    for environment in plans.ENVIRONMENTS:
        for program, plan in plans.of(environment).items():
            place = Path("plans", environment, program)
            (folder / place).mkdir(parents=True)
            (folder / place / "tfplan.json").write_text(json.dumps(terraform.plan(plan.resources)))
            for number, resource in enumerate(plan.resources):
                waivers = frozenset(of_calls(resource.made_at, settings_of(resource, plan)))
                subject = Subject(resource.key, resource.made_at[0], environment, waivers)
                if resource.type.startswith("aws:"):
                    yield f"/{place}/tfplan.json {terraform.address(resource.key)}", subject
                elif is_manifest(resource):
                    (folder / place / f"{number}.yaml").write_text(json.dumps(resource.inputs))
                    yield f"/{place}/{number}.yaml", subject


def settings_of(resource: Resource, plan: Plan) -> Mapping[str, Any]:
    """The settings of the component that a resource is part of."""
    above, parents = resource.parent, {each.urn: each.parent for each in plan.resources}
    while above and (name := above.rpartition("::")[2]) not in plan.settings:
        above = parents.get(above, "")
    return plan.settings[name] if above else {}


def is_manifest(resource: Resource) -> bool:
    """Whether it is an object of Kubernetes; what a chart makes is not known here."""
    return resource.type.startswith("kubernetes:") and "kind" in resource.inputs


def copied(folder: Path) -> Iterator[tuple[str, Subject]]:
    """Copies the files, without their waivers: so checkov tells which of these are still needed."""
    for pattern in FILES:
        for path in plans.ROOT.rglob(pattern):
            file = path.relative_to(plans.ROOT)
            if file.parts[0].startswith(".") and file.parts[0] != ".github":
                continue
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(path.read_text().replace(MARK, ""))
            yield f"/{file}", Subject(str(file), str(file), "", frozenset(of_file(str(file))))


def judged(folder: Path, subjects: Mapping[str, Subject]) -> tuple[list[Finding], list[Finding]]:
    """What passes, and what does not.

    Raises:
        RuntimeError: checkov does not work; the message is what it printed.
    """
    options = ["--directory", str(folder), "--framework", *FRAMEWORKS, "--skip-download", "--output", "json"]
    done = subprocess.run([CHECKOV, *options], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    reports = {report["check_type"]: report["results"] for report in json.loads(done.stdout)}
    if broken := [file for results in reports.values() for file in results["parsing_errors"]]:
        raise RuntimeError(f"checkov cannot read {broken}")

    def of(outcome: str) -> list[Finding]:
        return [
            Finding(record["check_id"], record["check_name"], subjects[reported_as(framework, record)])
            for framework, results in reports.items()
            for record in results[outcome]
        ]

    return of("passed_checks"), of("failed_checks")


def reported_as(framework: str, record: Mapping[str, Any]) -> str:
    """By what name checkov reports a subject: its file, and in a plan its address as well."""
    return f"{record['file_path']} {record['resource']}" if framework == "terraform_plan" else record["file_path"]


def merged(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """One finding for each check and subject, and the environments where it is found."""
    alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        alike[finding.check, finding.subject.name].append(finding)
    for _, same in sorted(alike.items()):
        yield same[0], ", ".join(sorted({each.subject.environment for each in same}))


def types(subjects: Iterable[Subject]) -> set[str]:
    """The types of the resources among some subjects."""
    return {subject.name.partition("::")[0] for subject in subjects if subject.environment}


if __name__ == "__main__":
    sys.exit(main())
