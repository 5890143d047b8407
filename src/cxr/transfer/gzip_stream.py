"""What a gzip file inflates to, from its beginning or from a point inside, piece by piece (RFC 1952)."""

import zlib
from collections.abc import Iterator
from typing import Final

from cxr.http import RefusedError
from cxr.images.formats import HEAD, describe
from cxr.logs import get_logger
from cxr.transfer.archive_source import FIRST, ArchiveSource
from cxr.transfer.gzip_header import LONGEST, MAGIC, header_length
from cxr.transfer.point_finder import Found, PointFinder
from cxr.transfer.seek_point import START, Point, primer

_SLICE: Final = 1 << 16  # compressed bytes inflated at once
_PIECE: Final = 1 << 18  # bytes that one piece has at most
_TRAILER: Final = 8

# Archives of images hardly inflate at all. Deflate reaches 1,032; black pixels of a PNG were deflated before.
_RATIO: Final = 100
_ANYWAY: Final = 1 << 30  # bytes of content that are read whatever the ratio

_log = get_logger(__name__)


class GzipStream:
    """Reads the content of a gzip file forward. Several members, one after the other, are one content.

    Attributes:
        position: Of the next byte in the content.
        newest: The last point that has passed.
        wrong_sums: How many members did not have the CRC-32 and length that their end says.

    Args:
        source: The file's bytes.
        name: Of the file, for people, as the beginning of a sentence.
        finder: Looks for points in what passes; without it only beginnings of members are points.
    """

    def __init__(self, source: ArchiveSource, name: str, finder: PointFinder | None = None) -> None:
        self.position = 0
        self.newest = Found(START)
        self.wrong_sums = 0
        self._source = source
        self._name = name
        self._finder = finder
        self._input = _Input(source)
        self._inflater: zlib._Decompress | None = None
        self._member = self._crc = 0

    @property
    def compressed(self) -> int:
        """Where in the file reading has come to."""
        return self._input.position

    def begin(self, found: Found, expected: int = FIRST) -> None:
        """Go on from a point.

        Args:
            found: The point.
            expected: Compressed bytes that will be wanted from there, about.

        Raises:
            RequestError: see `ArchiveSource.read`; ``archive_damaged``.
        """
        point = found.point
        self._source.seek(point.compressed, expected)
        self._input = _Input(self._source)
        self._inflater = None
        self.newest, self.position, self._member, self._crc = found, point.inflated, point.member, point.crc
        if point.is_start:
            return
        first = self._input.take(1) if point.bits else b""
        self._begin_inflating(found, first)
        self._inflate(primer(found.window, point.bits, first[0] if first else 0))

    def piece(self, limit: int = _PIECE) -> bytes:
        """Return the next bytes, at most ``limit``; none at the end.

        Raises:
            RequestError: see `ArchiveSource.read`; ``archive_damaged``, ``archive_bomb``, ``not_an_archive``.
        """
        while self._inflater is not None or self._begin_member():
            if content := self._next(min(limit, _PIECE)):
                return content
        return b""

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes, fewer at the end; see `piece`."""
        while size and (piece := self.piece(size)):
            size -= len(piece)
            yield piece

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end; see `piece`."""
        return b"".join(self.pieces(size))

    def skip(self, size: int) -> bool:
        """Pass over bytes; return whether there were as many. See `piece`."""
        end = self.position + size
        for _ in self.pieces(size):
            pass
        return self.position == end

    def _next(self, limit: int) -> bytes:
        """Inflate a slice, or as much of it as gives ``limit`` bytes."""
        inflater = self._inflater
        assert inflater is not None
        given = self._input.view(_SLICE)
        content = self._inflate(given, limit)
        self.position += len(content)
        self._crc = zlib.crc32(content, self._crc)
        used = len(given) - len(inflater.unused_data if inflater.eof else inflater.unconsumed_tail)
        self._input.advance(used)
        self._refuse_bomb()
        if inflater.eof:
            self._end_member()
        elif not given and not content:
            raise self._damaged("it is cut off")
        elif self._finder is not None:
            self.newest = self._finder.add(given[:used], self.position, self._crc) or self.newest
        return content

    def _inflate(self, data: bytes | memoryview, limit: int = 0) -> bytes:
        assert self._inflater is not None
        try:
            return self._inflater.decompress(data, limit)
        except zlib.error:
            raise self._damaged("its bytes do not inflate") from None

    def _begin_member(self) -> bool:
        """Begin with the next gzip member; return whether there is one."""
        first = self._input.position == 0
        if not first:
            self._skip_zeros()
            start = self._input.peek(len(MAGIC))
            if start != MAGIC:
                if start:
                    _log.warning("bytes behind the end are ignored", archive=self._name, at=self.compressed)
                return False
        point = Point(self.compressed, 0, self.position, self.position, 0)
        self._member, self._crc = self.position, 0
        self.newest = Found(point)
        self._begin_inflating(self.newest, self._input.take(self._header_length(first=first)))
        return True

    def _skip_zeros(self) -> None:
        """Pass over zeros between members, with which some tools fill up."""
        while (given := self._input.view(_SLICE)) and not any(given):
            self._input.advance(len(given))
        rest = bytes(given)
        self._input.advance(len(rest) - len(rest.lstrip(b"\0")))

    def _header_length(self, *, first: bool) -> int:
        size = 512
        while True:
            data = self._input.peek(size)
            try:
                length = header_length(data)
            except ValueError as error:
                if first:
                    raise self._no_archive(data) from None
                raise self._damaged(str(error)) from None
            if length is not None:
                return length
            if len(data) < size or size > LONGEST:
                raise self._no_archive(data) if first and not data else self._damaged("it is cut off")
            size *= 2

    def _begin_inflating(self, found: Found, first: bytes) -> None:
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        if self._finder is not None:
            self._finder.begin(found)
            self._finder.add(first, self.position, self._crc)

    def _end_member(self) -> None:
        """Compare what came with what the member's end says."""
        self._inflater = None
        said = self._input.take(_TRAILER)
        length = (self.position - self._member) % (1 << 32)
        if said != self._crc.to_bytes(4, "little") + length.to_bytes(4, "little"):
            self.wrong_sums += 1

    def _refuse_bomb(self) -> None:
        if self.position > _ANYWAY + _RATIO * self.compressed:
            raise RefusedError(
                "archive_bomb",
                f"{self._name}: its first {self.compressed:,} bytes inflate to {self.position:,}, more than "
                f"{_RATIO} times as many: no archive of images does that, and it is not read on",
            )

    def _damaged(self, what: str) -> RefusedError:
        return RefusedError("archive_damaged", f"{self._name}: {what} at byte {self.compressed:,}")

    def _no_archive(self, data: bytes) -> RefusedError:
        what = describe(data[:HEAD]) if data else "empty"
        return RefusedError("not_an_archive", f"{self._name}: it is {what}, not a gzip file")


class _Input:
    """Bytes of a source that can be looked at before they are used.

    Attributes:
        position: Of the next byte that is not used yet.
    """

    def __init__(self, source: ArchiveSource) -> None:
        self.position = source.position
        self._source = source
        self._block = memoryview(b"")

    def view(self, most: int) -> memoryview:
        """Return the next bytes, at most so many; none at the end."""
        if not self._block:
            self._block = memoryview(self._source.read())
        return self._block[:most]

    def peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""
        while len(self._block) < size and (more := self._source.read()):
            self._block = memoryview(bytes(self._block) + more)
        return bytes(self._block[:size])

    def advance(self, size: int) -> None:
        """Use bytes that were viewed."""
        self._block = self._block[size:]
        self.position += size

    def take(self, size: int) -> bytes:
        """Use and return the next ``size`` bytes, fewer at the end."""
        taken = self.peek(size)
        self.advance(len(taken))
        return taken
