"""What is written into the seek index of an archive while it streams, and whether one is of this archive."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import Final

from cxr.hosts import Archive
from cxr.http import RequestError
from cxr.transfer.archive_source import EDGE, ArchiveSource
from cxr.transfer.gzip_stream import GzipStream
from cxr.transfer.point_finder import Found
from cxr.transfer.seek_index import Identity, SeekIndex
from cxr.transfer.seek_point import START
from cxr.transfer.unit import Report

_NARROWEST: Final = 1 << 20
_WIDEST: Final = 16 << 20
_UNKNOWN: Final = 4 << 20  # where the host does not say the archive's size
_WORTH: Final = 64 << 10  # compressed bytes behind the last point that make a further one worth its 32 KiB


def window(size: int | None) -> int:
    """Return how many compressed bytes there are between two points of an archive's seek index, at most.

    A kill costs as much, and so does one image from the middle; each point is 32 KiB of the index.

    Args:
        size: Of the archive; ``None`` where the host does not say.
    """
    return _UNKNOWN if size is None else min(max(size // 256, _NARROWEST), _WIDEST)


class IndexKeeper:
    """Keeps the index of an archive that is being read.

    Args:
        index: Where everything is written down.
        archive: Which.
        source: Its bytes.
        stream: Its content.
        report: Told of what a later attempt need not read again.
    """

    def __init__(
        self, index: SeekIndex, archive: Archive, source: ArchiveSource, stream: GzipStream, report: Report
    ) -> None:
        self._index = index
        self._archive = archive
        self._source = source
        self._stream = stream
        self._report = report
        self._tail = ""

    def fits(self) -> bool:
        """Ask the host for as little as tells whether the index is of the archive that is there now.

        Raises:
            TransientError: the host gives nothing now.
            RefusedError: the host gives nothing.
        """
        self._source.probe()
        known, here = self._index.identity, self._identity()
        if known is None or here is None:
            return False
        if known.tail and known.validator != here.validator and known.size == here.size:
            here = replace(here, tail=_digest(self._source.last_bytes()))
        return known.is_of(here)

    def save_point(self) -> None:
        """Write down what is new, once in a while, so that a kill costs little.

        Raises:
            StorageError: it cannot be written.
        """
        found, identity = self._new_point(window(self._source.size) // 2), self._identity()
        if found is None or identity is None:
            return
        if self._index.identity is None:
            with suppress(RequestError):
                self._tail = _digest(self._source.last_bytes())
            identity = replace(identity, tail=self._tail)
        before = self._index.points[-1].compressed if self._index.points else 0
        self._index.save(identity, found)
        self._report.kept(found.point.compressed - before)

    def save(self, *, complete: bool) -> None:
        """Write down what is new at the end. What was seen of wrong bytes is no good.

        Args:
            complete: There are no further members.

        Raises:
            StorageError: it cannot be written.
        """
        if self._stream.wrong_sums:
            self._index.forget()
        elif (identity := self._identity()) is not None:
            self._index.save(identity, self._new_point(_WORTH))
            self._index.save(identity, complete=complete)

    def _new_point(self, apart: int) -> Found | None:
        """Return the newest point if the index's last one is so many compressed bytes before it."""
        newest, last = self._stream.newest, self._index.points[-1] if self._index.points else START
        far = newest.point.compressed - last.compressed >= apart and newest.point.inflated > last.inflated
        return newest if far and not self._stream.wrong_sums else None

    def _identity(self) -> Identity | None:
        """Return which archive it is, as soon as enough of it has been seen."""
        source = self._source
        if len(source.head) < EDGE and not source.finished and len(source.head) != source.size:
            return None
        name = self._archive.remote.path
        return Identity(name, source.size, source.validator, _digest(source.head), self._tail)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if data else ""
