"""CRC-32C as RFC 3720 defines it."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.lab.crc32c import checksum


def by_the_book(data: bytes) -> str:
    """One bit after the other."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return base64.b64encode((value ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


# The standard's examples print the bytes in the other order.
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"123456789", "e3069283"),
        (bytes(32), "8a9136aa"),
        (b"\xff" * 32, "62a8ab43"),
        (bytes(range(32)), "46dd794e"),
        (bytes(reversed(range(32))), "113fdb5c"),
        (b"", "00000000"),
    ],
    ids=["check", "zeros", "ones", "up", "down", "empty"],
)
def test_the_examples_of_the_standard(data, expected):
    assert base64.b64decode(checksum([data])).hex() == expected


@settings(max_examples=40)
@given(blocks=st.lists(st.binary(max_size=1_500), max_size=3))
def test_blocks_side_by_side_are_one_text(blocks):
    assert checksum(blocks) == by_the_book(b"".join(blocks))


def test_a_long_block_is_put_together_from_many_stretches():
    data = bytes(range(256)) * 40 + b"end"
    assert checksum([data]) == by_the_book(data)
