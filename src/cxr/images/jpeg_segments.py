"""The segments of a JPEG, from SOI to EOI (ITU-T T.81, annex B)."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from cxr.images.inspection import FaultError, Limits

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # DHT, JPG, DAC lie between the SOFs
_APP1, _APP2 = 0xE1, 0xE2
_XMP = b"http://ns.adobe.com/xap/1.0/\0"  # ISO 16684-3

# Within a scan FF is followed by 0 (a stuffed byte), a restart marker, or fill; anything else ends it.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class FrameHeader(NamedTuple):
    """What SOF says.

    Attributes:
        process: 0 baseline, 1 extended, 2 progressive, 3 lossless; 8 more with arithmetic coding.
        precision: Bits a sample.
        width: In pixels.
        height: In pixels.
        sampling: Horizontal and vertical sampling factor of each component.
    """

    process: int
    precision: int
    width: int
    height: int
    sampling: tuple[tuple[int, int], ...]

    @property
    def is_progressive(self) -> bool:
        """Whether each scan refines the whole image."""
        return self.process & 3 == 2

    @property
    def coefficient_bytes(self) -> int:
        """Memory that holding all coefficients takes: two bytes each."""
        across = max(h for h, _ in self.sampling)
        down = max(v for _, v in self.sampling)
        shares = sum(h * v for h, v in self.sampling) / (across * down)
        return int(2 * self.width * self.height * shares)


@dataclass(slots=True)
class Segments:
    """What the walk over a whole JPEG found.

    Attributes:
        frame: SOF.
        scans: How many.
        is_interleaved: Whether the first scan holds all components.
        exif: The first EXIF block, from its byte order mark.
        xmp: The segment with the XMP packet.
        has_profile: Whether there is an ICC profile.
        profile_spans: Where the segments with profiles begin and end, marker included.
        end: Where the file goes on after EOI.
    """

    frame: FrameHeader
    scans: int = 0
    is_interleaved: bool = True
    exif: bytes = b""
    xmp: bytes | memoryview = b""
    profile_spans: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0

    @property
    def is_held_whole(self) -> bool:
        """Whether a decoder must hold all coefficients, because no single scan makes pixels."""
        return self.frame.is_progressive or not self.is_interleaved

    @property
    def has_profile(self) -> bool:
        """Whether there is an ICC profile."""
        return bool(self.profile_spans)


class _Segment(NamedTuple):
    marker: int
    start: int
    content: memoryview


def walk(data: memoryview, limits: Limits) -> Segments:
    """Follow the markers from SOI to EOI.

    Raises:
        FaultError: ``does_not_decode`` where no marker stands where one must, ``truncated`` where the file
            ends before EOI, ``decompression_bomb`` for more scans than `Limits.scans`.
    """
    found = Segments(FrameHeader(0, 0, 0, 0, ()))
    position = 2
    while True:
        segment = _segment(data, position)
        position = segment.start + 2
        if segment.marker == _EOI:
            break
        if segment.marker in _RESTARTS or segment.marker in (_TEM, _SOI):
            continue
        _take(found, segment)
        position += 2 + len(segment.content)
        if segment.marker == _SOS:
            found.scans += 1
            if found.scans == 1:
                found.is_interleaved = bytes(segment.content[:1]) == bytes([len(found.frame.sampling)])
            if found.scans > limits.scans:
                raise FaultError("decompression_bomb", f"it has more than {limits.scans} scans")
            position = _scan_end(data, position)
    if not found.scans or not found.frame.sampling:
        raise FaultError("does_not_decode", "it has no image data between its beginning and its end marker")
    found.end = position
    return found


def _segment(data: memoryview, position: int) -> _Segment:
    """Read the marker at ``position``, which fill bytes may precede, and the content that it announces."""
    size = len(data)
    while position + 1 < size and data[position] == data[position + 1] == 0xFF:
        position += 1
    if position + 2 > size:
        raise _cut(data)
    if data[position] != 0xFF or data[position + 1] == 0:
        raise FaultError(
            "does_not_decode",
            f"at byte {position} stands {bytes(data[position : position + 2]).hex()} where a marker must",
        )
    marker = data[position + 1]
    if marker in (_SOI, _EOI, _TEM) or marker in _RESTARTS:
        return _Segment(marker, position, data[:0])
    length = int.from_bytes(data[position + 2 : position + 4], "big")
    if position + 4 > size or position + 2 + length > size:
        raise _cut(data)
    if length < 2:
        raise FaultError("does_not_decode", f"the segment at byte {position} says it has {length} bytes")
    return _Segment(marker, position, data[position + 4 : position + 2 + length])


def _take(found: Segments, segment: _Segment) -> None:
    content = segment.content
    if segment.marker in _FRAMES:
        if found.frame.sampling:
            raise FaultError("does_not_decode", "it has a second frame header (SOF)")
        found.frame = _frame_header(segment.marker, content)
    elif segment.marker == _APP1 and bytes(content[:6]) == b"Exif\0\0" and not found.exif:
        found.exif = bytes(content[6:])
    elif segment.marker == _APP1 and bytes(content[: len(_XMP)]) == _XMP:
        found.xmp = content
    elif segment.marker == _APP2 and bytes(content[:12]) == b"ICC_PROFILE\0":
        found.profile_spans.append((segment.start, segment.start + 4 + len(content)))


def _frame_header(marker: int, content: memoryview) -> FrameHeader:
    components = content[5] if len(content) > 5 else 0
    if not 1 <= components <= 4 or len(content) != 6 + 3 * components:
        raise FaultError("does_not_decode", "its frame header (SOF) is damaged")
    factors = tuple((content[7 + 3 * i] >> 4, content[7 + 3 * i] & 15) for i in range(components))
    if not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in factors):
        raise FaultError("does_not_decode", "its frame header (SOF) has impossible sampling factors")
    height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
    return FrameHeader(marker & 15, content[0], width, height, factors)


def _scan_end(data: memoryview, position: int) -> int:
    """Return where the entropy-coded data from ``position`` on ends."""
    end = _SCAN_END.search(data, position)
    if end is None:
        raise _cut(data)
    return end.start()


def _cut(data: memoryview) -> FaultError:
    if bytes(data[-2:]) == b"\xff\xd9":
        return FaultError("does_not_decode", "a damaged marker within its image data leads past its end")
    return FaultError("truncated", f"the file ends at byte {len(data):,}, before its end marker (EOI)")


def find_frame_header(head: bytes) -> FrameHeader | None:
    """Return what SOF says, where it lies within the first bytes of a JPEG; else ``None``."""
    position = 2
    try:
        while True:
            segment = _segment(memoryview(head), position)
            if segment.marker in _FRAMES:
                return _frame_header(segment.marker, segment.content)
            if segment.marker in (_EOI, _SOS):
                return None
            alone = segment.marker in _RESTARTS or segment.marker in (_TEM, _SOI)
            position = segment.start + (2 if alone else 4 + len(segment.content))
    except FaultError:
        return None
