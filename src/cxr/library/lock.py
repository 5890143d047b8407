"""One writer a library: an OS lock on local disks, a lease on network file systems.

Network file systems grant OS locks that other machines do not see, so there a lease file is created, which
its holder renews and which lapses when nobody does.
"""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.database.filesystem import is_network
from cxr.errors import LibraryError
from cxr.stores.writing import writing

LEASE_SECONDS = 600.0
"""A lease that was not renewed for so long has lapsed: its holder died or lost the file system."""


@contextmanager
def hold(path: Path, verb: str) -> Iterator[None]:
    """Hold the library's lock while the context lasts.

    Args:
        path: The lock file; it stays behind, unlocked.
        verb: What the holder does, told to a second run.

    Raises:
        LibraryError: another run holds it.
        StorageError: the lock file cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _lease(path, verb) if is_network(path.parent) else _flock(path, verb):
        yield


@contextmanager
def _flock(path: Path, verb: str) -> Iterator[None]:
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(path) from None
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _holder(verb), 0)
        yield
    finally:
        os.close(descriptor)  # which releases the lock, as does a kill


@contextmanager
def _lease(path: Path, verb: str) -> Iterator[None]:
    lease = path.with_suffix(".lease")
    _take(lease, verb)
    stop = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lease, stop), daemon=True, name="cxr-lease")
    renewal.start()
    try:
        yield
    finally:
        stop.set()
        renewal.join()
        lease.unlink(missing_ok=True)


def _take(lease: Path, verb: str) -> None:
    for _ in range(2):
        try:
            with writing(lease):
                try:
                    descriptor = os.open(lease, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                except FileExistsError:
                    descriptor = None
            if descriptor is not None:
                os.write(descriptor, _holder(verb))
                os.close(descriptor)
                return
            if time.time() - lease.stat().st_mtime < LEASE_SECONDS:
                raise _in_use(lease)
            lease.unlink(missing_ok=True)
        except FileNotFoundError:
            continue
    raise _in_use(lease)


def _renew(lease: Path, stop: threading.Event) -> None:
    while not stop.wait(LEASE_SECONDS / 10):
        lease.touch()


def _holder(verb: str) -> bytes:
    holder = {
        "pid": os.getpid(),
        "machine": socket.gethostname(),
        "verb": verb,
        "since": time.strftime("%F %T"),
    }
    return json.dumps(holder).encode()


def _in_use(path: Path) -> LibraryError:
    try:
        holder = json.loads(path.read_text())
        where = f"process {holder['pid']} on {holder['machine']}, since {holder['since']}"
        who = f"`cxr {holder['verb']}` ({where})"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another cxr"
    return LibraryError(
        f"The library in {path.parent.parent} is in use by {who}.",
        think="One run at a time may write to a library.",
        next_step="Wait until it ends, or stop it with Ctrl-C: it keeps what it has. "
        "`cxr stats` works meanwhile.",
    )
