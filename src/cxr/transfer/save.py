"""One file that is no image of the library, such as a table, from a host to a path: whole or not at all."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from cxr.hosts import Host
from cxr.http import RefusedError, TransientError
from cxr.model import Failure, Fetched, Remote
from cxr.stores.replacing import PART
from cxr.stores.storage_errors import writing
from cxr.transfer.digest import Digest, NotTheImageError
from cxr.transfer.retry import RetryPolicy, call_with_retries
from cxr.transfer.unit import Job
from cxr.transfer.zip_directory import ZipDirectory
from cxr.transfer.zip_member import Cursor, content_of

_BLOCK = 1 << 20


def save(  # noqa: PLR0913  two sides, what is allowed, and who listens
    host: Host,
    remote: Remote,
    path: Path,
    policy: RetryPolicy,
    *,
    verify: bool = True,
    moved: Callable[[int], None] = lambda _: None,
) -> None:
    """Bring a file to ``path``; where the connection does not hold, go on at the byte where it broke.

    Args:
        host: Where it is.
        remote: The file.
        path: Where to; its folder exists.
        policy: How often and how patiently a broken connection is made again.
        verify: Compare the checksum that the host publishes.
        moved: Told of bytes that came.

    Raises:
        RequestError: it cannot be had; nothing is left at ``path``.
        StorageError: it cannot be written.
    """
    part = path.with_name(path.name + PART)
    saving = _Saving(host, remote, part, verify=verify, moved=moved)
    try:
        call_with_retries(saving.go_on, policy)
        with writing(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def save_member(host: Host, directory: ZipDirectory, member: str, path: Path, policy: RetryPolicy) -> None:
    """Bring a member of a remote zip to ``path``, checked against the CRC-32 of the archive's directory.

    Args:
        host: Where the archive is.
        directory: What the archive has.
        member: The member's path in the archive.
        path: Where to; its folder exists.
        policy: How often and how patiently a broken connection is made again.

    Raises:
        RequestError: it cannot be had; nothing is left at ``path``.
        StorageError: it cannot be written.
    """
    entry = directory.entry(member)
    if entry is None or entry.fault:
        reason = "the archive has no such member" if entry is None else entry.reason
        raise RefusedError("missing", f"{member} in {directory.archive.remote.path}: {reason}")
    remote = Remote(member, entry.size, f"crc32:{entry.crc32:08x}")
    part = path.with_name(path.name + PART)

    def once() -> None:
        digest = Digest(remote.checksum)
        with directory.archive.part(host, entry.offset, entry.request_end) as content:
            blocks = content_of(entry, Cursor(content, entry.offset, _Unwatched()))
            _write(part, digest(blocks), "wb")
        digest.check_bytes(remote)

    try:
        call_with_retries(once, policy)
        with writing(path):
            part.replace(path)
    except NotTheImageError as error:
        where = f"{member} in {directory.archive.remote.path}"
        raise RefusedError(error.code, f"{where}: {error.reason}") from error
    finally:
        part.unlink(missing_ok=True)


def _write(part: Path, blocks: Iterable[bytes], mode: Literal["ab", "wb"]) -> int:
    """Write blocks and return the file's size; only a failure to write is one of the store."""
    with writing(part):
        file = part.open(mode)
    with file:
        for block in blocks:
            with writing(part):
                file.write(block)
        with writing(part):
            file.flush()
            return os.fstat(file.fileno()).st_size


class _Unwatched:
    """Nobody watches, and nobody stops it but by a signal."""

    stopping = False

    def moved(self, size: int) -> None:
        """Do nothing."""

    def kept(self, size: int) -> None:
        """Do nothing."""

    def done(self, job: Job, result: Fetched | Failure) -> None:
        """Do nothing."""


class _Saving:
    """A file that is on its way, over several attempts."""

    def __init__(
        self, host: Host, remote: Remote, part: Path, *, verify: bool, moved: Callable[[int], None]
    ) -> None:
        self._host = host
        self._remote = remote
        self._part = part
        self._verify = verify
        self._moved = moved
        self._validator = ""

    def go_on(self) -> None:
        """Fetch what is missing; the part stays as far as it came."""
        have = self._part.stat().st_size if self._validator and self._part.exists() else 0
        with self._host.open(self._remote, have, None, self._validator if have else "") as content:
            if content.start not in (0, have):
                raise TransientError(
                    "wrong_range", f"{self._remote.path}: another part came than was asked for"
                )
            self._validator = content.validator
            size = _write(self._part, self._told(content), "ab" if content.start else "wb")
            if content.size is not None and size != content.size:
                raise TransientError(
                    "cut_short", f"{self._remote.path}: {size:,} of {content.size:,} bytes came"
                )
            if self._verify:
                self._check(content.checksum)

    def _told(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._moved(len(block))
            yield block

    def _check(self, published: str) -> None:
        """Compare with the listed checksum, else with the one that came; where it differs, all comes anew."""
        digest = Digest(self._remote.checksum or published)
        with self._part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.add(block)
        try:
            digest.check_bytes(Remote(self._remote.path))  # sizes in lists may be rounded
        except NotTheImageError as error:
            self._validator = ""
            raise TransientError(error.code, f"{self._remote.path}: {error.reason}") from error
