"""The header of a gzip member (RFC 1952, section 2.3)."""

from typing import Final

MAGIC: Final = b"\x1f\x8b"
LONGEST: Final = 1 << 17
"""Bytes that a header may have here: the format sets no end to a comment."""

_FIXED: Final = 10
_DEFLATE: Final = 8
_CHECKSUM, _EXTRA, _NAME, _COMMENT, _RESERVED = 0x02, 0x04, 0x08, 0x10, 0xE0


def header_length(data: bytes) -> int | None:
    """Return how many bytes the header has that ``data`` begins with; ``None`` where it is not all there.

    Raises:
        ValueError: no gzip member begins here.
    """
    if not MAGIC.startswith(data[:2]) or (len(data) > 2 and data[2] != _DEFLATE):
        raise ValueError("no gzip member begins here")
    if len(data) < _FIXED:
        return None
    flags, end = data[3], _FIXED
    if flags & _RESERVED:
        raise ValueError("its gzip header has flags that gzip does not know")
    if flags & _EXTRA:
        end += 2 + int.from_bytes(data[end : end + 2], "little")
    for text in (_NAME, _COMMENT):
        if flags & text:
            # 0 where there is no end of the text: then the header is not all there.
            end = 1 + data.find(b"\0", end) or len(data) + 1
    end += 2 if flags & _CHECKSUM else 0
    if end > LONGEST:
        raise ValueError("its gzip header is too long")
    return end if end <= len(data) else None
