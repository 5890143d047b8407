"""An image made smaller, or written in another format, from bytes to bytes.

Reduction is by area: each new pixel is the mean of what it covers, so that nothing is aliased. The same bytes
and the same request always give the same file.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from cxr.images.formats import Format
from cxr.images.inspect import inspect
from cxr.images.inspection import DEFAULT_LIMITS, FaultError, Inspection, Limits
from cxr.images.placement import WRITTEN, Fit, Placement, Shrink, place

Pixels = npt.NDArray[Any]

_QUALITY = 95
_COLOUR_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What became of an image.

    Attributes:
        data: The file.
        format: What it is.
        bit_depth: Bits a sample.
        placement: Where the pixels went.
        processing: What was done to them, for people; empty where the file is what it was.
        original: What the file before was.
    """

    data: bytes
    format: Format
    bit_depth: int
    placement: Placement
    processing: str
    original: Inspection


def shrink(data: bytes, how: Shrink, *, limits: Limits = DEFAULT_LIMITS) -> Shrunk:
    """Make another file of an image's.

    A file of the format asked for that is small enough stays as it is, byte for byte. In others grey stays
    grey, with 8 or 16 bits; colours that are equal in every pixel become grey, and alpha that is opaque is
    left out. JPEG is written with quality 95 without subsampling.

    Args:
        data: The whole file.
        how: What to make.
        limits: How far reading goes.

    Raises:
        FaultError: the file is no sound image; or it is one that would lose more than size: colours of
            print, transparent pixels, several images, 16 bits where JPEG is asked for.
    """
    found = inspect(data, limits=limits)
    if found.fault is not None:
        raise FaultError(found.fault.code, found.fault.message)
    _require_simple(found)
    written = _written(how, found)
    pixels = _upright(_read(data, found), found.orientation)
    height, width = pixels.shape[:2]
    placement = place(width, height, how.size or max(width, height), how.fit if how.size else Fit.LONG)
    if written is found.format and not placement.changes and found.orientation in (None, 1):
        return Shrunk(data, written, found.bit_depth or 8, placement, "", found)
    drawn = _drawn(_grey_where_equal(pixels), placement)
    return Shrunk(_encoded(drawn, written), written, 8 * drawn.dtype.itemsize, placement, str(how), found)


def _written(how: Shrink, found: Inspection) -> Format:
    """Return the format to write.

    Raises:
        FaultError: it would say another thing than the name, or lose depth.
    """
    if how.format is None:
        return found.format if found.format in WRITTEN else Format.PNG
    if how.kept and found.format in WRITTEN and found.format is not how.format:
        raise FaultError(
            "not_shrunk",
            f"it is {found.format.title} and is named {how.format.title}: ask for one with --format",
        )
    if how.format is Format.JPEG and (found.bit_depth or 8) > 8:
        raise FaultError(
            "not_shrunk",
            f"it has {found.bit_depth} bits, JPEG has 8, and nothing says which of its values are to be "
            "shown: ask for --format png",
        )
    return how.format


def _require_simple(found: Inspection) -> None:
    if found.colour == "cmyk":
        raise FaultError("not_shrunk", "it has the colours of print (CMYK), which no radiograph has")
    if found.has_alpha and not found.alpha_opaque:
        raise FaultError("not_shrunk", "it has transparent pixels: what lies behind them is not known")
    if found.several_images:
        raise FaultError("not_shrunk", "it holds several images, of which one alone would be left")


def _read(data: bytes, found: Inspection) -> Pixels:
    """Return the pixels as stored: (height, width) or (height, width, 3), in the order blue, green, red."""
    if found.format is Format.JPEG:
        colour = "GRAY" if found.colour == "grey" or found.channels_equal else "BGR"
        jpeg: Pixels = simplejpeg.decode_jpeg(data, colour)
        return jpeg[..., 0] if colour == "GRAY" else jpeg
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise FaultError("not_shrunk", f"its pixels cannot be read as 8 or 16 bits ({found.bit_depth} bits)")
    if pixels.ndim == 3 and pixels.shape[2] > _COLOUR_CHANNELS:
        pixels = pixels[..., :_COLOUR_CHANNELS]
    return pixels


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels as EXIF says: what is written has no EXIF any more."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _grey_where_equal(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    first = pixels[..., 0]
    equal = all(np.array_equal(first, pixels[..., other]) for other in (1, 2))
    return np.ascontiguousarray(first) if equal else pixels


def _drawn(pixels: Pixels, placement: Placement) -> Pixels:
    scaled = (placement.scaled_width, placement.scaled_height)
    if scaled != (placement.width, placement.height):
        pixels = cv2.resize(pixels, scaled, interpolation=cv2.INTER_AREA)
    left, top = placement.left, placement.top
    pixels = pixels[max(0, -top) :, max(0, -left) :][: placement.frame_height, : placement.frame_width]
    if pixels.shape[:2] == (placement.frame_height, placement.frame_width):
        return np.ascontiguousarray(pixels)
    frame: Pixels = np.zeros((placement.frame_height, placement.frame_width, *pixels.shape[2:]), pixels.dtype)
    x, y = max(0, left), max(0, top)
    frame[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    return frame


def _encoded(pixels: Pixels, written: Format) -> bytes:
    if written is Format.PNG:
        _, png = cv2.imencode(".png", pixels)
        return png.tobytes()
    grey = pixels.ndim == 2
    data: bytes = simplejpeg.encode_jpeg(
        pixels[..., None] if grey else pixels,
        quality=_QUALITY,
        colorspace="GRAY" if grey else "BGR",
        colorsubsampling="Gray" if grey else "444",
    )
    return data
