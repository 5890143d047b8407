"""Width, height and bit depth from an image's first bytes, unchecked; light enough for every download."""

from collections.abc import Callable
from typing import NamedTuple

from cxr.images.bmp import BITS as BMP_BITS
from cxr.images.bmp import read_header as bmp_header
from cxr.images.formats import Format, sniff
from cxr.images.inspection import FaultError
from cxr.images.jpeg_segments import find_frame_header
from cxr.images.png_chunks import read_header as png_header
from cxr.images.tiff_directory import BITS, HEIGHT, WIDTH, first_directory
from cxr.images.webp_header import webp_header


class Dimensions(NamedTuple):
    """What an image's header says, unchecked.

    Attributes:
        width: In pixels.
        height: In pixels.
        bit_depth: Bits a sample.
    """

    width: int
    height: int
    bit_depth: int


def dimensions(head: bytes) -> Dimensions | None:
    """Return what an image's header says, without reading on.

    Args:
        head: The file's first bytes: 33 for PNG; for JPEG as far as its frame header, which lies behind EXIF
            data and profiles; for TIFF as far as its directory, which may be at the end.

    Returns:
        ``None`` where the header does not lie within ``head``, or says nothing sensible.
    """
    format_ = sniff(head)
    reader = _READERS.get(format_) if format_ is not None else None
    try:
        read = reader(head) if reader is not None else None
    except FaultError:
        return None
    return Dimensions(*read) if read is not None and min(read) > 0 else None


def _png(head: bytes) -> tuple[int, int, int] | None:
    if len(head) < 29 or head[12:16] != b"IHDR":
        return None
    header = png_header(head[16:29])
    return header.width, header.height, header.bit_depth


def _jpeg(head: bytes) -> tuple[int, int, int] | None:
    frame = find_frame_header(head)
    return (frame.width, frame.height, frame.precision) if frame is not None else None


def _tiff(head: bytes) -> tuple[int, int, int]:
    directory = first_directory(memoryview(head))
    return directory.one(WIDTH, 0), directory.one(HEIGHT, 0), directory.one(BITS, 1)


def _bmp(head: bytes) -> tuple[int, int, int] | None:
    header = bmp_header(head)
    return (
        (header.width, header.height, BMP_BITS.get(header.bits_per_pixel, 0)) if header is not None else None
    )


_READERS: dict[Format, Callable[[bytes], tuple[int, int, int] | None]] = {
    Format.JPEG: _jpeg,
    Format.PNG: _png,
    Format.TIFF: _tiff,
    Format.WEBP: webp_header,
    Format.BMP: _bmp,
}
