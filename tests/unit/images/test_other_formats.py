"""TIFF, WebP and BMP: whole, cut, damaged, hostile."""

import io
import struct

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cxr.images.formats import Format
from cxr.images.inspect import inspect
from cxr.images.inspection import Limits

GREY = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
RGB = np.repeat(GREY[..., None], 3, axis=2)
DEEP = GREY.astype(np.uint16) * 257


def _saved(pixels: np.ndarray, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **how)
    return buffer.getvalue()


WHOLE = {
    "tiff": _saved(GREY, "TIFF"),
    "tiff 16-bit": _saved(DEEP, "TIFF"),
    "tiff lzw": _saved(GREY, "TIFF", compression="tiff_lzw"),
    "tiff deflate": _saved(GREY, "TIFF", compression="tiff_deflate"),
    "tiff rgb": _saved(RGB, "TIFF"),
    "tiff tiles": imagecodecs.tiff_encode(GREY, tile=(16, 16)),
    "bigtiff": imagecodecs.tiff_encode(GREY, bigtiff=True),
    "webp": _saved(RGB, "WEBP"),
    "webp lossless": _saved(RGB, "WEBP", lossless=True),
    "bmp": _saved(GREY, "BMP"),
    "bmp rgb": _saved(RGB, "BMP"),
    "bmp from opencv": cv2.imencode(".bmp", GREY)[1].tobytes(),
}


def fault(data: bytes, limits: Limits | None = None) -> str:
    found = inspect(data, limits=limits or Limits()).fault
    return "ok" if found is None else found.code


@pytest.mark.parametrize("name", WHOLE)
def test_whole_images_are_whole(name):
    found = inspect(WHOLE[name])
    assert found.fault is None
    assert found.format in (Format.TIFF, Format.WEBP, Format.BMP)
    assert (found.width, found.height) == (30, 40)
    assert found.bit_depth == (16 if "16" in name else 8)
    assert not found.several_images
    assert found.trailing_bytes == 0


@pytest.mark.parametrize("name", WHOLE)
def test_a_cut_file_is_no_whole_image(name):
    data = WHOLE[name]
    for end in range(100, len(data), 13):
        # A TIFF may have its directory, or nothing that matters, at its end.
        assert fault(data[:end]) in {"truncated", "does_not_decode"}, f"cut at {end}"


@pytest.mark.parametrize("name", ["tiff rgb", "webp lossless"])
def test_equal_channels_are_noticed(name):
    assert inspect(WHOLE[name]).channels_equal is True
    tinted = RGB.copy()
    tinted[7, 7, 0] ^= 1
    kind, how = ("TIFF", {}) if "tiff" in name else ("WEBP", {"lossless": True})
    assert inspect(_saved(tinted, kind, **how)).channels_equal is False


def test_alpha_of_webp_and_tiff_is_noticed():
    opaque = np.concatenate([RGB, np.full((40, 30, 1), 255, np.uint8)], axis=2)
    clear = opaque.copy()
    clear[3, 3, 3] = 254
    for kind, how in (("TIFF", {}), ("WEBP", {"lossless": True})):
        found = inspect(_saved(clear, kind, **how))
        assert (found.has_alpha, found.alpha_opaque) == (True, False)
    assert inspect(_saved(opaque, "TIFF")).alpha_opaque is True


def test_more_pages_and_a_profile_are_noted():
    pages = _saved(GREY, "TIFF", save_all=True, append_images=[Image.fromarray(GREY)])
    assert inspect(pages).several_images
    for kind in ("TIFF", "WEBP"):
        assert inspect(_saved(RGB, kind, icc_profile=bytes(128))).colour_profile == ("ICC",)


def test_orientation_of_a_tiff_is_read():
    assert inspect(_saved(GREY, "TIFF", tiffinfo={274: 3})).orientation == 3


def test_damaged_codes_of_a_tiff_do_not_decode():
    data = WHOLE["tiff lzw"]
    assert fault(data[:300] + b"\xff" * 40 + data[340:]) == "does_not_decode"


def _tiff(tags: list[tuple[int, int]]) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + bytes(400)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([(256, 1 << 20), (257, 1 << 20), (273, 8), (279, 8)], "decompression_bomb"),
        ([(256, 20_000), (257, 20_000), (258, 16), (273, 8), (279, 8)], "decompression_bomb"),
        ([(256, 4), (257, 4), (277, 1 << 30), (273, 8), (279, 8)], "decompression_bomb"),
        ([(256, 4), (257, 4), (322, 1 << 20), (323, 1 << 20), (324, 8), (325, 8)], "decompression_bomb"),
        ([(256, 4), (257, 4), (273, 8), (279, 1 << 30)], "truncated"),
        ([(256, 4), (257, 4)], "does_not_decode"),
        ([(257, 4), (273, 8), (279, 8)], "does_not_decode"),
        ([(256, 4), (256, 1 << 20), (257, 4), (273, 8), (279, 8)], "does_not_decode"),
    ],
)
def test_hostile_directories_are_refused_before_anything_is_decoded(tags, code):
    assert fault(_tiff(tags)) == code


def test_a_tag_of_a_type_that_only_the_decoder_reads_hides_nothing():
    """Libtiff takes a signed tile width, too; here it would go unseen."""
    data = bytearray(_tiff([(256, 4), (257, 4), (322, 1 << 20), (323, 1 << 20), (324, 8), (325, 8)]))
    for entry in (2, 3):
        data[10 + 12 * entry + 2] = 9  # SLONG
    assert fault(bytes(data)) == "does_not_decode"


def test_a_compressed_or_impossible_bmp_is_refused_in_words():
    data = bytearray(WHOLE["bmp"])
    data[30] = 1  # run lengths
    assert inspect(bytes(data)).fault.message == "it is a compressed BMP, which cxr does not read"
    data[28] = 7
    assert fault(bytes(data)) == "does_not_decode"


def test_a_bmp_from_the_top_is_whole():
    data = bytearray(WHOLE["bmp rgb"])
    data[22:26] = struct.pack("<i", -40)
    assert fault(bytes(data)) == "ok"


@pytest.mark.parametrize("magic", [b"GIF89a", bytes(128) + b"DICM", b"\0\0\1\0", b"P5 4 4 255\n"], ids=repr)
def test_what_is_recognised_only_is_refused_by_name(magic):
    found = inspect(magic + bytes(200))
    assert found.fault.code == "does_not_decode"
    assert "recognises" in found.fault.message


def test_empty_text_and_too_large_have_their_codes():
    assert fault(b"") == "empty"
    assert fault(b"<html>please sign in</html>") == "not_an_image"
    assert fault(WHOLE["bmp"], Limits(file_bytes=10)) == "too_large"


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
def test_no_damage_raises(name, data):
    changed = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, min(len(changed), 500) - 1))] = data.draw(st.integers(0, 255))
    inspect(bytes(changed), limits=Limits(decoded_bytes=8 << 20))
