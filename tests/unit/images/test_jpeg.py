"""JPEG, strictly: what is whole is called whole; what a lenient reader would patch up is not."""

import io
import struct
from itertools import pairwise

import imagecodecs
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cxr.images.inspect import inspect
from cxr.images.inspection import Limits

EOI = b"\xff\xd9"


def _radiograph(size: int = 256) -> np.ndarray:
    """A smooth image with some noise, so that its codes are as dense as a radiograph's."""
    y, x = np.mgrid[0:size, 0:size] / size
    noise = np.random.default_rng(0).normal(0, 3, (size, size))
    return np.clip(120 + 80 * np.sin(5 * x) * np.cos(4 * y) + noise, 0, 255).astype(np.uint8)


def _jpeg(pixels: np.ndarray | None = None, **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_radiograph() if pixels is None else pixels).save(buffer, "JPEG", quality=90, **how)
    return buffer.getvalue()


def fault(data: bytes, limits: Limits | None = None) -> tuple[str, str]:
    found = inspect(data, limits=limits or Limits()).fault
    return ("ok", "") if found is None else (found.code, found.message)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _with(data: bytes, segment: bytes) -> bytes:
    return data[:2] + segment + data[2:]


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 4}])
def test_whole_images_are_whole(how):
    found = inspect(_jpeg(**how))
    assert (found.fault, found.width, found.height, found.bit_depth) == (None, 256, 256, 8)
    assert (found.channels, found.colour, found.channels_equal) == (1, "grey", None)


@pytest.mark.parametrize("how", [{}, {"progressive": True}])
def test_a_file_that_ends_anywhere_before_its_end_is_truncated(how):
    data = _jpeg(_radiograph(32), **how)
    for end in range(3, len(data)):
        assert fault(data[:end])[0] == "truncated", f"cut at {end}"


@pytest.mark.parametrize("how", [{}, {"progressive": True}])
def test_an_end_marker_does_not_hide_that_data_are_missing(how):
    data = _jpeg(**how)
    for end in range(len(data) // 2, len(data) - 200, 997):
        assert fault(data[:end] + EOI)[0] == "does_not_decode"


def test_a_zeroed_or_overwritten_sector_is_found():
    data = _jpeg()
    noise = np.random.default_rng(1).integers(0, 256, 512, dtype=np.uint8).tobytes()
    for start in range(1024, len(data) - 1024, 1499):
        for sector in (bytes(512), noise):
            damaged = data[:start] + sector + data[start + 512 :]
            assert fault(damaged)[0] == "does_not_decode", f"sector at {start}"


def test_a_stray_byte_between_segments_is_refused():
    code, message = fault(_jpeg().replace(b"\xff\xdb", b"\x01\xff\xdb", 1))
    assert code == "does_not_decode"
    assert "01ff" in message


def test_fill_bytes_before_a_marker_are_allowed():
    assert fault(_with(_jpeg(), b"\xff\xff"))[0] == "ok"


def test_equal_channels_are_noticed_and_one_tinted_block_is_too():
    equal = np.repeat(_radiograph()[..., None], 3, axis=2)
    assert inspect(_jpeg(equal)).channels_equal is True
    tinted = equal.copy()
    tinted[200:208, 200:208, 0] = 255
    assert inspect(_jpeg(tinted)).channels_equal is False


def test_a_large_colour_image_is_not_asked_for_equal_channels():
    equal = np.repeat(_radiograph()[..., None], 3, axis=2)
    found = inspect(_jpeg(equal), limits=Limits(decoded_bytes=3 * 256 * 256 - 1))
    assert (found.fault, found.channels_equal) == (None, None)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(order):
    magic = b"II*\0" if order == "<" else b"MM\0*"
    tags = struct.pack(order + "IHHHIHH", 8, 1, 0x0112, 3, 1, 8, 0)
    data = _with(_jpeg(), _segment(0xE1, b"Exif\0\0" + magic + tags))
    assert inspect(data).orientation == 8


@pytest.mark.parametrize("tag", [b"tiff:Orientation='6'", b"<tiff:Orientation>6</tiff:Orientation>"])
def test_orientation_is_read_from_xmp_where_exif_has_none(tag):
    xmp = _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta " + tag)
    exif = _segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, 1, 0))
    assert inspect(_with(_jpeg(), xmp)).orientation == 6
    assert inspect(_with(_jpeg(), xmp + exif)).orientation == 1


@given(st.binary(max_size=60))
def test_any_exif_block_is_read_past(block):
    for magic in (b"", b"II*\0", b"MM\0*"):
        found = inspect(_with(_SMALL, _segment(0xE1, b"Exif\0\0" + magic + block)))
        assert found.fault is None
        assert 1 <= found.orientation <= 8


_SMALL = _jpeg(_radiograph(16))


def test_a_profile_is_noted_and_a_broken_one_is_no_fault():
    whole = _segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(128))
    broken = _segment(0xE2, b"ICC_PROFILE\0\2\1" + bytes(128))  # part 2 of 1
    for profile in (whole, broken):
        found = inspect(_with(_jpeg(), profile))
        assert (found.fault, found.colour_profile) == (None, ("ICC",))


def test_a_broken_profile_does_not_hide_damaged_pixels():
    broken = _segment(0xE2, b"ICC_PROFILE\0\2\1" + bytes(128))
    data = _jpeg()
    assert fault(_with(data[: len(data) // 2] + EOI, broken))[0] == "does_not_decode"


def test_what_follows_the_end_is_told_apart():
    data = _jpeg()
    assert inspect(data + b"junk").trailing_bytes == 4
    second = inspect(data + bytes(9) + data)
    assert (second.several_images, second.trailing_bytes, second.fault) == (True, 0, None)


def test_a_thumbnail_in_the_exif_data_is_not_the_end():
    found = inspect(_with(_jpeg(), _segment(0xE1, b"Exif\0\0" + _SMALL)))
    assert (found.fault, found.several_images, found.width) == (None, False, 256)


def test_other_processes_are_read_or_refused_in_words():
    twelve = imagecodecs.jpeg8_encode(_radiograph().astype(np.uint16) * 16, bitspersample=12)
    assert fault(twelve) == ("does_not_decode", "it has 12 bits a sample; cxr reads JPEG with 8")
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16), (10, 20, 30, 40)).save(buffer, "JPEG")
    four = inspect(buffer.getvalue())
    assert (four.fault, four.colour, four.channels) == (None, "cmyk", 4)


def test_lossless_jpeg_is_refused_before_the_decoder_sees_it():
    """The decoder overruns its buffer on a sound lossless file, so no disguise may get one through."""
    lossless = imagecodecs.jpeg8_encode(_radiograph(64), lossless=True)
    assert fault(lossless) == (
        "does_not_decode",
        "it is a lossless or hierarchical JPEG, which cxr does not read",
    )
    frame = _SMALL[_SMALL.index(b"\xff\xc0") :][: 2 + 11]
    for disguised in (_with(lossless, frame), lossless[:-2] + frame + EOI):
        assert fault(disguised) == ("does_not_decode", "it has a second frame header (SOF)")


def _resized(data: bytes, marker: int, width: int, height: int) -> bytes:
    """Change what the frame header says."""
    at = data.index(bytes([0xFF, marker])) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def test_bombs_are_refused_by_their_header():
    assert fault(_resized(_jpeg(), 0xC0, 65_000, 65_000))[0] == "decompression_bomb"
    assert fault(_resized(_jpeg(), 0xC0, 0, 100))[0] == "does_not_decode"
    code, message = fault(_resized(_jpeg(progressive=True), 0xC2, 20_000, 20_000))
    assert code == "decompression_bomb"
    assert "762 MB" in message  # two bytes a coefficient


def test_components_in_scans_of_their_own_are_held_whole_and_bounded():
    colour = np.repeat(_radiograph(64)[..., None], 3, axis=2)
    data = bytearray(_jpeg(colour))
    scan = data.index(b"\xff\xda")
    data[scan : scan + 14] = _segment(0xDA, b"\1\1\0\0\x3f\0")  # only the first component
    assert fault(_resized(bytes(data), 0xC0, 9000, 9000))[0] == "decompression_bomb"
    assert fault(_resized(bytes(data), 0xC0, 64, 64))[0] == "does_not_decode"


def test_scans_are_bounded():
    data = _jpeg(progressive=True)
    scans = data.count(b"\xff\xda")
    assert fault(data, Limits(scans=scans))[0] == "ok"
    assert fault(data, Limits(scans=scans - 1))[0] == "decompression_bomb"


@given(st.binary(max_size=200))
def test_no_bytes_behind_the_first_marker_raise(tail):
    assert inspect(b"\xff\xd8\xff" + tail).fault is not None
    inspect(_SMALL[:-2] + tail + EOI)


@given(st.data())
def test_no_damage_raises(data):
    changed = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(3, len(changed) - 1))] = data.draw(st.integers(0, 255))
    inspect(bytes(changed))


def test_the_strict_decoder_and_the_lenient_one_agree_on_whole_images():
    """A decode scaled to an eighth reads the same codes: full size adds no complaint."""
    data = _jpeg()
    for start, end in pairwise(range(1024, len(data) - 1024, 2999)):
        damaged = data[:start] + bytes(64) + data[start + 64 : end] + data[end:]
        try:
            simplejpeg.decode_jpeg(damaged, "GRAY", strict=True)
            expected = "ok"
        except ValueError:
            expected = "does_not_decode"
        assert fault(damaged)[0] == expected
