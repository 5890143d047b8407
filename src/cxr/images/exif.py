"""The orientation in EXIF data: the one tag that changes what a viewer shows."""

_ORIENTATION = 0x0112
_SHORT = 3
_MOST_TAGS = 1000  # real directories have a few dozen


def orientation(tiff: bytes) -> int:
    r"""Return EXIF's orientation, 1 to 8; 1 where there is none or it makes no sense.

    Args:
        tiff: The EXIF block from its byte order mark on, as in a PNG's eXIf and after ``Exif\0\0`` in JPEG.
    """
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order == "little":
        return _find(tiff, "little")
    if order == "big":
        return _find(tiff, "big")
    return 1


def _find(tiff: bytes, order: str) -> int:
    def number(start: int, size: int) -> int:
        return int.from_bytes(tiff[start : start + size], "little" if order == "little" else "big")

    directory = number(4, 4)
    for index in range(min(number(directory, 2), _MOST_TAGS)):
        entry = directory + 2 + 12 * index
        if number(entry, 2) == _ORIENTATION and number(entry + 2, 2) == _SHORT:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1
