from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tar_files import png

from cxr.transfer.digest import NotTheImageError
from cxr.transfer.png_intact import intact

IMAGE = png(1)


def portions(data: bytes, seed: int) -> list[bytes]:
    random, out = Random(seed), []
    while data:
        size = random.choice([1, 2, 3, 7, 100, 5000])
        out.append(data[:size])
        data = data[size:]
    return out


@given(seed=st.integers(0, 1 << 32))
def test_an_intact_png_passes_unchanged_in_whatever_portions_it_comes(seed: int):
    assert b"".join(intact(portions(IMAGE, seed))) == IMAGE


@given(place=st.integers(8, len(IMAGE) - 1), bit=st.integers(0, 7), seed=st.integers(0, 1 << 32))
def test_no_flipped_bit_passes(place: int, bit: int, seed: int):
    """A longer length makes the end go missing, which the end's own test notices."""
    flipped = bytearray(IMAGE)
    flipped[place] ^= 1 << bit
    in_a_length = any(start <= place < start + 4 for start in (8, 33, len(IMAGE) - 12))
    try:
        result = b"".join(intact(portions(bytes(flipped), seed)))
    except NotTheImageError as error:
        result = error.code
    assert result == "hash_differs" or (in_a_length and result == bytes(flipped))


def test_the_damaged_chunk_is_named():
    flipped = bytearray(IMAGE)
    flipped[200] ^= 1
    with pytest.raises(NotTheImageError) as caught:
        list(intact([bytes(flipped)]))
    assert "IDAT" in caught.value.reason


@given(st.binary(max_size=200))
def test_what_is_no_png_passes(data: bytes):
    assert b"".join(intact(portions(data, 0))) == data


def test_what_looks_like_a_damaged_chunk_is_none_outside_of_a_png():
    data = b"GIF89a  " + (3).to_bytes(4, "big") + b"IDATabc" + bytes(4)
    assert b"".join(intact([data])) == data


def test_what_follows_the_end_passes():
    assert b"".join(intact([IMAGE + b"a note"])) == IMAGE + b"a note"


def test_a_damaged_chunk_stops_the_image_before_its_last_block():
    """So that it never takes its name."""
    flipped = bytearray(IMAGE)
    flipped[-6] ^= 1
    passed = []
    with pytest.raises(NotTheImageError):
        passed.extend(intact([bytes(flipped[:2000]), bytes(flipped[2000:])]))
    assert passed == [bytes(flipped[:2000])]
