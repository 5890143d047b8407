"""The chunks of a PNG, checked one by one (W3C PNG 3rd edition, sections 5 and 11)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cxr.images.formats import PNG_SIGNATURE
from cxr.images.inspection import FaultError, Limits

MAX_LENGTH = (1 << 31) - 1  # section 5.3

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # table 8
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_XMP = b"XML:com.adobe.xmp\0\0"  # keyword and "not compressed", as XMP wants it (ISO 16684-3)
_ANCILLARY = 0x20  # this bit of a type's first letter: readers may ignore the chunk
_COMPRESSED = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_PROFILES = {b"iCCP": "iCCP", b"sRGB": "sRGB", b"gAMA": "gAMA", b"cHRM": "cHRM"}
_PALETTE, _TRUECOLOUR = 3, (2, 6)


class Chunk(NamedTuple):
    """One chunk whose CRC is right."""

    kind: bytes
    data: memoryview


@dataclass(frozen=True, slots=True)
class Header:
    """What IHDR says."""

    width: int
    height: int
    bit_depth: int
    colour_type: int
    interlaced: bool

    @property
    def samples(self) -> int:
        """Samples a pixel, as stored (a palette's index is one)."""
        return _SAMPLES[self.colour_type]

    @property
    def bits_per_pixel(self) -> int:
        """As stored."""
        return self.samples * self.bit_depth


@dataclass(slots=True)
class Chunks:
    """What the walk over a whole PNG found.

    Attributes:
        header: Of the image.
        image_data: Content of each IDAT, in order.
        palette_entries: Of PLTE; 0 without one.
        transparency: Whether there is a tRNS.
        profiles: Chunks that say how to show the values, in the file's order.
        compressed: zTXt, iTXt and iCCP, for whoever bounds what they inflate to.
        animated: Whether there is an acTL.
        exif: Content of eXIf.
        xmp: Content of the iTXt chunk with the XMP packet.
        trailing: Bytes after IEND.
    """

    header: Header
    image_data: list[memoryview] = field(default_factory=list)
    palette_entries: int = 0
    transparency: bool = False
    profiles: list[str] = field(default_factory=list)
    compressed: list[Chunk] = field(default_factory=list)
    animated: bool = False
    exif: bytes = b""
    xmp: bytes | memoryview = b""
    trailing: int = 0


def walk(data: memoryview, limits: Limits) -> Chunks:
    """Check the signature, every chunk's length, type, CRC and place, up to IEND.

    Raises:
        FaultError: ``does_not_decode`` where a chunk breaks the format, ``truncated`` where the file ends
            before IEND.
    """
    require_signature(data)
    chunks = iterate(data)
    found = Chunks(header=_header(next(chunks)))
    position = len(PNG_SIGNATURE) + 12 + 13
    previous = b"IHDR"
    for number, chunk in enumerate(chunks, 2):
        if number > limits.chunks:
            raise FaultError("decompression_bomb", f"it has more than {limits.chunks:,} chunks")
        position += 12 + len(chunk.data)
        _take(found, chunk, previous)
        previous = chunk.kind
    _require_complete(found)
    found.trailing = len(data) - position
    return found


def require_signature(data: memoryview) -> None:
    """Refuse a damaged signature.

    Raises:
        FaultError: ``does_not_decode``.
    """
    start = bytes(data[:8])
    if start == PNG_SIGNATURE:
        return
    cause = ""
    if start[:4] == PNG_SIGNATURE[:4] and start[4:6] != b"\r\n":
        cause = "; line ends were changed, as a transfer in text mode does"
    raise FaultError("does_not_decode", f"the PNG signature is damaged ({start.hex(' ')}){cause}")


def iterate(data: memoryview) -> Iterator[Chunk]:
    """Yield each chunk up to and with IEND.

    Raises:
        FaultError: a chunk is damaged, or the file ends before IEND.
    """
    position, size = len(PNG_SIGNATURE), len(data)
    while True:
        if position + 8 > size:
            raise FaultError("truncated", f"the file ends at byte {size}, before its last chunk (IEND)")
        length = int.from_bytes(data[position : position + 4], "big")
        kind = bytes(data[position + 4 : position + 8])
        _require_plausible(kind, length, position)
        end = position + 8 + length
        if end + 4 > size:
            here = max(0, size - position - 8)
            raise FaultError(
                "truncated",
                f"the file ends within {kind.decode()} at byte {position}: {min(here, length):,} of its "
                f"{length:,} bytes are there",
            )
        computed = zlib.crc32(data[position + 4 : end])
        stored = int.from_bytes(data[end : end + 4], "big")
        if computed != stored:
            raise FaultError(
                "does_not_decode",
                f"the checksum of {kind.decode()} at byte {position} is wrong: stored {stored:08x}, computed "
                f"{computed:08x}",
            )
        yield Chunk(kind, data[position + 8 : end])
        if kind == b"IEND":
            return
        position = end + 4


def _require_plausible(kind: bytes, length: int, position: int) -> None:
    if not (kind.isalpha() and kind.isascii()):
        raise FaultError("does_not_decode", f"at byte {position} no chunk begins (its type is {kind.hex()})")
    if position == len(PNG_SIGNATURE) and (kind, length) != (b"IHDR", 13):
        raise FaultError(
            "does_not_decode", f"the first chunk is {kind.decode()} of {length:,} bytes, not IHDR"
        )
    if length > MAX_LENGTH:
        raise FaultError(
            "does_not_decode", f"{kind.decode()} at byte {position} says it has {length:,} bytes"
        )


def read_header(content: bytes | memoryview) -> Header:
    """Read the 13 bytes of an IHDR.

    Raises:
        FaultError: ``does_not_decode``: they describe no PNG.
    """
    width = int.from_bytes(content[0:4], "big")
    height = int.from_bytes(content[4:8], "big")
    depth, colour_type, compression, filtering, interlace = content[8:13]
    if not 0 < width <= MAX_LENGTH or not 0 < height <= MAX_LENGTH:
        raise FaultError("does_not_decode", f"IHDR says {width} x {height} pixels")
    if colour_type not in _DEPTHS:
        raise FaultError("does_not_decode", f"IHDR has colour type {colour_type}, which PNG does not know")
    if depth not in _DEPTHS[colour_type]:
        raise FaultError(
            "does_not_decode", f"IHDR has bit depth {depth}, which colour type {colour_type} does not allow"
        )
    if compression or filtering or interlace > 1:
        raise FaultError(
            "does_not_decode",
            f"IHDR has compression {compression}, filter {filtering}, interlace {interlace}; "
            "PNG knows 0, 0, and 0 or 1",
        )
    return Header(width, height, depth, colour_type, interlaced=bool(interlace))


def _header(chunk: Chunk) -> Header:
    return read_header(chunk.data)


def _take(found: Chunks, chunk: Chunk, previous: bytes) -> None:
    """Put one chunk where it belongs, or refuse it where it stands."""
    kind, content = chunk
    if kind == b"IDAT":
        if found.image_data and previous != b"IDAT":
            raise FaultError("does_not_decode", "other chunks stand between its IDAT chunks")
        found.image_data.append(content)
    elif kind == b"PLTE":
        found.palette_entries = _palette_entries(found, content)
    elif kind == b"IHDR":
        raise FaultError("does_not_decode", "it has a second IHDR")
    elif kind[0] & _ANCILLARY:
        _take_ancillary(found, chunk)
    elif kind != b"IEND":
        raise FaultError("does_not_decode", f"it needs the chunk {kind.decode()}, which PNG does not define")


def _take_ancillary(found: Chunks, chunk: Chunk) -> None:
    kind, content = chunk
    if kind in _PROFILES:
        found.profiles.append(_PROFILES[kind])
    elif kind == b"tRNS":
        found.transparency = True
    elif kind == b"acTL":
        found.animated = True
    elif kind == b"eXIf":
        found.exif = bytes(content)
    elif kind == b"iTXt" and bytes(content[: len(_XMP)]) == _XMP:
        found.xmp = content
    if kind in _COMPRESSED:
        found.compressed.append(chunk)


def _palette_entries(found: Chunks, content: memoryview) -> int:
    if found.palette_entries:
        raise FaultError("does_not_decode", "it has a second palette (PLTE)")
    if found.image_data:
        raise FaultError("does_not_decode", "its palette (PLTE) follows the image data")
    header = found.header
    if header.colour_type not in (_PALETTE, *_TRUECOLOUR):
        raise FaultError("does_not_decode", "it has a palette (PLTE), which a grey image must not")
    entries, rest = divmod(len(content), 3)
    most = 1 << header.bit_depth if header.colour_type == _PALETTE else 256
    if rest or not 0 < entries <= most:
        raise FaultError(
            "does_not_decode", f"its palette (PLTE) has {len(content)} bytes, not 3 an entry up to {most}"
        )
    return entries


def _require_complete(found: Chunks) -> None:
    if not found.image_data:
        raise FaultError("does_not_decode", "it has no image data (IDAT)")
    if found.header.colour_type == _PALETTE and not found.palette_entries:
        raise FaultError("does_not_decode", "it is a palette image without palette (PLTE)")
