"""Width, height and bit depth, from the header alone."""

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cxr.images.dimensions import dimensions

GREY = np.zeros((40, 30), np.uint8)


def _saved(pixels: np.ndarray, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **how)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "needed", "depth"),
    [
        (_saved(GREY, "PNG"), 33, 8),
        (_saved(GREY.astype(np.uint16), "PNG"), 33, 16),
        (_saved(GREY, "JPEG"), 200, 8),
        (_saved(GREY, "BMP"), 34, 8),
        (_saved(GREY, "WEBP"), 30, 8),
        (_saved(GREY, "WEBP", lossless=True), 30, 8),
        (_saved(GREY.astype(np.uint16), "TIFF"), 200, 16),
        (imagecodecs.tiff_encode(GREY, bigtiff=True), 10_000, 8),
    ],
    ids=["png", "png16", "jpeg", "bmp", "webp", "webp lossless", "tiff16", "bigtiff"],
)
def test_the_header_tells_and_too_little_of_it_does_not(data, needed, depth):
    assert dimensions(data[:needed]) == (30, 40, depth)
    for end in range(20):
        assert dimensions(data[:end]) is None


def test_what_is_no_image_or_says_nothing_sensible_has_none():
    assert dimensions(b"") is None
    assert dimensions(b"<html>") is None
    assert dimensions(b"GIF89a" + bytes(50)) is None
    assert dimensions(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17)) is None


@given(
    st.sampled_from(
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"\xff\xd8\xff",
            b"II*\0",
            b"MM\0+",
            b"RIFF....WEBP",
            b"BM" + bytes(12) + b"\x28\0\0\0",
        ]
    ),
    st.binary(max_size=100),
)
def test_no_bytes_raise(start, rest):
    found = dimensions(start + rest)
    assert found is None or min(found) > 0
