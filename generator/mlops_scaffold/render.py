"""The only module that writes: a whole repository at once, or nothing.

A repository is built in a folder beside its place, looked at there, and moved into its place in one step. Whatever
ends the command before that, the place stays as it was; a folder that a killed command left is swept by the next one.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from mlops_scaffold import __version__
from mlops_scaffold.claims import OURS, Files
from mlops_scaffold.errors import ScaffoldError

STAGING = ".mlops-scaffold-"


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A folder beside the target, to build it in; moved into place at the end, or removed.

    An empty folder gives way: it is a place that somebody has prepared.

    Raises:
        ScaffoldError: the target holds something, or its parent cannot be written to.
    """
    with _explained(target):
        refuse_taken(target)
        missing = [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
    folder = target.parent / f"{STAGING}{os.getpid()}"
    interrupted = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _explained(target), _locked(folder) as lock:
            place = folder / target.name
            place.mkdir()
            yield place
            Path(lock.name).stat()  # Gone if somebody removed the folder: then a part of what was built is missing.
            place.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, interrupted)


def refuse_taken(target: Path) -> None:
    """Refuses a place that something has already.

    Raises:
        ScaffoldError: it is there and not empty, or differs from another one by case only.
    """
    if os.path.lexists(target) and not _is_empty(target):
        raise _exists(target)
    if twin := next((path for path in _siblings(target) if path.name.lower() == target.name.lower()), None):
        raise ScaffoldError(f"'{target}' differs from '{twin.name}' by case only", where=str(target.parent))


def _is_empty(target: Path) -> bool:
    """Whether it is an empty folder itself, and no link to one: a folder is moved over no link."""
    return target.is_dir() and not target.is_symlink() and not any(target.iterdir())


def _exists(target: Path) -> ScaffoldError:
    return ScaffoldError(
        f"'{target}' exists already",
        where=str(target),
        then="choose another name or another --output, or move it away",
    )


def _siblings(target: Path) -> Sequence[Path]:
    try:
        return [path for path in target.parent.iterdir() if path.name != target.name]
    except OSError:
        return []


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _locked(folder: Path) -> IO[bytes]:
    """Makes a folder that no sweep removes while the file that is given stays open.

    A sweep of another command may take the file between its making and its locking; then the folder is made anew.
    """
    while True:
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # of the folder, or of the file in it
            lock = (folder / ".lock").open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock.fileno()), Path(lock.name).stat()):
                    return lock
            lock.close()


def _sweep(parent: Path) -> None:
    """Removes what killed commands left: their locks are free."""
    for folder in parent.glob(f"{STAGING}*"):
        try:
            with (folder / ".lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    causes = {
        errno.ENOSPC: ("the disk is full", "free some room, and run the command again"),
        errno.EDQUOT: ("your quota of the disk is used up", "free some room, and run the command again"),
        errno.EROFS: ("the file system is read-only", "choose another --output"),
        errno.EACCES: ("you may not write there", "choose another --output"),
        errno.EPERM: ("you may not write there", "choose another --output"),
        errno.ENAMETOOLONG: ("the path is too long", "choose a shorter --output or name"),
        errno.ENOTDIR: ("a part of the path is no folder", "choose another --output"),
        errno.EEXIST: ("a part of the path is no folder", "choose another --output"),
        errno.ENOENT: ("a folder has vanished meanwhile, there or the one that you are in", "run the command again"),
        errno.EBUSY: ("a file system is mounted there", "choose another --output"),
    }
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise _exists(target) from error  # Somebody else has made it meanwhile.
        what, then = causes.get(error.errno or 0, (error.strerror or str(error), None))
        raise ScaffoldError(f"cannot write the repository: {what}", where=str(target), then=then) from error


def shell(template: Path, context: Mapping[str, Any], folder: Path) -> None:
    """Renders a cookiecutter template into an empty folder. The template may substitute and repeat, and nothing else.

    Raises:
        ScaffoldError: the template cannot be rendered.
    """
    from cookiecutter.exceptions import CookiecutterException
    from cookiecutter.generate import generate_files

    try:
        generate_files(
            str(template),
            {"cookiecutter": dict(context)},
            output_dir=str(folder.parent),
            overwrite_if_exists=True,
            accept_hooks=False,
        )
    except CookiecutterException as error:
        raise ScaffoldError(f"the shell cannot be rendered: {error}", where=str(template)) from error


def write(files: Files, folder: Path) -> None:
    """Writes files into a folder.

    Raises:
        ScaffoldError: one of them is there already, or would be on a disk that ignores case, as a laptop's does.
    """
    rendered = [PurePosixPath(path.relative_to(folder)) for path in folder.rglob("*")]
    spelled = {str(path).lower(): path for path in rendered}
    for path, content in sorted(files.items()):
        for part in (*reversed(path.parents), path):
            if (other := spelled.setdefault(str(part).lower(), part)) != part:
                raise ScaffoldError(
                    f"two parts bring '{other}' and '{part}', which differ by case only",
                    where="the shell and the components",
                    then="rename one of them: on many disks they are the same",
                )
        place = folder / path
        if place.exists() or any((folder / above).is_file() for above in path.parents):
            raise ScaffoldError(
                f"two parts bring the file '{path}'",
                where="every repository has it (mlops_blueprints/shell), and a component's files/ too",
                then="give the component's another name",
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def remember(folder: Path, answers: str, packages: Sequence[str]) -> None:
    """Writes down how the repository was made.

    Args:
        folder: the repository, with all its other files.
        answers: what was asked for.
        packages: name and version of each distribution that it was made from.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    contents = {name: path.read_bytes() for name, path in sorted(files.items())}
    ours = folder / OURS
    ours.mkdir()
    (ours / "answers.yaml").write_text(answers, encoding="utf-8")
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    manifest = {"version": __version__, "packages": packages, "files": hashes}
    (ours / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    # What later versions of the tool merge with. Stored, not compressed: a compressor's bytes change from one version
    # of zlib to the next.
    with zipfile.ZipFile(ours / "originals.zip", "w", zipfile.ZIP_STORED) as archive:
        for path, content in contents.items():
            archive.writestr(zipfile.ZipInfo(path), content)
