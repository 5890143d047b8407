"""What TIFF and WebP share: one bounded decode by imagecodecs, and what its array tells."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from cxr.images.inspection import FaultError, Inspection, Limits

Array = npt.NDArray[Any]


def decode_bounded(decode: Callable[[Any], Array], data: memoryview, size: int, limits: Limits) -> Array:
    """Decode, unless that takes too much at once.

    Args:
        decode: Returns the array, and raises ``RuntimeError`` or ``ValueError`` where it cannot.
        data: The file.
        size: Bytes of the decoded image, by its header.
        limits: Whose `Limits.decoded_bytes` is the bound.

    Raises:
        FaultError: ``decompression_bomb`` or ``does_not_decode``.
    """
    if size > limits.decoded_bytes:
        raise FaultError(
            "decompression_bomb",
            f"decoded it takes {size >> 20:,} MB; at most {limits.decoded_bytes >> 20:,} are given",
        )
    try:
        return decode(data)
    except (RuntimeError, ValueError, TypeError, NotImplementedError, IndexError) as error:
        raise FaultError("does_not_decode", f"the decoder says: {str(error).strip()}") from None


def look_at_channels(pixels: Array, found: Inspection) -> None:
    """Say whether the colours are equal and the alpha opaque in pixels of shape (height, width, 3 or 4)."""
    if found.colour != "rgb" or pixels.ndim != 3 or pixels.shape[-1] not in (3, 4):
        return
    red = pixels[..., 0]
    found.channels_equal = all(np.array_equal(red, pixels[..., other]) for other in (1, 2))
    if found.has_alpha and pixels.shape[-1] == 4 and pixels.dtype in (np.uint8, np.uint16):
        found.alpha_opaque = bool(np.all(pixels[..., 3] == (1 << 8 * pixels.dtype.itemsize) - 1))
