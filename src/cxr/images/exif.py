"""The orientation in EXIF data, or in XMP: the one tag that changes what a viewer shows."""

import re

_ORIENTATION = 0x0112
_SHORT = 3
_MOST_TAGS = 1000  # real directories have a few dozen
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])(?![0-9])""")


def orientation(tiff: bytes, xmp: bytes | memoryview = b"") -> int:
    r"""Return the orientation, 1 to 8; 1 where there is none or it makes no sense.

    EXIF's counts where it has the tag, XMP's otherwise: so does Pillow, which turns by either.

    Args:
        tiff: The EXIF block from its byte order mark on, as in a PNG's eXIf and after ``Exif\0\0`` in JPEG.
        xmp: The XMP packet (ISO 16684-1), which has the tag as ``tiff:Orientation``.
    """
    found = _of_exif(tiff)
    return _of_xmp(xmp) if found is None else found


def _of_xmp(xmp: bytes | memoryview) -> int:
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else 1


def _of_exif(tiff: bytes) -> int | None:
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order == "little":
        return _find(tiff, "little")
    if order == "big":
        return _find(tiff, "big")
    return None


def _find(tiff: bytes, order: str) -> int | None:
    def number(start: int, size: int) -> int:
        return int.from_bytes(tiff[start : start + size], "little" if order == "little" else "big")

    directory = number(4, 4)
    for index in range(min(number(directory, 2), _MOST_TAGS)):
        entry = directory + 2 + 12 * index
        if number(entry, 2) == _ORIENTATION and number(entry + 2, 2) == _SHORT:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return None
