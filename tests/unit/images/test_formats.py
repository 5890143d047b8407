"""Formats by their first bytes and by their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.images.formats import Format, by_name, describe, sniff

HEADS = {
    Format.JPEG: b"\xff\xd8\xff\xe0\0\x10JFIF",
    Format.PNG: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    Format.TIFF: b"MM\0*\0\0\0\x08",
    Format.WEBP: b"RIFF\x1a\0\0\0WEBPVP8L",
    Format.BMP: b"BM" + bytes(12) + (40).to_bytes(4, "little"),
    Format.DICOM: bytes(128) + b"DICM",
    Format.GIF: b"GIF89a",
    Format.ICO: b"\0\0\1\0\1\0",
    Format.PNM: b"P5\n640 480\n255\n",
    Format.JPEG2000: b"\0\0\0\x0cjP  \r\n\x87\n",
    Format.JPEGXL: b"\xff\x0a",
    Format.AVIF: b"\0\0\0\x20ftypavif",
    Format.HEIF: b"\0\0\0\x20ftypheic",
}


@pytest.mark.parametrize("format_", Format)
def test_each_format_is_known_by_its_first_bytes(format_):
    assert sniff(HEADS[format_]) is format_
    assert sniff(memoryview(HEADS[format_] + bytes(500))) is format_


@pytest.mark.parametrize("format_", Format)
def test_the_value_is_how_names_end(format_):
    assert by_name(f"folder.png/IMAGE.{format_.value.upper()}") is format_


@pytest.mark.parametrize("name", ["LICENSE", "a.tar.gz", "png", ".png", "x.png.part", ""])
def test_other_names_promise_nothing(name):
    assert by_name(name) is None


@pytest.mark.parametrize(
    "start", [b"\x09PNG\r\n\x1a\n", b"\x89PNG\n\x1a\n", b"\x89PNG\r\r\n\x1a\n"], ids=bytes.hex
)
def test_a_png_with_a_damaged_signature_is_still_known(start):
    assert sniff(start + b"\0\0\0\rIHDR") is Format.PNG


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\xef\xbb\xbf\n <!DOCTYPE HTML><html>", "web page"),
        (b"<?xml version='1.0'?><Error>", "XML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x1f\x8b\x08", "gzip"),
        (bytes(4096), "zeros"),
        (b"not an image at all", "text"),
        ("größer".encode(), "text"),
        (b"\x01\x02\x03", "bytes of no image format"),
    ],
)
def test_what_is_no_image_is_described(start, what):
    assert sniff(start) is None
    assert what in describe(start)


@given(st.binary(max_size=200))
def test_any_bytes_are_sniffed_and_described(head):
    assert sniff(head) is None or isinstance(sniff(head), Format)
    assert describe(head)
