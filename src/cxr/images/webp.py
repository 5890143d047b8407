"""WebP: the RIFF container against the file's size, and a whole decode (WebP container specification)."""

import imagecodecs

from cxr.images.decoded import decode_bounded, look_at_channels
from cxr.images.inspection import FaultError, Inspection, Limits, require_pixels
from cxr.images.webp_header import webp_header

_ALPHA, _ANIMATION, _ICC = 0x10, 0x02, 0x20  # flags of VP8X


def inspect_webp(data: memoryview, found: Inspection, limits: Limits) -> None:
    """Fill ``found`` with what a WebP holds.

    Raises:
        FaultError: it cannot be used.
    """
    size = 8 + int.from_bytes(data[4:8], "little")
    if size > len(data):
        raise FaultError("truncated", f"its container says {size:,} bytes, the file has {len(data):,}")
    read = webp_header(bytes(data[:64]))
    if read is None:
        raise FaultError("does_not_decode", "its first chunk is none of VP8, VP8L and VP8X")
    found.width, found.height, found.bit_depth = read
    require_pixels(found.width, found.height, limits)
    flags = _flags(data)
    found.has_alpha, found.several_images = bool(flags & _ALPHA), bool(flags & _ANIMATION)
    found.colour_profile = ("ICC",) if flags & _ICC else ()
    found.colour, found.channels = "rgb", 4 if found.has_alpha else 3
    found.trailing_bytes = len(data) - size - (size & 1)  # chunks are padded to even lengths
    pixels = decode_bounded(imagecodecs.webp_decode, data, found.width * found.height * 4, limits)
    look_at_channels(pixels, found)


def _flags(data: memoryview) -> int:
    if bytes(data[12:16]) == b"VP8X":
        return data[20]
    if bytes(data[12:16]) == b"VP8L":
        return _ALPHA if data[24] & 0x10 else 0
    return 0
