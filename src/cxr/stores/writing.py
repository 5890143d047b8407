"""What the operating system says when something cannot be written, in words with a next step."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write at ``path`` into a `StorageError` that says what to do.

    Raises:
        StorageError: the disk is full, read-only, not permitted or not there.
    """
    try:
        yield
    except OSError as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageError(
            f"No space left while writing {path}.",
            think="Everything finished before is kept; nothing half-written counts as done.",
            next_step="Free some space or choose another place with --base-dir, then run the same command "
            "again: it goes on where it stopped.",
        )
    if error.errno in _REFUSED:
        return StorageError(
            f"Not allowed to write {path}: {error.strerror}.",
            think="The folder belongs to another user or is mounted read-only.",
            next_step="Choose a folder of your own with --base-dir PATH, or ask its owner for write access.",
        )
    return StorageError(
        f"Could not write {path}: {error.strerror or error}.",
        next_step="Check that the disk is there and in order, then run the same command again.",
    )
