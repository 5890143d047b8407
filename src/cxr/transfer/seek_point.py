"""Places inside a gzip file from which it can be inflated without what stands before (RFC 1951, RFC 1952).

A deflate block may begin at any bit, and copies from up to 32 KiB before it. Whoever begins at a block hands
the inflater these 32 KiB first, as a stored block, and then as many empty blocks as it takes to meet the
bit. So zlib as Python has it suffices to read from a point; only finding one takes more (`point_finder`).
"""

from dataclasses import dataclass
from typing import Final

WINDOW: Final = 1 << 15
"""Bytes that deflate looks back at most."""

# A block of nothing, 93 bits long, in the order in which they are read: not the last block, Huffman codes of
# its own (2); 257 literal codes, 1 distance code, 18 code lengths: for 18, 0 and 1; then 138 and 118 zeros, a
# one for the end of the block, a zero for the distance; then the end. Seven times 93 modulo 8 meets any bit.
_EMPTY_BITS: Final = (
    "0 01 00000 00000 0111  000 000 010 100" + 13 * " 000" + " 010  11 1111111 11 1101011 10 0  0"
).replace(" ", "")
_EMPTY_LENGTH: Final = len(_EMPTY_BITS)
_EMPTY: Final = int(_EMPTY_BITS[::-1], 2)


@dataclass(frozen=True, slots=True)
class Point:
    """A place from which a gzip file can be inflated.

    Attributes:
        compressed: The first byte of the file that is needed.
        bits: How many of that byte's high bits belong to what follows; 0 where the whole byte does.
        inflated: How many bytes the file's content before this place has.
        member: How many it has before the gzip member that this place is in.
        crc: CRC-32 of what that member inflates to before this place.
    """

    compressed: int
    bits: int
    inflated: int
    member: int
    crc: int

    @property
    def is_start(self) -> bool:
        """Whether a gzip member begins here, with its header; it needs nothing of what stands before."""
        return self.inflated == self.member


START: Final = Point(compressed=0, bits=0, inflated=0, member=0, crc=0)
"""Where every gzip file can be read from."""


def primer(window: bytes, bits: int, first: int) -> bytes:
    """Return deflate blocks after which an inflater is ready for the bytes that follow a point.

    They inflate to ``window``.

    Args:
        window: The content's last bytes before the point, at most `WINDOW`.
        bits: As `Point.bits`.
        first: The byte at `Point.compressed`, which is used hereby; of no meaning where ``bits`` is 0.
    """
    size = len(window)
    stored = b"\0" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + window
    blocks = 3 * bits % 8  # 93 * 3 + 1 is a multiple of 8
    value = sum(_EMPTY << number * _EMPTY_LENGTH for number in range(blocks))
    length = blocks * _EMPTY_LENGTH
    if bits:
        value |= first >> (8 - bits) << length
    return stored + value.to_bytes((length + bits) // 8, "little")
