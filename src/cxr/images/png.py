"""PNG, strictly: every chunk to IEND, and all image data."""

import zlib

from cxr.images import exif
from cxr.images.inspection import FaultError, Inspection, Limits, require_pixels
from cxr.images.png_chunks import Chunk, Chunks, walk
from cxr.images.png_pixels import inspect_pixels

_COLOURS = {0: "grey", 2: "rgb", 3: "palette", 4: "grey", 6: "rgb"}
_PALETTE = 3
_TEXT_TOTAL = 64  # times `Limits.text_bytes`, for all chunks of text together


def inspect_png(data: memoryview, found: Inspection, limits: Limits) -> None:
    """Fill ``found`` with what a PNG holds.

    Raises:
        FaultError: it cannot be used.
    """
    chunks = walk(data, limits)
    _describe(chunks, found)
    require_pixels(chunks.header.width, chunks.header.height, limits)
    _bound_text(chunks.compressed, limits)
    pixels = inspect_pixels(chunks.header, chunks.image_data)
    found.channels_equal = pixels.channels_equal
    found.alpha_opaque = pixels.alpha_opaque
    found.trailing_bytes = chunks.trailing + pixels.trailing


def _describe(chunks: Chunks, found: Inspection) -> None:
    header = chunks.header
    found.width, found.height, found.bit_depth = header.width, header.height, header.bit_depth
    found.colour = _COLOURS[header.colour_type]
    found.has_alpha = chunks.transparency or header.samples in (2, 4)
    colours = 3 if header.colour_type == _PALETTE else header.samples
    found.channels = colours + (chunks.transparency and header.samples not in (2, 4))
    found.colour_profile = tuple(chunks.profiles)
    found.several_images = chunks.animated
    found.orientation = exif.orientation(chunks.exif, chunks.xmp)


def _bound_text(chunks: list[Chunk], limits: Limits) -> None:
    """Refuse text or a profile that inflates to more than anyone would write there.

    Raises:
        FaultError: ``decompression_bomb``.
    """
    total = 0
    for kind, content in chunks:
        limit = limits.profile_bytes if kind == b"iCCP" else limits.text_bytes
        size = _inflated_size(_compressed(kind, content), limit)
        total += size
        if size > limit or total > _TEXT_TOTAL * limits.text_bytes:
            raise FaultError(
                "decompression_bomb",
                f"a {kind.decode()} chunk of {len(content):,} bytes inflates to more than "
                f"{min(size, limit):,}",
            )


def _compressed(kind: bytes, content: memoryview) -> bytes:
    """Return the compressed part of a chunk of text or profile (W3C PNG 11.3), empty without one."""
    _, _, rest = bytes(content).partition(b"\0")
    if kind != b"iTXt":
        return rest[1:]  # after the compression method
    if rest[:1] != b"\1":
        return b""
    # Compression flag and method, then language tag and translated keyword, each ended by a zero.
    return b"".join(rest[2:].split(b"\0", 2)[2:])


def _inflated_size(compressed: bytes, limit: int) -> int:
    """Return how much it inflates to, at most ``limit`` + 1; damaged text is no fault of the image."""
    if not compressed:
        return 0
    try:
        return len(zlib.decompressobj().decompress(compressed, limit + 1))
    except zlib.error:
        return 0
