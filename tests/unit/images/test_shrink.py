"""An image made smaller, or written in another format."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from cxr.images.formats import Format
from cxr.images.inspect import inspect
from cxr.images.inspection import FaultError
from cxr.images.placement import Fit, Shrink
from cxr.images.shrink import shrink
from cxr.model import Region


def gradient(height=96, width=64, dtype=np.uint8):
    rows, columns = np.mgrid[0:height, 0:width]
    top = np.iinfo(dtype).max
    return ((rows / height + columns / width) / 2 * top).astype(dtype)


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


def jpeg(pixels, **more):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95, **more)
    return out.getvalue()


def pixels_of(shrunk):
    return cv2.imdecode(np.frombuffer(shrunk.data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_each_pixel_is_the_mean_of_what_it_covers():
    pixels = np.random.default_rng(1).integers(0, 256, (96, 64), np.uint8)
    small = pixels_of(shrink(png(pixels), Shrink(16)))
    means = pixels.reshape(24, 4, 16, 4).mean(axis=(1, 3))
    assert small.shape == (24, 16)
    assert np.abs(small - means).max() <= 0.5


@pytest.mark.parametrize("make", [png, jpeg])
def test_what_is_written_is_sound_and_as_large_as_it_says(make):
    shrunk = shrink(make(gradient(300, 200)), Shrink(64, Fit.LONG))
    found = inspect(shrunk.data)
    assert found.fault is None
    assert (found.width, found.height) == (43, 64)
    assert (shrunk.placement.frame_width, shrunk.placement.frame_height) == (43, 64)
    assert found.format is shrunk.format


def test_the_same_bytes_give_the_same_file():
    data = jpeg(gradient(200, 200))
    assert shrink(data, Shrink(50)).data == shrink(data, Shrink(50)).data


def test_the_format_stays_unless_another_is_asked_for():
    assert shrink(png(gradient()), Shrink(32)).format is Format.PNG
    assert shrink(jpeg(gradient()), Shrink(32)).format is Format.JPEG
    written = shrink(png(gradient()), Shrink(format=Format.JPEG))
    assert written.format is Format.JPEG
    assert written.placement.changes is False
    assert np.abs(pixels_of(written).astype(int) - gradient()).max() <= 3


def test_png_without_a_size_keeps_every_pixel():
    pixels = gradient(dtype=np.uint16)
    out = io.BytesIO()
    Image.fromarray(pixels[..., :10].astype(np.uint8)).save(out, "TIFF")
    assert np.array_equal(
        pixels_of(shrink(out.getvalue(), Shrink(format=Format.PNG))), pixels[..., :10].astype(np.uint8)
    )
    assert np.array_equal(pixels_of(shrink(png(pixels), Shrink(format=Format.PNG))), pixels)


def test_sixteen_bits_stay_and_are_no_jpeg():
    """Twelve bits in sixteen would become 16 greys by the full range; nothing says which is meant."""
    data = png(gradient(dtype=np.uint16) >> 4)
    kept = shrink(data, Shrink(32))
    assert (kept.bit_depth, pixels_of(kept).dtype) == (16, np.uint16)
    with pytest.raises(FaultError, match=r"16 bits.*--format png"):
        shrink(data, Shrink(32, format=Format.JPEG))


@pytest.mark.parametrize("make", [png, jpeg])
def test_a_file_that_is_as_asked_for_already_keeps_every_byte(make):
    data = make(gradient(90, 60))
    for how in (Shrink(64), Shrink(90, Fit.LONG), Shrink(64, format=inspect(data).format)):
        small = shrink(data, how)
        assert small.data == data
        assert small.processing == ""
    assert shrink(data, Shrink(32)).processing == "reduced by area to 32 pixels on the shorter side"


def test_a_png_that_is_named_jpeg_becomes_none_unasked():
    implied = Shrink(32, format=Format.JPEG, kept=True)
    with pytest.raises(FaultError, match="it is PNG and is named JPEG"):
        shrink(png(gradient()), implied)
    assert shrink(jpeg(gradient()), implied).format is Format.JPEG
    assert shrink(png(gradient()), Shrink(32, format=Format.JPEG)).format is Format.JPEG


def test_equal_colours_become_grey_and_opaque_alpha_goes():
    grey = gradient()
    rgba = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    assert np.array_equal(pixels_of(shrink(png(rgba), Shrink(100, Fit.PAD)))[2:98, 18:82], grey)
    assert pixels_of(shrink(jpeg(np.dstack([grey] * 3)), Shrink(32))).ndim == 2


def test_colours_stay_and_in_their_order():
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    for data in (jpeg(red, subsampling=0), png(red[..., ::-1])):
        for written in (Format.JPEG, Format.PNG):
            blue_green_red = pixels_of(shrink(data, Shrink(32, format=written)))[16, 16]
            assert np.abs(blue_green_red.astype(int) - [0, 0, 200]).max() <= 4


def test_a_square_is_black_beside_the_image_or_its_middle():
    white = np.full((100, 50), 255, np.uint8)
    padded = pixels_of(shrink(png(white), Shrink(100, Fit.PAD)))
    assert padded.shape == (100, 100)
    assert padded[:, 25:75].min() == 255
    assert padded[:, :25].max() == padded[:, 75:].max() == 0
    rows = np.repeat(np.arange(100, dtype=np.uint8)[:, None], 50, axis=1)
    assert np.array_equal(pixels_of(shrink(png(rows), Shrink(50, Fit.CROP)))[:, 0], np.arange(25, 75))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_says_of_the_way_up_is_done(orientation):
    corner = np.zeros((64, 96), np.uint8)
    corner[:16, :24] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = jpeg(corner, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert np.array_equal(pixels_of(shrink(data, Shrink(format=Format.PNG))), upright)


def test_a_box_of_the_image_is_where_its_pixels_went():
    pixels = np.zeros((400, 300), np.uint8)
    pixels[100:200, 60:160] = 255
    for how in (Shrink(150), Shrink(150, Fit.LONG), Shrink(150, Fit.PAD), Shrink(150, Fit.CROP)):
        shrunk = shrink(png(pixels), how)
        box = shrunk.placement.carried(Region("Mass", "mass", "someone", 60, 100, 100, 100, 300, 400))
        rows, columns = np.nonzero(pixels_of(shrunk) > 127)
        assert (columns.min(), columns.max() + 1) == pytest.approx((box.x, box.x + box.width), abs=1)
        assert (rows.min(), rows.max() + 1) == pytest.approx((box.y, box.y + box.height), abs=1)


def test_what_would_lose_more_than_size_is_refused():
    grey = gradient()
    glass = np.dstack([grey, grey, grey, np.full_like(grey, 128)])
    print_colours = io.BytesIO()
    Image.fromarray(np.dstack([grey] * 4), "CMYK").save(print_colours, "JPEG")
    for data, words in ((png(glass), "transparent"), (print_colours.getvalue(), "CMYK")):
        with pytest.raises(FaultError, match=words) as refused:
            shrink(data, Shrink(32))
        assert refused.value.fault.code == "not_shrunk"


@pytest.mark.parametrize("make", [png, jpeg])
def test_a_broken_image_is_no_image(make):
    data = make(gradient(300, 200))
    with pytest.raises(FaultError):
        shrink(data[: len(data) // 2], Shrink(32))


def test_it_says_in_words_what_was_done():
    assert str(Shrink(512)) == "reduced by area to 512 pixels on the shorter side"
    assert str(Shrink(224, Fit.CROP, Format.JPEG)) == (
        "reduced by area to 224 pixels square, crop, written as JPEG"
    )
