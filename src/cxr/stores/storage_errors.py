"""What the operating system says when something cannot be written, in words with a next step."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM})
_IN_THE_WAY = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write at ``path`` into a `StorageError` that says what to do.

    Raises:
        StorageError: the disk is full, read-only, not permitted or not there.
    """
    try:
        yield
    except OSError as error:
        raise explained(path, error) from error


def explained(path: Path, error: OSError) -> StorageError:
    """Return what a failure to write at ``path`` means and what can be done about it."""
    if error.errno in _FULL:
        return StorageError(
            f"No space left while writing {path}.",
            think="Everything finished before is kept; nothing half-written counts as done.",
            next_step="Free some space or choose another place with --base-dir, then run the same command "
            "again: it goes on where it stopped.",
        )
    if error.errno == errno.EROFS:
        return StorageError(
            f"Not allowed to write {path}: its disk is mounted read-only.",
            next_step="Mount it for writing and run the same command again, or choose another place with "
            "--base-dir PATH. `cxr stats` reads a library there as it is.",
        )
    if error.errno in _REFUSED:
        return StorageError(
            f"Not allowed to write {path}: {error.strerror}.",
            think="The file or its folder belongs to another user, or is protected against writing.",
            next_step="Choose a folder of your own with --base-dir PATH, or ask its owner for write access; "
            f"`ls -ld {path.parent}` shows who that is.",
        )
    if error.errno in _IN_THE_WAY:
        return StorageError(
            f"Could not write {path}: something else is in its place ({error.strerror}).",
            think="A file lies where a folder belongs, or a folder where a file belongs.",
            next_step=f"Look at {_nearest_other(path)}, move it away, and run the same command again.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return StorageError(
            f"Could not write {path}: the name is longer than this file system allows.",
            next_step="Choose a shorter path with --base-dir.",
        )
    return StorageError(
        f"Could not write {path}: {error.strerror or error}.",
        next_step="Check that the disk is there and in order, then run the same command again.",
    )


def _nearest_other(path: Path) -> Path:
    """Return what is in the way of ``path``: itself, or the nearest thing above it that is no folder."""
    for place in (path, *path.parents):
        if place.exists():
            return path if place.is_dir() else place
    return path
