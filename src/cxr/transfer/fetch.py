"""One image from a host into the store: linked or copied, hashed on the way, real only when right."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cxr.errors import StorageError
from cxr.hosts import Host
from cxr.images.dimensions import dimensions
from cxr.model import Failure, Fetched, Remote, Transfer
from cxr.stores.local import LocalStore, NameTakenError
from cxr.stores.storage_errors import writing
from cxr.transfer.structure import EDGE, problem

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One image to be had.

    Attributes:
        image_id: Which.
        remote: What the host calls it.
        name: Its file name in the store.
    """

    image_id: str
    remote: Remote
    name: str


class _RefusedError(Exception):
    """These bytes are not the image: code and reason."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class _Digest:
    """Hash, length and both ends of the bytes that pass."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.head = b""
        self.tail = b""

    def __call__(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.sha256.update(block)
            self.size += len(block)
            if len(self.head) < EDGE:
                self.head += block[: EDGE - len(self.head)]
            self.tail = (self.tail + block[-EDGE:])[-EDGE:]
            yield block

    def check(self, remote: Remote) -> None:
        """Raise `_RefusedError` unless this is ``remote``, whole."""
        if remote.size is not None and self.size != remote.size:
            raise _RefusedError("size_differs", f"{self.size:,} bytes came, {remote.size:,} were announced")
        if remote.checksum.startswith("sha256:") and self.sha256.hexdigest() != remote.checksum[7:]:
            raise _RefusedError("hash_differs", "its SHA-256 is not the one that the host publishes")
        if found := problem(self.head, self.tail):
            raise _RefusedError(*found)


def fetch(host: Host, store: LocalStore, job: Job) -> Fetched | Failure:
    """Bring one image into the store, by hard link where that is possible.

    Returns:
        What is in place, or why it could not be had. The user's own file is never changed.

    Raises:
        StorageError: the store cannot be written.
    """
    started = time.monotonic()
    try:
        fetched = _link_or_copy(host, store, job)
    except _RefusedError as refused:
        store.discard(job.name)
        return _failure(host, job, refused.code, refused.reason)
    except NameTakenError as error:
        store.discard(job.name)
        return _failure(host, job, "name_taken", f"there is a folder in its place, {error}: move it away")
    except StorageError:
        store.discard(job.name)
        raise
    except OSError as error:
        store.discard(job.name)
        return _failure(host, job, "not_readable", str(error.strerror or error))
    return replace(fetched, seconds=time.monotonic() - started)


def verify_found(host: Host, store: LocalStore, job: Job) -> Fetched | None:
    """Accept an image that lies in the store without a ledger row, if it is whole and what the host has.

    A run that was killed between the rename and the ledger leaves such files.
    """
    started = time.monotonic()
    try:
        digest = _digest_of(store.path(job.name))
        digest.check(job.remote)
        source = host.local_path(job.remote)
        if source is not None and _digest_of(source).sha256.digest() != digest.sha256.digest():
            return None
    except (OSError, _RefusedError):
        return None
    fetched = _fetched(host, job, digest, Transfer.FOUND)
    return replace(fetched, seconds=time.monotonic() - started)


def _link_or_copy(host: Host, store: LocalStore, job: Job) -> Fetched:
    source = host.local_path(job.remote)
    if source is not None and (linked := _link(host, store, job, source.resolve())) is not None:
        return linked
    digest = _Digest()
    part = store.part(job.name)
    with host.open(job.remote) as blocks, writing(part), store.new_part(job.name) as file:
        for block in digest(_reading(blocks)):
            file.write(block)
    digest.check(job.remote)
    store.commit(job.name)
    return _fetched(host, job, digest, Transfer.RECEIVED if source is None else Transfer.COPIED)


def _link(host: Host, store: LocalStore, job: Job, source: Path) -> Fetched | None:
    if source.stat().st_dev != store.folder.stat().st_dev:
        return None
    before = _identity(source)
    digest = _digest_of(source)
    digest.check(job.remote)
    if _identity(source) != before or not store.link(source, job.name):
        return None
    return _fetched(host, job, digest, Transfer.LINKED)


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _digest_of(path: Path) -> _Digest:
    digest = _Digest()
    with path.open("rb", buffering=0) as file:
        for _ in digest(iter(lambda: file.read(_BLOCK), b"")):
            pass
    return digest


def _reading(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass blocks on, so that a failure to read is told from a failure to write."""
    try:
        yield from blocks
    except OSError as error:
        raise _RefusedError("not_readable", str(error.strerror or error)) from error


def _fetched(host: Host, job: Job, digest: _Digest, how: Transfer) -> Fetched:
    frame = dimensions(digest.head)
    return Fetched(
        name=job.name,
        size=digest.size,
        sha256=digest.sha256.hexdigest(),
        url=host.url(job.remote),
        how=how,
        seconds=0.0,
        width=frame.width if frame else None,
        height=frame.height if frame else None,
        bit_depth=frame.bit_depth if frame else None,
    )


def _failure(host: Host, job: Job, code: str, reason: str) -> Failure:
    where = job.remote.path if host.key == "folder" else f"{job.remote.path} at {host.key}"
    return Failure(job.image_id, code, f"{where}: {reason}", host.url(job.remote))
