import gzip
import zlib
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.transfer.point_finder import Found, PointFinder
from cxr.transfer.seek_point import START, Point, primer

STEP = 64 << 10


def mixed(seed: int, size: int) -> bytes:
    """Return bytes that shrink, then some that do not, and so on."""
    random = Random(seed)
    words = [random.randbytes(random.randint(3, 9)) for _ in range(500)]
    out = bytearray()
    while len(out) < size:
        out += random.randbytes(random.randint(1, 50_000))
        out += b"".join(random.choices(words, k=random.randint(1, 20_000)))
    return bytes(out[:size])


def passing(data: bytes, pieces: Random, most: int = 40_000) -> Iterator[tuple[bytes, int, int]]:
    """Yield a gzip member in pieces, with what has inflated so far and its CRC-32, but for its end."""
    inflater = zlib.decompressobj(31)
    at = inflated = crc = 0
    while True:
        piece = data[at : at + pieces.randint(1, most)]
        content = inflater.decompress(piece)
        if inflater.eof:
            return
        at, inflated, crc = at + len(piece), inflated + len(content), zlib.crc32(content, crc)
        yield piece, inflated, crc


def read_from(found: Found, data: bytes) -> bytes:
    """Return everything that follows a point."""
    point = found.point
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(primer(found.window, point.bits, data[point.compressed])) == found.window
    return inflater.decompress(data[point.compressed + bool(point.bits) :])


def found_in(data: bytes, seed: int = 0) -> list[Found]:
    """Return the points that are found while a gzip member passes."""
    finder = PointFinder(STEP)
    finder.begin(Found(START))
    return [found for given in passing(data, Random(seed)) if (found := finder.add(*given))]


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_follows_a_point_can_be_read_from_it(level: int):
    """However well it was compressed, and wherever the pieces begin."""
    content = mixed(1, 2_000_000)
    data = gzip.compress(content, level)
    points = found_in(data)
    assert len(points) > len(data) // STEP // 3
    for found in points:
        assert read_from(found, data) == content[found.point.inflated :]
        assert found.point.crc == zlib.crc32(content[: found.point.inflated])
    assert level == 0 or {found.point.bits for found in points} - {0}, "points need not be at whole bytes"


@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32))
def test_points_hold_whatever_the_pieces_are(seed: int):
    random = Random(seed)
    content = mixed(seed, random.randint(100_000, 600_000))
    data = gzip.compress(content, random.choice([1, 4, 6, 9]))
    for found in found_in(data, seed):
        assert read_from(found, data) == content[found.point.inflated :]


def test_a_search_can_begin_at_a_point():
    """As after a kill: what is found then is as good."""
    content = mixed(2, 1_500_000)
    data = gzip.compress(content)
    first = next(found for found in found_in(data) if found.point.bits)
    finder = PointFinder(STEP)
    finder.begin(first)
    point, crc = first.point, first.point.crc
    inflater = zlib.decompressobj(-15)
    inflater.decompress(primer(first.window, point.bits, data[point.compressed]))
    finder.add(data[point.compressed : point.compressed + 1], point.inflated, crc)
    inflated, later = point.inflated, []
    for at in range(point.compressed + 1, len(data) - 10_000, 10_000):
        piece = inflater.decompress(data[at : at + 10_000])
        inflated, crc = inflated + len(piece), zlib.crc32(piece, crc)
        if found := finder.add(data[at : at + 10_000], inflated, crc):
            later.append(found)
    assert len(later) > 3
    for found in later:
        assert read_from(found, data) == content[found.point.inflated :]
        assert found.point.crc == zlib.crc32(content[: found.point.inflated])


def test_a_point_that_does_not_lead_to_the_same_bytes_is_none():
    """A CRC-32 that cannot be reached stands for any fault on the way."""
    data = gzip.compress(mixed(3, 500_000))
    finder = PointFinder(STEP)
    finder.begin(Found(START))
    pieces = list(passing(data, Random(0)))
    assert [finder.add(piece, inflated, crc ^ 1) for piece, inflated, crc in pieces] == [None] * len(pieces)


def test_bytes_that_are_no_deflate_stream_end_the_search_and_nothing_else():
    finder = PointFinder(STEP)
    finder.begin(Found(Point(0, 0, 0, 0, 0)))
    for number in range(10):
        assert finder.add(Random(number).randbytes(STEP), (number + 1) * STEP, number) is None


def test_a_bomb_is_not_searched():
    """What it inflates to must not be held."""
    data = gzip.compress(bytes(300 << 20), 1)
    finder = PointFinder(STEP)
    finder.begin(Found(START))
    per_byte = (300 << 20) // len(data)
    for at in range(0, len(data) - 70_000, 65_536):
        assert finder.add(data[at : at + 65_536], (at + 65_536) * per_byte, 0) is None
    assert not finder._data
