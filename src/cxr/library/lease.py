"""A lock that other machines see too: a file that its holder renews and that lapses when nobody does.

A lapsed lease is broken by renaming it aside, which one process alone can do to a given file. A holder that
finds its lease gone, or cannot renew it, has lost the library and stops.
"""

import _thread
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cxr.errors import LibraryError
from cxr.library.holder import describe, in_use
from cxr.logs import get_logger
from cxr.stores.storage_errors import writing

LEASE_SECONDS = 600.0
"""A lease that was not renewed for so long has lapsed: its holder died or lost the file system."""

_RENEWALS = 10  # in that time, so that some may fail
_log = get_logger(__name__)


@contextmanager
def hold_lease(path: Path, verb: str) -> Iterator[None]:
    """Hold a lease while the context lasts; where it is lost, the main thread is interrupted.

    Args:
        path: The lease file; it goes at the end.
        verb: What the holder does.

    Raises:
        LibraryError: another run holds it, or it was lost to another run.
        StorageError: the file cannot be written.
    """
    lease = _Lease(path, uuid.uuid4().hex)
    lease.take(verb)
    try:
        with _renewing(lease):
            yield
    except BaseException as error:
        if lease.lost:
            raise _was_lost(path) from error
        raise
    else:
        if lease.lost:
            raise _was_lost(path)
    finally:
        lease.give_back()


class _Seen(NamedTuple):
    """A lease as it was looked at.

    Attributes:
        holder: What it says.
        renewed_ns: When, by the file server's clock.
    """

    holder: bytes
    renewed_ns: int


class _Lease:
    """One process's claim to the file.

    Attributes:
        path: The file.
        token: What tells this claim from every other.
        lost: Another run has the file now, or may have.
    """

    def __init__(self, path: Path, token: str) -> None:
        self.path = path
        self.token = token
        self.lost = False

    def take(self, verb: str) -> None:
        """Make the file, or break the one of a holder that is gone."""
        holder = describe(verb, token=self.token)
        with writing(self.path):
            if _make(self.path, holder):
                return
            self._break(holder)
            if not _make(self.path, holder):
                raise in_use(self.path)

    def _break(self, holder: bytes) -> None:
        """Rename a lapsed lease aside; where it was renewed or taken since it was looked at, put it back.

        Raises:
            LibraryError: it has not lapsed.
        """
        seen = _look(self.path)
        if seen is None:
            return
        if not self._has_lapsed(seen, holder):
            raise in_use(self.path)
        aside = self._beside()
        try:
            self.path.rename(aside)
        except FileNotFoundError:
            return
        try:
            if _look(aside) != seen:
                _put_back(aside, self.path)
                raise in_use(self.path)
        finally:
            aside.unlink(missing_ok=True)

    def _has_lapsed(self, seen: _Seen, holder: bytes) -> bool:
        # The age by the file server's clock, which may differ from this machine's: that of a file made now.
        probe = self._beside()
        _make(probe, holder)
        try:
            return probe.stat().st_mtime_ns - seen.renewed_ns >= LEASE_SECONDS * 1e9
        finally:
            probe.unlink(missing_ok=True)

    def _beside(self) -> Path:
        """Return a name of this claim's own, of the kind that ``cxr cleanup`` removes after a kill."""
        return self.path.with_name(f".{self.path.name}.{self.token}.tmp")

    def is_mine(self) -> bool:
        """Say whether the file is still this claim's.

        Raises:
            OSError: the file system does not say.
        """
        seen = _look(self.path)
        return seen is not None and self.token.encode() in seen.holder

    def renew(self) -> bool:
        """Renew the claim where it still stands; return False where it does not.

        Raises:
            OSError: the file system does not let us.
        """
        if not self.is_mine():
            return False
        try:
            os.utime(self.path)
        except FileNotFoundError:
            return False
        return True

    def give_back(self) -> None:
        """Remove the file, if it is this claim's."""
        with suppress(OSError):
            if self.is_mine():
                self.path.unlink(missing_ok=True)


@contextmanager
def _renewing(lease: _Lease) -> Iterator[None]:
    stop = threading.Event()
    in_main = threading.current_thread() is threading.main_thread()

    def keep() -> None:
        if not _renew(lease, stop):
            lease.lost = True
            _log.error("the lease was lost", path=str(lease.path))
            if in_main:
                _thread.interrupt_main()

    renewal = threading.Thread(target=keep, daemon=True, name="cxr-lease")
    renewal.start()
    try:
        yield
    finally:
        stop.set()
        renewal.join()


def _renew(lease: _Lease, stop: threading.Event) -> bool:
    """Renew a lease until it is to stop; return False where it is lost, or could not be renewed in time."""
    renewed = time.monotonic()
    while not stop.wait(LEASE_SECONDS / _RENEWALS):
        try:
            if not lease.renew():
                return False
            renewed = time.monotonic()
        except OSError as error:
            _log.warning("the lease could not be renewed", path=str(lease.path), error=str(error))
            # Gone before others may take it.
            if time.monotonic() - renewed > LEASE_SECONDS * (1 - 2 / _RENEWALS):
                return False
    return True


def _make(path: Path, holder: bytes) -> bool:
    """Make a file that says who holds it; return False where there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return False
    try:
        os.write(descriptor, holder)
    finally:
        os.close(descriptor)
    return True


def _look(path: Path) -> _Seen | None:
    """Return a lease as it is now; ``None`` where there is none."""
    try:
        # Opening makes NFS ask the server anew.
        return _Seen(path.read_bytes(), path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def _put_back(aside: Path, path: Path) -> None:
    """Give a file its name again, unless another has it."""
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            aside.rename(path)


def _was_lost(path: Path) -> LibraryError:
    return LibraryError(
        f"The lease {path}, which keeps other runs away from the library, was lost.",
        think="It could not be renewed in time, or another run took it for that of a run that had died: "
        "the file server was away, or this machine slept.",
        next_step="See that no other cxr works on the library, then run the same command again: "
        "it keeps what it has.",
    )
