"""Where a gzip file that is being inflated could be read from later, found with ``indexed_gzip``.

Python's zlib does not say where a deflate block begins; zran in indexed_gzip does, for files. It is given
what has passed since the last known point, a piece at a time and from memory: no connection breaks inside it,
and what it holds does not grow. A point counts when reading from it gives what came the first time.
"""

import importlib
import importlib.util
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import Any, Final

from cxr.logs import get_logger
from cxr.transfer.seek_point import WINDOW, Point, primer

STEP: Final = 1 << 18
"""Compressed bytes after which the next point is looked for."""

_PATIENCE: Final = (
    16 << 20
)  # compressed bytes without a block's beginning; encoders begin one every 64 KiB or so
_INFLATED: Final = 64 << 20  # bytes that a piece may inflate to: more is no archive of images
_PROOF: Final = 1 << 10  # compressed bytes behind a point by which it is tried
_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # of a gzip member, RFC 1952 section 2.3
_PARTS: Final = 8  # a piece is divided in so many, and the point is the last that one of them begins with

# What indexed_gzip exports (zran.h): after 31 bytes of other things, these; the windows follow the points.
_COUNTS: Final = struct.Struct("<II")  # window size is at 27, number of points at 31
_POINT: Final = struct.Struct("<QQBB")  # compressed and inflated offset, bits, whether it has a window

_log = get_logger(__name__)


def is_available() -> bool:
    """Return whether indexed_gzip is installed (extra ``targz``)."""
    return importlib.util.find_spec("indexed_gzip") is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A point and what is needed to begin there.

    Attributes:
        point: Where.
        window: The content's last bytes before it; empty at a member's start.
    """

    point: Point
    window: bytes = b""


class PointFinder:
    """Looks for points in the bytes that pass.

    Args:
        step: Compressed bytes from one search to the next.
    """

    def __init__(self, step: int = STEP) -> None:
        self._zran: ModuleType | None = importlib.import_module("indexed_gzip")
        self._step = step
        self._due = step
        self._from = Found(Point(0, 0, 0, 0, 0))
        self._data = bytearray()
        self._sums: list[tuple[int, int]] = []

    def begin(self, found: Found) -> None:
        """Begin at a point; the bytes that pass from now on are those from `Point.compressed` on."""
        self._from = found
        self._data = bytearray()
        self._sums = [(found.point.inflated, found.point.crc)]
        self._due = self._step

    def add(self, data: bytes | memoryview, inflated: int, crc: int) -> Found | None:
        """Take the next bytes, and return a new point where one was found.

        Args:
            data: Compressed bytes, of the same gzip member as those before.
            inflated: How many bytes the content has so far.
            crc: CRC-32 of what the member inflates to so far.
        """
        if self._zran is None:
            return None
        self._data += data
        self._sums.append((inflated, crc))
        if len(self._data) < self._due:
            return None
        self._due = 2 * len(self._data)
        if inflated - self._from.point.inflated > _INFLATED or self._due > _PATIENCE:
            self._give_up("no deflate block begins for too long")
            return None
        found = self._searched(self._zran)
        if found is not None:
            self._go_on_from(found)
        return found

    def _searched(self, zran: ModuleType) -> Found | None:
        try:
            return self._search(zran)
        except (OSError, ValueError) as error:  # ZranError is an OSError
            # Without further points the archive can still be read.
            self._give_up(repr(error))
            return None

    def _give_up(self, reason: str) -> None:
        _log.warning("no further seek points", reason=reason)
        self._zran = None
        self._data = bytearray()
        self._sums = []

    def _go_on_from(self, found: Found) -> None:
        passed = found.point.compressed - self._from.point.compressed
        later = [one for one in self._sums if one[0] > found.point.inflated]
        rest = self._data[passed:]
        self.begin(found)
        self._data = rest
        self._sums += later

    def _search(self, zran: ModuleType) -> Found | None:
        """Return the last point in the bytes that have passed, if one is there and holds."""
        here, window = self._from.point, self._from.window
        head = b"" if here.is_start else _HEADER + primer(window, here.bits, self._data[0])
        skip = 1 if here.bits else 0
        piece = BytesIO(head + self._data[skip:])
        compressed = here.compressed + skip - len(head)
        inflated = here.inflated - len(window)
        end, end_crc = self._sums[-1]
        spacing = max(WINDOW + 1, (end - here.inflated) // _PARTS)
        with zran.IndexedGzipFile(
            fileobj=piece, spacing=spacing, window_size=WINDOW, buffer_size=1 << 16, skip_crc_check=True
        ) as file:
            file.seek(end - inflated - 1)
            most = piece.getbuffer().nbytes - _PROOF
            points = [one for one in _exported(file) if one.window and one.point.compressed < most]
            if not points or points[-1].point.inflated + inflated <= here.inflated:
                return None
            last = points[-1].point
            crc = self._crc(file, last.inflated + inflated, inflated)
        point = Point(
            compressed=last.compressed + compressed,
            bits=last.bits,
            inflated=last.inflated + inflated,
            member=here.member,
            crc=crc,
        )
        found = Found(point, points[-1].window)
        tail = self._data[point.compressed - here.compressed :]
        return found if _leads_to(found, tail, end, end_crc) else None

    def _crc(self, file: Any, offset: int, origin: int) -> int:
        """Return the CRC-32 at an offset, from the nearest before it that is known."""
        known, crc = max(one for one in self._sums if one[0] <= offset)
        file.seek(known - origin)
        return zlib.crc32(file.read(offset - known), crc)


def _exported(file: Any) -> Iterator[Found]:
    """Yield the points that indexed_gzip knows, in order."""
    out = BytesIO()
    file.export_index(fileobj=out)
    blob = out.getvalue()
    window_size, count = _COUNTS.unpack_from(blob, 27)
    at = 27 + _COUNTS.size
    window_at = at + count * _POINT.size
    for _ in range(count):
        offset, inflated, bits, has_window = _POINT.unpack_from(blob, at)
        at += _POINT.size
        window = blob[window_at : window_at + window_size] if has_window else b""
        window_at += len(window)
        # indexed_gzip names the first whole byte; the bits before it are needed, too.
        yield Found(Point(offset - bool(bits), bits, inflated, 0, 0), window)


def _leads_to(found: Found, data: bytearray, end: int, crc: int) -> bool:
    """Return whether reading from a point gives what came the first time."""
    point = found.point
    inflater = zlib.decompressobj(-15)
    try:
        inflater.decompress(primer(found.window, point.bits, data[0]))
        content = inflater.decompress(data[1:] if point.bits else data, end - point.inflated)
    except zlib.error:
        return False
    return point.inflated + len(content) == end and zlib.crc32(content, point.crc) == crc
