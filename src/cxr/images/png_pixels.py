"""The pixels of a PNG, inflated once within a bound and checked without being decoded.

Every sequence of bytes that inflates to the right length and has filter types 0 to 4 decodes: PNG has no
other way to fail. What channels hold can be told from the filtered bytes. A filter predicts a sample from
samples of the same channel only (W3C PNG 9.2), so red, green and blue are equal in every pixel exactly when
their filtered bytes are; and an opaque alpha channel leaves, for each filter, one known pattern.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import imagecodecs
import numpy as np
import numpy.typing as npt

from cxr.images.inspection import FaultError
from cxr.images.png_chunks import Header

Bytes = npt.NDArray[np.uint8]

AT_ONCE = 64 << 20
"""Images up to so many inflated bytes are inflated in one go (libdeflate, twice as fast as zlib)."""

_BLOCK = 1 << 20

# Adam7: first column, first row, column step, row step of each pass (W3C PNG 8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

# What an opaque alpha byte is after filtering: by filter type; in the first row, then in the others; in the
# first pixel, then in the others. Average of 0 and 255 is 127, and 255 - 127 = 128.
_OPAQUE = np.array(
    [
        [[255, 255], [255, 255]],  # none
        [[255, 0], [255, 0]],  # sub
        [[255, 255], [0, 0]],  # up
        [[255, 128], [128, 0]],  # average
        [[255, 0], [0, 0]],  # Paeth
    ],
    dtype=np.uint8,
)


class Frame(NamedTuple):
    """Scanlines that are filtered together: the whole image, or one pass of an interlaced one."""

    width: int
    height: int
    row_bytes: int


class Pixels(NamedTuple):
    """What the pixels are.

    Attributes:
        channels_equal: As in `Inspection`.
        alpha_opaque: As in `Inspection`.
        trailing: Bytes in IDAT after the image's end.
    """

    channels_equal: bool | None
    alpha_opaque: bool | None
    trailing: int


class _Source(Protocol):
    def read(self, size: int) -> Bytes:
        """Return the next ``size`` inflated bytes."""
        ...

    def finish(self) -> int:
        """Check that the stream ends here, and return how many bytes of IDAT follow it."""
        ...


def frames(header: Header) -> list[Frame]:
    """Return the rectangles that IDAT holds, in order; empty passes are left out."""
    if not header.interlaced:
        return [_frame(header, header.width, header.height)]
    sizes = (
        (-(-(header.width - x) // dx), -(-(header.height - y) // dy))
        for x, y, dx, dy in _PASSES
        if header.width > x and header.height > y
    )
    return [_frame(header, width, height) for width, height in sizes]


def _frame(header: Header, width: int, height: int) -> Frame:
    return Frame(width, height, (width * header.bits_per_pixel + 7) // 8)


def inspect_pixels(header: Header, image_data: Sequence[memoryview]) -> Pixels:
    """Inflate all IDAT, and say what is in it.

    Raises:
        FaultError: ``does_not_decode``: the stream is damaged, too short or too long, or a filter type is
            unknown.
    """
    layout = frames(header)
    expected = sum((1 + frame.row_bytes) * frame.height for frame in layout)
    source = _open(image_data, expected)
    facts = _Facts(header)
    for frame in layout:
        for first, rows in _rows(source, frame):
            facts.see(rows, is_first=first == 0)
    return Pixels(facts.channels_equal, facts.alpha_opaque, source.finish())


def _rows(source: _Source, frame: Frame) -> Iterator[tuple[int, Bytes]]:
    """Yield blocks of one frame's scanlines, filter type in column 0, and the number of their first."""
    stride = 1 + frame.row_bytes
    at_once = max(1, _BLOCK // stride)
    for first in range(0, frame.height, at_once):
        count = min(at_once, frame.height - first)
        yield first, source.read(count * stride).reshape(count, stride)


class _Facts:
    """What the scanlines seen so far have in common."""

    def __init__(self, header: Header) -> None:
        self._sample_bytes = max(1, header.bit_depth // 8)
        self._samples = header.samples
        self.channels_equal: bool | None = True if header.samples >= 3 else None
        self.alpha_opaque: bool | None = True if header.samples in (2, 4) else None

    def see(self, rows: Bytes, *, is_first: bool) -> None:
        """Take in some scanlines; ``is_first`` when they begin a frame."""
        filters = rows[:, 0]
        if filters.max() > 4:
            raise FaultError(
                "does_not_decode", f"a scanline has filter type {filters.max()}; PNG knows 0 to 4"
            )
        if not (self.channels_equal or self.alpha_opaque):
            return
        size = self._sample_bytes
        pixels = rows[:, 1:].reshape(len(rows), -1, self._samples, size)
        if self.channels_equal:
            red = pixels[:, :, 0]
            self.channels_equal = all(np.array_equal(red, pixels[:, :, other]) for other in (1, 2))
        if self.alpha_opaque:
            self.alpha_opaque = _is_opaque(filters, pixels[:, :, -1], is_first=is_first)


def _is_opaque(filters: Bytes, alpha: Bytes, *, is_first: bool) -> bool:
    """Whether filtered alpha bytes (rows, pixels, bytes a sample) are those of an opaque channel."""
    expected = _OPAQUE[filters, 1]
    if is_first:
        expected[0] = _OPAQUE[filters[0], 0]
    first_pixel = np.all(alpha[:, 0] == expected[:, :1])
    others = np.all(alpha[:, 1:] == expected[:, 1][:, None, None])
    return bool(first_pixel and others)


def _open(image_data: Sequence[memoryview], expected: int) -> _Source:
    if expected <= AT_ONCE and sum(map(len, image_data)) <= AT_ONCE:
        whole = _inflate_at_once(image_data, expected)
        if whole is not None:
            return whole
    return _Stream(image_data)


def _inflate_at_once(image_data: Sequence[memoryview], expected: int) -> "_Whole | None":
    """Inflate in one go; ``None`` where anything is unusual, which `_Stream` then finds and names."""
    joined = b"".join(image_data)
    out = bytearray(expected)
    try:
        inflated = imagecodecs.deflate_decode(joined, out=out)
    except (imagecodecs.DeflateError, ValueError):
        return None
    # libdeflate is silent about bytes that follow the stream: then its checksum stands before the end.
    checksum = zlib.adler32(out).to_bytes(4, "big")
    if len(inflated) != expected or joined.find(checksum) != len(joined) - len(checksum):
        return None
    return _Whole(out)


class _Whole:
    """A source that has been inflated already."""

    def __init__(self, inflated: bytearray) -> None:
        self._bytes = np.frombuffer(inflated, np.uint8)
        self._at = 0

    def read(self, size: int) -> Bytes:
        self._at += size
        return self._bytes[self._at - size : self._at]

    def finish(self) -> int:
        return 0


class _Stream:
    """A source that inflates block by block, and says precisely what is wrong."""

    def __init__(self, image_data: Sequence[memoryview]) -> None:
        # In small pieces, since what the inflater does not take at once is copied each time.
        self._pieces = (
            chunk[start : start + _BLOCK] for chunk in image_data for start in range(0, len(chunk), _BLOCK)
        )
        self._inflater = zlib.decompressobj()
        self._pending: bytes | memoryview = b""
        self._done = 0

    def read(self, size: int) -> Bytes:
        parts: list[bytes] = []
        missing = size
        while missing:
            part = self._next(missing)
            if not part:
                raise FaultError(
                    "does_not_decode",
                    f"its image data ends after {self._done:,} bytes, before the image is complete",
                )
            parts.append(part)
            missing -= len(part)
        return np.frombuffer(b"".join(parts), np.uint8)

    def _next(self, most: int) -> bytes:
        """Return up to ``most`` more bytes, at least one unless the stream has ended."""
        while not self._inflater.eof:
            if not self._pending:
                self._pending = next(self._pieces, b"")
            is_last = not self._pending
            try:
                part = self._inflater.decompress(self._pending, most)
            except zlib.error as error:
                raise FaultError(
                    "does_not_decode", f"its image data is damaged after {self._done:,} bytes ({error})"
                ) from None
            self._pending = self._inflater.unconsumed_tail
            self._done += len(part)
            if part or is_last:
                return part
        return b""

    def finish(self) -> int:
        if self._next(1):
            raise FaultError("does_not_decode", "its image data holds more pixels than the header says")
        if not self._inflater.eof:
            raise FaultError("does_not_decode", "its image data ends without the checksum")
        return len(self._inflater.unused_data) + sum(map(len, self._pieces))
