"""Puts a folder of a bucket back to what it held at a time, from the versions that the bucket keeps.

    restore_objects.py s3://BUCKET/PREFIX TIME [--yes]

TIME is as in 2026-11-24T09:00:00Z. Without ``--yes`` it only says what it would do. What has come since is left alone,
and what an old version covers stays a version itself, so that nothing is lost by it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LARGEST_COPY = 5 * 1024**3
"""Bytes that one request may copy (S3 API, CopyObject)."""

MOST_DELETED = 1000
"""Versions that one request may delete (S3 API, DeleteObjects)."""


@dataclass(frozen=True)
class Version:
    """What a bucket has held under a key since a time: an object, or, deleted, a marker."""

    key: str
    id: str
    since: datetime
    latest: bool
    size: int | None
    """In bytes; a marker has none."""


def main(url: str, at: datetime, *, go: bool) -> int:
    """Says what there is to do, and does it; returns the exit code."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    markers: list[Version] = []
    copies: list[Version] = []
    for history in versions(bucket, prefix).values():
        then = next((version for version in history if version.since <= at), None)
        if then is None or then.size is None or then.latest:
            continue
        newer = history[: history.index(then)]
        # Under nothing but markers it is there as it was: no copy, and no limit to its size.
        if all(version.size is None for version in newer):
            markers.extend(newer)
        else:
            copies.append(then)
        print(f"{then.key}: as of {then.since.isoformat()}")
    large = [version for version in copies if (version.size or 0) > LARGEST_COPY]
    for version in large:
        print(f"{version.key}: left alone, for it is larger than one request may copy", file=sys.stderr)
    if go:
        delete(bucket, markers)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda version: copy(bucket, version), [each for each in copies if each not in large]))
    return bool(large)


def versions(bucket: str, prefix: str) -> Mapping[str, Sequence[Version]]:
    """All that a folder holds and has held, by key, the newest first."""
    found = aws("list-object-versions", "--bucket", bucket, "--prefix", prefix)
    by_key: dict[str, list[Version]] = defaultdict(list)
    for each in [*(found.get("Versions") or []), *(found.get("DeleteMarkers") or [])]:
        since = datetime.fromisoformat(each["LastModified"])
        by_key[each["Key"]].append(Version(each["Key"], each["VersionId"], since, each["IsLatest"], each.get("Size")))
    return {
        key: sorted(history, key=lambda version: (version.latest, version.since), reverse=True)
        for key, history in by_key.items()
    }


def delete(bucket: str, markers: Sequence[Version]) -> None:
    """Takes markers away, and so brings back what is under them."""
    for start in range(0, len(markers), MOST_DELETED):
        batch = markers[start : start + MOST_DELETED]
        wanted = {"Objects": [{"Key": marker.key, "VersionId": marker.id} for marker in batch], "Quiet": True}
        # By a file, because a thousand keys are longer than a command may be.
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(wanted, file)
            file.flush()
            errors = aws("delete-objects", "--bucket", bucket, "--delete", f"file://{file.name}").get("Errors")
        if errors:
            sys.exit(f"S3 did not delete these markers: {json.dumps(errors, indent=2)}")


def copy(bucket: str, version: Version) -> None:
    """Puts an old version on top."""
    source = f"{bucket}/{version.key}?versionId={version.id}"
    aws("copy-object", "--bucket", bucket, "--key", version.key, "--copy-source", source)


def aws(*arguments: str) -> Mapping[str, Any]:
    """What S3 answers; an error ends the script, with the words of AWS's command line."""
    done = subprocess.run(["aws", "s3api", *arguments, "--output", "json"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout or "{}")


def moment(text: str) -> datetime:
    """A time with its zone.

    Raises:
        ValueError: it is none, or has no zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", metavar="s3://BUCKET/PREFIX")
    parser.add_argument("at", metavar="TIME", type=moment)
    parser.add_argument("--yes", dest="go", action="store_true")
    sys.exit(main(**vars(parser.parse_args())))
