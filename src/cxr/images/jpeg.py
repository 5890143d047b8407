"""JPEG, strictly: every marker to EOI, and all entropy-coded data without one warning of the decoder."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import simplejpeg

from cxr.images import exif
from cxr.images.inspection import FaultError, Inspection, Limits, require_pixels
from cxr.images.jpeg_segments import Segments, walk

_COLOURS = {1: "grey", 3: "rgb", 4: "cmyk"}
# Lossless and hierarchical JPEG are left out. simplejpeg 1.9 writes beyond its buffer when it is asked to
# scale a lossless one (seen: heap corruption from a sound file), and outside DICOM nobody has them.
_PROCESSES = frozenset({0, 1, 2, 9, 10})  # baseline, extended, progressive; the last two arithmetic
_ANOTHER = re.compile(rb"\xff\xd8\xff")


def inspect_jpeg(data: memoryview, found: Inspection, limits: Limits) -> None:
    """Fill ``found`` with what a JPEG holds.

    Raises:
        FaultError: it cannot be used.
    """
    segments = walk(data, limits)
    _describe(segments, data, found)
    _require_readable(segments, limits)
    decode_strictly(data, segments, "GRAY")
    if found.colour == "rgb":
        found.channels_equal = _channels_equal(data, segments, limits)


def _describe(segments: Segments, data: memoryview, found: Inspection) -> None:
    frame = segments.frame
    found.width, found.height, found.bit_depth = frame.width, frame.height, frame.precision
    found.channels = len(frame.sampling)
    found.colour = _COLOURS.get(found.channels, "")
    found.orientation = exif.orientation(segments.exif, segments.xmp)
    found.colour_profile = ("ICC",) if segments.has_profile else ()
    # Phones put depth maps and full-size pictures behind the first (MPO, Ultra HDR).
    found.several_images = _ANOTHER.search(data, segments.end) is not None
    found.trailing_bytes = 0 if found.several_images else len(data) - segments.end


def _require_readable(segments: Segments, limits: Limits) -> None:
    frame = segments.frame
    require_pixels(frame.width, frame.height, limits)
    if frame.process not in _PROCESSES:
        raise FaultError("does_not_decode", "it is a lossless or hierarchical JPEG, which cxr does not read")
    if frame.precision != 8:
        raise FaultError("does_not_decode", f"it has {frame.precision} bits a sample; cxr reads JPEG with 8")
    if len(frame.sampling) not in _COLOURS:
        raise FaultError("does_not_decode", f"it has {len(frame.sampling)} components; cxr reads 1, 3 and 4")
    needed = _memory(segments)
    if needed > limits.decoded_bytes:
        raise FaultError(
            "decompression_bomb",
            f"decoding its {frame.width} x {frame.height} pixels takes {needed >> 20:,} MB at once; "
            f"at most {limits.decoded_bytes >> 20:,} are given",
        )


def _memory(segments: Segments) -> int:
    """Return what the decoder holds at once beside a few rows, in bytes."""
    return segments.frame.coefficient_bytes if segments.is_held_whole else 0


def decode_strictly(
    data: memoryview, segments: Segments, colour: str, *, scaled: bool = True
) -> npt.NDArray[np.uint8]:
    """Decode all entropy-coded data; scaled to an eighth, which reads every code but transforms little.

    Returns:
        Array of shape (height, width, channels).

    Raises:
        FaultError: ``does_not_decode``: the decoder failed, or had to guess.
    """
    size = 1 if scaled else 0  # asks for the smallest scale that is at least one pixel; 0 for no scaling
    try:
        return _decode(data, colour, size)
    except ValueError as error:
        problem = str(error)
    if "ICC" in problem and segments.has_profile:
        # A broken profile is no fault of the pixels: the inspection notes the profile, and reads without it.
        return decode_strictly(
            _without(data, segments.profile_spans), Segments(segments.frame), colour, scaled=scaled
        )
    raise FaultError("does_not_decode", f"the JPEG decoder says: {problem.strip()}")


def _decode(data: memoryview, colour: str, size: int) -> npt.NDArray[np.uint8]:
    pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
        data, colour, min_height=size, min_width=size, strict=True
    )
    return pixels


def _without(data: memoryview, spans: Sequence[tuple[int, int]]) -> memoryview:
    kept, position = [], 0
    for start, end in spans:
        kept.append(data[position:start])
        position = end
    return memoryview(b"".join([*kept, data[position:]]))


def _channels_equal(data: memoryview, segments: Segments, limits: Limits) -> bool | None:
    """Whether red, green and blue are equal everywhere; ``None`` where the image is too large to ask."""
    if not _equal(decode_strictly(data, segments, "RGB")):
        return False
    if 3 * segments.frame.width * segments.frame.height > limits.decoded_bytes:
        return None
    return _equal(decode_strictly(data, segments, "RGB", scaled=False))


def _equal(rgb: npt.NDArray[np.uint8]) -> bool:
    red = rgb[..., 0]
    return all(np.array_equal(red, rgb[..., other]) for other in (1, 2))
