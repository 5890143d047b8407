"""Uncompressed BMP: whether the rows that the header promises are there; any bytes in them decode."""

from typing import NamedTuple

from cxr.images.inspection import FaultError, Inspection, Limits, require_pixels

_UNCOMPRESSED = (0, 3, 6)  # BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS
BITS = {1: 1, 4: 4, 8: 8, 16: 5, 24: 8, 32: 8}  # bits a pixel: bits a sample


class Header(NamedTuple):
    """What the file header and the bitmap header say."""

    width: int
    height: int
    bits_per_pixel: int
    compression: int
    pixels_at: int


def inspect_bmp(data: memoryview, found: Inspection, limits: Limits) -> None:
    """Fill ``found`` with what a BMP holds.

    Raises:
        FaultError: it cannot be used.
    """
    header = read_header(bytes(data[:64]))
    if header is None:
        raise FaultError("truncated", "the file ends within its header")
    found.width, found.height = header.width, header.height
    require_pixels(header.width, header.height, limits)
    if header.bits_per_pixel not in BITS:
        raise FaultError(
            "does_not_decode", f"it has {header.bits_per_pixel} bits a pixel, which BMP does not know"
        )
    if header.compression not in _UNCOMPRESSED:
        raise FaultError("does_not_decode", "it is a compressed BMP, which cxr does not read")
    found.bit_depth = BITS[header.bits_per_pixel]
    found.colour = "palette" if header.bits_per_pixel <= 8 else "rgb"
    found.channels = 3
    row = (header.width * header.bits_per_pixel + 31) // 32 * 4
    needed = header.pixels_at + row * header.height
    if needed > len(data):
        raise FaultError("truncated", f"its rows end at byte {needed:,}, the file has {len(data):,}")


def read_header(head: bytes) -> Header | None:
    """Read the first 34 bytes of a BMP (26 of an old one); ``None`` where there are fewer."""
    if len(head) < 26:
        return None

    def number(start: int, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(head[start : start + size], "little", signed=signed)

    if number(14, 4) == 12:  # OS/2
        return Header(number(18, 2), number(20, 2), number(24, 2), 0, number(10, 4))
    if len(head) < 34:
        return None
    # A negative height means that the rows run from the top.
    height = abs(number(22, 4, signed=True))
    return Header(number(18, 4, signed=True), height, number(28, 2), number(30, 4), number(10, 4))
