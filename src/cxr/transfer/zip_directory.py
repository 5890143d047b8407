"""The directory of a remote zip: read by two or three requests of parts, kept small, never believed.

What it says of one member is looked at when that member is asked for; what makes the whole of it doubtful is
an error. No member is handed out whose name leaves the folder, and whoever asks for a link, an encrypted
member, one of two with the same name or one that shares bytes with another gets an entry that says so
(`Entry.fault`), of which no byte is fetched.
"""

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cxr.hosts import Host
from cxr.http import RefusedError
from cxr.images.formats import HEAD, describe
from cxr.logs import get_logger
from cxr.model import Remote
from cxr.transfer.zip_archive import ZipArchive
from cxr.transfer.zip_cache import keep, kept
from cxr.transfer.zip_entry import Entry, Fault, fault_of, is_folder, name_of, objection
from cxr.transfer.zip_format import TAIL, End, Header, ZipFormatError, find_end, headers

MAXIMUM: Final = 256 << 20
"""Bytes of a directory that are read at most: 1,500,000 members with paths of 120 characters."""
MAXIMUM_MEMBERS: Final = 2_000_000
"""Members that are kept in mind, some 120 bytes each; the largest dataset has 377,110 images."""

_ASKED: Final = 3  # times that a part is asked for before a host is said to give none
_TOLD: Final = 100  # refused members that are named

_ROW: Final = struct.Struct("<3QI2HB")
_FAULTS: Final = tuple(Fault)

_log = get_logger(__name__)


class NoRangesError(RefusedError):
    """The host gives no parts of files: an archive can only be had whole."""


@dataclass(slots=True)
class _Refused:
    count: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, reason: str) -> None:
        self.count += 1
        if len(self.named) < _TOLD:
            self.named.append((name[:200], reason))


class ZipDirectory:
    """The members of one archive, by path.

    Attributes:
        archive: The archive.
        refused: Name and reason of members that are not handed out; of many, the first hundred.
        refused_count: How many these are.

    Args:
        archive: The archive.
        end: What its end says.
        directory: The directory's bytes.

    Raises:
        ZipFormatError: the bytes are not the directory that was announced.
    """

    def __init__(self, archive: ZipArchive, end: End, directory: bytes) -> None:
        self.archive = archive
        refused = _Refused()
        self._limit = end.start
        self._offsets = array("Q")
        self._rows = _without_repeated(sorted(self._take(headers(directory, end), refused)))
        self._offsets = array("Q", sorted(self._offsets))
        self.refused = tuple(refused.named)
        self.refused_count = refused.count

    def __len__(self) -> int:
        return len(self._rows)

    def remotes(self) -> Iterator[Remote]:
        """Yield each member once, sorted by path, with size and CRC-32; one with a fault has neither."""
        for row in self._rows:
            entry = self._entry(row)
            known = () if entry.fault else (entry.size, f"crc32:{entry.crc32:08x}")
            yield Remote(entry.path, *known)

    def entry(self, path: str) -> Entry | None:
        """Return a member, ``None`` where the archive has none of that name."""
        place = bisect_left(self._rows, _key(path))
        entry = self._entry(self._rows[place]) if place < len(self._rows) else None
        return entry if entry and entry.path == path else None

    def _take(self, members: Iterable[Header], refused: _Refused) -> Iterator[bytes]:
        for header in members:
            if len(self._offsets) >= MAXIMUM_MEMBERS:
                raise ZipFormatError("too_large", f"it has more than {MAXIMUM_MEMBERS:,} members")
            offset = min(header.offset, self._limit)
            self._offsets.append(offset)
            if reason := objection(header):
                refused.add(name_of(header), reason)
            elif not is_folder(header):
                yield _row(header, offset)

    def _entry(self, row: bytes) -> Entry:
        name, _, _ = row.partition(b"\0")
        offset, compressed, size, crc32, method, flags, fault = _ROW.unpack_from(row, len(name) + 1)
        after = bisect_right(self._offsets, offset)
        end = self._offsets[after] if after < len(self._offsets) else self._limit
        entry = Entry(name.decode(), offset, end, compressed, size, crc32, method, flags, _FAULTS[fault])
        if entry.fault:
            return entry
        reach = entry.least_end
        if reach > self._limit:
            return replace(entry, fault=Fault.DAMAGED)
        if reach > end or after - bisect_left(self._offsets, offset) > 1:
            return replace(entry, fault=Fault.OVERLAPPING)
        return entry


def read_directory(
    host: Host, archive: Remote, *, cache: Path | None = None, maximum: int = MAXIMUM
) -> ZipDirectory:
    """Read the directory of an archive at a host, or on this machine's disk through `cxr.hosts.folder`.

    Args:
        host: Where the archive is.
        archive: Which.
        cache: A file that keeps the directory. Where it has that of this very archive, one byte is fetched.
        maximum: Bytes of a directory that are read at most.

    Returns:
        What the archive lists, but for members with names that leave the folder (`ZipDirectory.refused`).

    Raises:
        NoRangesError: the host gives no parts of files.
        RefusedError: the host refuses, or this is no archive that can be read, with the reason.
        TransientError: trying again may help.
        StorageError: the cache cannot be written.
    """
    found = _look(host, archive)
    try:
        directory = _known(found, cache)
        if directory is None:
            directory = _fetched(host, found, cache, maximum)
    except ZipFormatError as error:
        raise RefusedError(error.code, f"{archive.path} at {host.key}: {error.reason}") from error
    return directory


def tell_refused(directory: ZipDirectory, host: Host) -> None:
    """Name the members that are left out, for the run's log, which is not open yet when a plan is made."""
    if directory.refused_count:
        _log.warning(
            "zip members refused",
            archive=directory.archive.remote.path,
            host=host.key,
            count=directory.refused_count,
            members=[f"{name!r}: {reason}" for name, reason in directory.refused],
        )


def _look(host: Host, archive: Remote) -> ZipArchive:
    """Learn size and state of an archive. The second byte is asked for: the first also begins the whole."""
    for _ in range(_ASKED):
        with host.open(archive, 1, 2) as content:
            if content.start == 1 and content.size is not None:
                next(content, None)  # what is read to its end leaves the connection in order for what follows
                return ZipArchive(archive, content.size, content.validator)
    raise NoRangesError(
        "no_ranges", f"{host.key} gives {archive.path} only whole: single members cannot be had from there"
    )


def _known(archive: ZipArchive, cache: Path | None) -> ZipDirectory | None:
    found = kept(cache, archive) if cache is not None else None
    return None if found is None else ZipDirectory(archive, *found)


def _fetched(host: Host, archive: ZipArchive, cache: Path | None, maximum: int) -> ZipDirectory:
    begin = max(0, archive.size - TAIL)
    tail = archive.read(host, begin, archive.size)
    try:
        end = find_end(tail, archive.size)
    except ZipFormatError as error:
        raise _explained(error, archive.read(host, 0, min(HEAD, archive.size))) from error
    if end.size > maximum:
        raise ZipFormatError(
            "too_large", f"its directory has {end.size:,} bytes; at most {maximum:,} are read"
        )
    first, last = end.start - begin, end.start + end.size - begin
    before = archive.read(host, end.start, begin) if first < 0 else b""
    content = before + tail[max(0, first) : last]
    del before, tail
    directory = ZipDirectory(archive, end, content)
    if cache is not None:
        keep(cache, archive, end, content)
    return directory


def _explained(error: ZipFormatError, head: bytes) -> ZipFormatError:
    """Tell a zip that was cut off from what never was one."""
    if error.code != "archive_cut" or head.startswith(b"PK"):
        return error
    return ZipFormatError("not_a_zip", f"it is no zip file but {describe(head) if head else 'empty'}")


def _row(header: Header, offset: int) -> bytes:
    fault = _FAULTS.index(fault_of(header))
    return _key(name_of(header)) + _ROW.pack(
        offset, header.compressed, header.size, header.crc32, header.method, header.flags, fault
    )


def _without_repeated(rows: list[bytes]) -> list[bytes]:
    """Leave one row, with a fault, of those with the same name; they are sorted."""
    single: list[bytes] = []
    last = None
    for row in rows:
        name = row[: row.index(b"\0")]
        if name == last:
            single[-1] = single[-1][:-1] + bytes([_FAULTS.index(Fault.REPEATED)])
        else:
            single.append(row)
        last = name
    return single


def _key(path: str) -> bytes:
    return path.encode("utf-8", "surrogatepass") + b"\0"
