import zlib

from hypothesis import given
from hypothesis import strategies as st

from cxr.transfer.seek_point import START, WINDOW, Point, primer


def shifted(deflate: bytes, bits: int) -> bytes:
    """Move a deflate stream so that it begins with the highest ``bits`` bits of its first byte."""
    if not bits:
        return deflate
    moved = int.from_bytes(deflate, "little") << (8 - bits)
    return moved.to_bytes(len(deflate) + 1, "little")


@given(window=st.binary(max_size=300), content=st.binary(max_size=300), bits=st.integers(0, 7))
def test_after_a_primer_an_inflater_goes_on_from_any_bit(window: bytes, content: bytes, bits: int):
    """Also where what follows copies from the window."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=window or b"\0")
    data = shifted(deflater.compress(window + content + window) + deflater.flush(), bits)
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(primer(window, bits, data[0])) == window
    assert inflater.decompress(data[1:] if bits else data) == window + content + window
    assert inflater.eof


def test_a_whole_window_fits_into_a_primer():
    window = bytes(range(256)) * (WINDOW // 256)
    assert zlib.decompressobj(-15).decompress(primer(window, 3, 0)) == window


def test_only_the_beginning_of_a_member_needs_nothing_from_before():
    assert START.is_start
    assert Point(500, 0, 2000, 2000, 0).is_start
    assert not Point(500, 0, 2001, 2000, 7).is_start
