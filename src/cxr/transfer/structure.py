"""Whether bytes have the beginning and the end of an image.

It is what can be asked while the bytes pass, where a host publishes no checksum; `cxr validate` decodes.
"""

from cxr.images.formats import Format, describe, sniff

EDGE = 1 << 16
"""Bytes of a file's beginning and end that are kept: a JPEG may carry its size behind as much EXIF data."""

_ENDS = {Format.PNG: b"IEND\xaeB`\x82", Format.JPEG: b"\xff\xd9"}


def problem(head: bytes, tail: bytes) -> tuple[str, str] | None:
    """Return the code and the reason why bytes cannot be a whole image, or ``None``.

    Args:
        head: The first `EDGE` bytes, or all there are.
        tail: The last `EDGE` bytes, or all there are.
    """
    if not head:
        return "empty", "the file is empty"
    kind = sniff(head)
    if kind is None:
        return "not_an_image", f"it is {describe(head)}"
    # A JPEG's end marker cannot occur inside its scan, a PNG's last chunk has a fixed checksum.
    end = _ENDS.get(kind)
    if end is not None and end not in tail:
        return "truncated", f"the {kind.name} has no end: it was cut off, or is still being copied"
    return None
