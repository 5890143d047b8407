"""Read one image strictly to its end: what it is, and whether it is whole."""

from collections.abc import Callable

from cxr.images.bmp import inspect_bmp
from cxr.images.formats import HEAD, Format, describe, sniff
from cxr.images.inspection import DEFAULT_LIMITS, Fault, FaultError, Inspection, Limits
from cxr.images.jpeg import inspect_jpeg
from cxr.images.png import inspect_png
from cxr.images.tiff import inspect_tiff
from cxr.images.webp import inspect_webp

_READERS: dict[Format, Callable[[memoryview, Inspection, Limits], None]] = {
    Format.JPEG: inspect_jpeg,
    Format.PNG: inspect_png,
    Format.TIFF: inspect_tiff,
    Format.WEBP: inspect_webp,
    Format.BMP: inspect_bmp,
}


def inspect(data: bytes | memoryview, *, limits: Limits = DEFAULT_LIMITS) -> Inspection:
    """Inspect the bytes of one file, in under 500 MB whatever they are.

    Args:
        data: The whole file.
        limits: How far to go.

    Returns:
        What was found; `Inspection.fault` says why it cannot be used. Nothing is raised for bad input.
    """
    view = memoryview(data)
    found = Inspection(size=len(view))
    try:
        _inspect(view, found, limits)
    except FaultError as error:
        found.fault = error.fault
    except MemoryError:
        found.fault = Fault("decompression_bomb", "decoding it takes more memory than there is")
    return found


def _inspect(data: memoryview, found: Inspection, limits: Limits) -> None:
    if not data:
        raise FaultError("empty", "the file is empty")
    if len(data) > limits.file_bytes:
        raise FaultError("too_large", too_large(len(data), limits))
    found.format = sniff(data[:HEAD])
    if found.format is None:
        raise FaultError("not_an_image", f"it is {describe(data[:HEAD])}")
    reader = _READERS.get(found.format)
    if reader is None:
        raise FaultError(
            "does_not_decode", f"it is {found.format.title}, which cxr recognises but does not read"
        )
    reader(data, found, limits)


def too_large(size: int, limits: Limits) -> str:
    """Say why a file is not inspected."""
    return f"it has {size:,} bytes; files of more than {limits.file_bytes >> 20} MB are hashed, not inspected"
