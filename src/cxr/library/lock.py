"""One writer a library: an OS lock on local disks, a lease on network file systems.

Network file systems grant OS locks that other machines do not see.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.database.filesystem import is_network
from cxr.errors import StorageError
from cxr.library.holder import describe, in_use
from cxr.library.lease import hold_lease
from cxr.stores.storage_errors import writing

# What flock(2), and fcntl(2) where flock is built on it, say of a lock that another holds.
_HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})


@contextmanager
def hold(path: Path, verb: str) -> Iterator[None]:
    """Hold the library's lock while the context lasts.

    Args:
        path: The lock file; it stays behind, unlocked.
        verb: What the holder does, told to a second run.

    Raises:
        LibraryError: another run holds it, or has taken it over.
        StorageError: the lock file cannot be written, or its file system has no locks.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = hold_lease(path.with_suffix(".lease"), verb) if is_network(path.parent) else _flock(path, verb)
    with lock:
        yield


@contextmanager
def _flock(path: Path, verb: str) -> Iterator[None]:
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise (in_use(path) if error.errno in _HELD else _no_locks(path, error)) from error
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, describe(verb), 0)
        yield
    finally:
        os.close(descriptor)  # which releases the lock, as does a kill


def _no_locks(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The library's lock {path} cannot be taken: {error.strerror or error}.",
        think="Without it two runs could write to the library at once; some file systems, mounted over a "
        "network or through FUSE, have no locks.",
        next_step="Keep the library on another disk: --base-dir PATH.",
    )
