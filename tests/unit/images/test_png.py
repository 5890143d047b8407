"""PNG, strictly: what is whole is called whole, and nothing else is."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.images import png_pixels
from cxr.images.formats import PNG_SIGNATURE
from cxr.images.inspect import inspect
from cxr.images.inspection import Limits

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, depth: int = 8, colour: int = GREY, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def png(*chunks: bytes) -> bytes:
    return PNG_SIGNATURE + b"".join(chunks) + chunk(b"IEND")


def grey(content: bytes | None = None, *between: bytes, after: bytes = b"") -> bytes:
    """A grey image of 4 x 3 pixels."""
    rows = b"\0abcd\1efgh\2ijkl" if content is None else content
    return png(header(4, 3), *between, chunk(b"IDAT", zlib.compress(rows) + after))


def fault(data: bytes, limits: Limits | None = None) -> tuple[str, str]:
    found = inspect(data, limits=limits or Limits()).fault
    return ("ok", "") if found is None else (found.code, found.message)


def filtered(pixels: np.ndarray, filters: list[int], bytes_per_pixel: int) -> bytes:
    """Apply a filter type to each row of bytes (W3C PNG 9.2)."""
    before, rows = np.zeros(pixels.shape[1], int), []
    for row, kind in zip(pixels.astype(int), filters, strict=True):
        left = np.concatenate([np.zeros(bytes_per_pixel, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(bytes_per_pixel, int), before])[: len(row)]
        guess = left + before - corner
        far = np.abs(np.stack([guess - left, guess - before, guess - corner]))
        paeth = np.choose(np.argmin(far, axis=0), [left, before, corner])
        prediction = [np.zeros_like(row), left, before, (left + before) // 2, paeth][kind]
        rows.append(bytes([kind]) + ((row - prediction) % 256).astype(np.uint8).tobytes())
        before = row
    return b"".join(rows)


@st.composite
def colour_images(draw):
    """Colour type, bit depth, pixels (height, width, samples) and a filter type a row."""
    colour = draw(st.sampled_from([RGB, GREY_ALPHA, RGBA]))
    depth = draw(st.sampled_from([8, 16]))
    width, height = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    shape = (height, width, SAMPLES[colour])
    most = (1 << depth) - 1
    random = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    pixels = random.integers(0, most + 1, shape)
    if draw(st.booleans()):
        pixels[..., 1:3] = pixels[..., :1]
    if colour in (GREY_ALPHA, RGBA) and draw(st.booleans()):
        pixels[..., -1] = most
    for _ in range(draw(st.integers(0, 1))):  # one sample is different
        at = tuple(int(random.integers(0, size)) for size in shape)
        pixels[at] = (pixels[at] + draw(st.sampled_from([1, 128, most]))) % (most + 1)
    filters = draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    return colour, depth, pixels, filters


def encoded(colour: int, depth: int, pixels: np.ndarray, filters: list[int]) -> bytes:
    height, width, samples = pixels.shape
    stored = pixels.astype(">u2" if depth == 16 else np.uint8)
    rows = np.frombuffer(stored.tobytes(), np.uint8).reshape(height, -1)
    content = zlib.compress(filtered(rows, filters, samples * depth // 8))
    return png(header(width, height, depth, colour), chunk(b"IDAT", content))


@given(colour_images())
def test_what_the_channels_hold_is_told_without_decoding(image):
    colour, depth, pixels, filters = image
    data = encoded(colour, depth, pixels, filters)
    found = inspect(data)
    assert found.fault is None
    if colour in (RGB, RGBA):
        equal = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
        assert found.channels_equal is equal
        # The filters of this test are those of the world.
        read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(read[..., 2::-1], pixels[..., :3])
    else:
        assert found.channels_equal is None
    opaque = bool((pixels[..., -1] == (1 << depth) - 1).all())
    assert found.alpha_opaque is (opaque if colour in (RGBA, GREY_ALPHA) else None)


@given(colour_images())
def test_the_answer_is_the_same_for_images_too_large_to_inflate_at_once(image):
    data = encoded(*image)
    at_once = png_pixels.AT_ONCE, png_pixels._BLOCK
    whole = inspect(data)
    try:
        png_pixels.AT_ONCE, png_pixels._BLOCK = 0, 7
        assert inspect(data) == whole
    finally:
        png_pixels.AT_ONCE, png_pixels._BLOCK = at_once


@pytest.mark.parametrize("size", range(1, 10))
def test_all_sizes_of_interlaced_images_are_whole(size):
    """Some passes of small interlaced images are empty; PngSuite has 32 x 32 only."""
    columns, rows = size, 10 - size
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    content = b""
    for x, y, dx, dy in passes:
        width, height = len(range(x, columns, dx)), len(range(y, rows, dy))
        content += (b"\0" + bytes(width)) * height if width else b""
    head = header(columns, rows, 8, GREY, 1)
    assert fault(png(head, chunk(b"IDAT", zlib.compress(content)))) == ("ok", "")
    assert fault(png(head, chunk(b"IDAT", zlib.compress(content[:-1]))))[0] == "does_not_decode"
    assert fault(png(head, chunk(b"IDAT", zlib.compress(content + b"\0"))))[0] == "does_not_decode"


def test_a_file_that_ends_anywhere_before_its_end_is_truncated():
    data = grey(None, chunk(b"gAMA", bytes(4)))
    for end in range(len(PNG_SIGNATURE), len(data)):
        assert fault(data[:end])[0] == "truncated"


def test_no_changed_byte_goes_unnoticed():
    data = grey(None, chunk(b"tEXt", b"Title\0chest"))
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x20
        assert fault(bytes(changed))[0] != "ok", f"byte {position}"


def _checksum_wrong() -> bytes:
    stream = bytearray(zlib.compress(b"\0abcd" * 3))
    stream[-1] ^= 1
    return png(header(4, 3), chunk(b"IDAT", bytes(stream)))


IDAT = chunk(b"IDAT", zlib.compress(b"\0abcd" * 3))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_checksum_wrong(), "damaged"),
        (grey(b"\0abcd" * 2), "ends after 10 bytes"),
        (grey(b"\0abcd" * 3 + b"\0"), "more pixels"),
        (grey(b"\0abcd\5abcd\0abcd"), "filter type 5"),
        (png(header(4, 3), chunk(b"IDAT", zlib.compress(b"\0abcd" * 3)[:-4])), "without the checksum"),
        (png(header(4, 3), chunk(b"IDAT", zlib.compress(b"\0abcd" * 3)[:-7])), "ends"),
        (png(header(4, 3), chunk(b"IDAT", b"")), "ends after 0 bytes"),
        (png(header(4, 3)), "no image data"),
        (png(header(0, 3), IDAT), "0 x 3"),
        (png(header(4, 3, 4, RGB), IDAT), "bit depth 4"),
        (png(header(4, 3, 8, 5), IDAT), "colour type 5"),
        (png(header(4, 3, 8, GREY, 2), IDAT), "interlace 2"),
        (png(header(4, 3), header(4, 3), IDAT), "second IHDR"),
        (png(IDAT, header(4, 3)), "not IHDR"),
        (png(header(4, 3), chunk(b"NEED"), IDAT), "NEED"),
        (png(header(4, 3), IDAT, chunk(b"tEXt", b"a\0b"), IDAT), "between its IDAT"),
        (png(header(4, 3, 8, PALETTE), IDAT), "without palette"),
        (png(header(4, 3, 8, PALETTE), chunk(b"PLTE", bytes(4)), IDAT), "4 bytes"),
        (png(header(4, 3, 1, PALETTE), chunk(b"PLTE", bytes(9)), IDAT), "up to 2"),
        (png(header(4, 3, 8, GREY), chunk(b"PLTE", bytes(9)), IDAT), "grey"),
        (png(header(4, 3, 8, PALETTE), IDAT, chunk(b"PLTE", bytes(9))), "follows"),
    ],
)
def test_what_breaks_the_format_does_not_decode(data, reason):
    code, message = fault(data)
    assert code == "does_not_decode"
    assert reason in message


def test_unknown_ancillary_chunks_are_nobodys_business():
    assert fault(grey(None, chunk(b"xyZz", b"private"))) == ("ok", "")


@pytest.mark.parametrize("after", [b"x", b"\0" * 100, zlib.compress(b"\0abcd\1efgh\2ijkl")], ids=len)
def test_data_behind_the_pixels_is_counted_and_no_fault(after):
    assert inspect(grey(after=after)).trailing_bytes == len(after)
    assert inspect(grey() + after).trailing_bytes == len(after)
    assert inspect(grey()).trailing_bytes == 0


def test_pixels_and_sides_are_bounded_by_the_header():
    limits = Limits(pixels=12, side=5)
    assert fault(grey(), limits)[0] == "ok"
    assert fault(grey(), Limits(pixels=11))[0] == "decompression_bomb"
    assert fault(grey(), Limits(side=3))[0] == "decompression_bomb"


def test_an_image_never_inflates_beyond_what_its_header_says():
    bomb = png(header(4, 3), chunk(b"IDAT", zlib.compress(bytes(50 << 20))))
    import tracemalloc

    tracemalloc.start()
    try:
        assert fault(bomb)[0] == "does_not_decode"
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [(b"zTXt", b"big\0\0"), (b"iTXt", b"big\0\1\0en\0gross\0"), (b"iCCP", b"name\0\0")],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_text_that_inflates_without_bound_is_a_bomb(kind, prefix):
    limits = Limits(text_bytes=1000, profile_bytes=1000)
    assert fault(grey(None, chunk(kind, prefix + zlib.compress(bytes(1000)))), limits) == ("ok", "")
    assert (
        fault(grey(None, chunk(kind, prefix + zlib.compress(bytes(1001)))), limits)[0] == "decompression_bomb"
    )


def test_many_texts_together_are_a_bomb():
    text = chunk(b"zTXt", b"big\0\0" + zlib.compress(bytes(1000)))
    assert fault(grey(None, *[text] * 64), Limits(text_bytes=1000))[0] == "ok"
    assert fault(grey(None, *[text] * 65), Limits(text_bytes=1000))[0] == "decompression_bomb"


def test_chunks_are_bounded():
    assert fault(grey(None, *[chunk(b"xyZz")] * 98), Limits(chunks=100))[0] == "decompression_bomb"
    assert fault(grey(None, *[chunk(b"xyZz")] * 97), Limits(chunks=100))[0] == "ok"


def test_orientation_is_read_from_exif():
    exif = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    assert inspect(grey(None, chunk(b"eXIf", exif))).orientation == 6


@pytest.mark.parametrize(("value", "expected"), [(b"3", 3), (b"8", 8), (b"0", 1), (b"9", 1), (b"30", 1)])
def test_orientation_is_read_from_xmp(value, expected):
    """Pillow's `exif_transpose` turns by it, and OpenCV does not."""
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>" + value + b"</tiff:Orientation>"
    assert inspect(grey(None, chunk(b"iTXt", xmp))).orientation == expected


def test_exif_orientation_counts_before_that_of_xmp():
    exif = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, 1, 0)
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'
    assert inspect(grey(None, chunk(b"eXIf", exif), chunk(b"iTXt", xmp))).orientation == 1


@given(st.binary(max_size=300))
def test_no_bytes_behind_the_signature_raise(tail):
    assert inspect(PNG_SIGNATURE + tail).fault is not None
    assert inspect(PNG_SIGNATURE + header(4, 3) + tail).fault is not None
    assert inspect(png(header(4, 3), chunk(b"IDAT", tail))).fault is not None


def test_real_radiographs_are_whole(test_data):
    for path in sorted((test_data / "nih" / "images").iterdir()):
        found = inspect(path.read_bytes())
        assert found.fault is None
        assert (found.width, found.height, found.bit_depth) == (1024, 1024, 8)
        if found.channels == 4:
            assert (found.channels_equal, found.alpha_opaque) == (True, True)
