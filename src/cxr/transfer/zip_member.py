"""The bytes of one member, out of the bytes of an archive that are passing."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from cxr.http import TransientError
from cxr.transfer.digest import NotTheImageError
from cxr.transfer.unit import Report
from cxr.transfer.zip_entry import DEFLATED, DESCRIBED_LATER, ENCRYPTED, Entry
from cxr.transfer.zip_format import LOCAL_HEADER, LocalHeader, local_header

_BLOCK: Final = 1 << 20
_IN_ZIP64: Final = 0xFFFFFFFF


class StoppedError(OSError):
    """The run is being stopped."""


class Cursor:
    """Goes forward through the bytes of an archive, by their place in it.

    Attributes:
        place: Of the next byte in the archive.

    Args:
        blocks: The bytes as they come.
        place: Of the first of them.
        report: Told of every block that comes, and asked whether to stop before each.
    """

    def __init__(self, blocks: Iterator[bytes], place: int, report: Report) -> None:
        self.place = place
        self._blocks = blocks
        self._report = report
        self._block = b""
        self._used = 0

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes.

        Raises:
            TransientError: they did not all come.
            StoppedError: the run is being stopped.
        """
        while size:
            block, begin = self._next(), self._used
            self._pass(min(size, len(block) - begin))
            size -= self._used - begin
            yield block[begin : self._used]

    def skip_to(self, place: int) -> None:
        """Let the bytes before ``place`` pass; see `take`."""
        while self.place < place:
            self._pass(min(place - self.place, len(self._next()) - self._used))

    def _pass(self, size: int) -> None:
        self._used += size
        self.place += size

    def _next(self) -> bytes:
        """Return the block that has the next byte."""
        if self._used < len(self._block):
            return self._block
        if self._report.stopping:
            raise StoppedError
        self._block, self._used = next(self._blocks, b""), 0
        if not self._block:
            raise TransientError(
                "cut_short", f"the archive's bytes ended at {self.place:,}, before they should"
            )
        self._report.moved(len(self._block))
        return self._block


def content_of(entry: Entry, cursor: Cursor) -> Iterator[bytes]:
    """Yield a member's own bytes, inflated, and never more than it announces.

    Args:
        entry: The member.
        cursor: Where the archive's bytes pass; not behind the member's begin.

    Raises:
        NotTheImageError: what is there is not what the archive's directory says.
        TransientError: the archive's bytes did not all come.
        StoppedError: the run is being stopped.
    """
    cursor.skip_to(entry.offset)
    found = local_header(b"".join(cursor.take(LOCAL_HEADER)))
    if found is None:
        raise _differs("there is no member where the archive's directory says that it begins")
    _check_header(found, entry)
    if b"".join(cursor.take(found.name_size)) != entry.raw_name:
        raise _differs("another member is where the archive's directory says that it begins")
    cursor.skip_to(cursor.place + found.extra_size)
    blocks = cursor.take(entry.compressed)
    yield from inflated(blocks, entry.size) if entry.method == DEFLATED else blocks


def inflated(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the inflated bytes of a raw deflate stream, in blocks of at most 1 MiB.

    Args:
        blocks: The stream; what follows its end is left.
        size: Bytes that are expected. One more, and it is given up: a few bytes can inflate to any number.

    Raises:
        NotTheImageError: it is no such stream, or has more.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for block in blocks:
        while not inflater.eof:
            most = min(_BLOCK, size + 1)
            try:
                piece = inflater.decompress(block, most)
            except zlib.error:
                raise NotTheImageError("does_not_inflate", "its compressed bytes are damaged") from None
            size -= len(piece)
            if size < 0:
                raise NotTheImageError("size_differs", "it inflates to more bytes than the archive announces")
            if piece:
                yield piece
            block = inflater.unconsumed_tail  # noqa: PLW2901  the rest of it
            if not block and len(piece) < most:
                break


def _check_header(found: LocalHeader, entry: Entry) -> None:
    same = (
        found.method == entry.method
        and not found.flags & ENCRYPTED
        and found.name_size == len(entry.raw_name)
        and entry.least_end + found.extra_size <= entry.end
    )
    if not found.flags & DESCRIBED_LATER:  # else the numbers may stand behind the bytes
        same &= found.crc32 == entry.crc32
        same &= found.compressed in (entry.compressed, _IN_ZIP64)
        same &= found.size in (entry.size, _IN_ZIP64)
    if not same:
        raise _differs("its header in the archive and the archive's directory contradict each other")


def _differs(reason: str) -> NotTheImageError:
    return NotTheImageError("header_differs", reason)
