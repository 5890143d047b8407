"""Labs whose archives are replaced by others, hostile ones as a rule."""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cxr.lab import Lab, crc32c
from cxr.lab.archives import shelf
from cxr.lab.nih import Contents

_ZEROS = 16 << 20  # bytes that are compressed once and then repeated
_FULL_BLOCK = {"images": 24, "size": 96, "seed": 0, "folders": 1, "pixels": "noise"}


def published(folder: Path) -> dict[str, bytes]:
    """Return the images of the lab that is going to be changed, by their paths, in the archives' order."""
    made = shelf(folder, Contents(**_FULL_BLOCK))
    return {path: made.image(path) for path in made.images}


def changed_lab(folder: Path, archives: Mapping[str, bytes]) -> Lab:
    """Return a lab whose hosts give these archives in place of their own, as if that were right.

    Args:
        folder: Where its files are made.
        archives: ``archive.zip`` or ``images_001.tar.gz`` to content.
    """
    made = shelf(folder, Contents(**_FULL_BLOCK))
    saved = json.loads((made.folder / "set.json").read_text("utf-8"))
    for entry in saved["files"]:
        if entry[0] in archives:
            content = archives[entry[0]]
            (made.folder / entry[1]).write_bytes(content)
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            entry[2:] = [len(content), md5, crc32c.checksum(iter([content]))]
    (made.folder / "set.json").write_text(json.dumps(saved), "utf-8")
    return Lab(**_FULL_BLOCK, folder=folder)


def zeros(size: int) -> bytes:
    """Return a part of a deflate stream that becomes so many zeros, and a thousandth as long."""
    whole, rest = divmod(size, _ZEROS)
    return _part(bytes(_ZEROS)) * whole + _part(bytes(rest))


def bomb(size: int) -> bytes:
    """Return a whole deflate stream that becomes so many zeros."""
    return zeros(size) + zlib.compressobj(wbits=-zlib.MAX_WBITS).flush()


def gz_with_zeros(before: bytes, size: int, after: bytes) -> bytes:
    """Return a gzip file of ``before``, so many zeros, and ``after``."""
    check = zlib.crc32(before)
    for count in _counts(size):
        check = zlib.crc32(bytes(count), check)
    trailer = struct.pack("<LL", zlib.crc32(after, check), (len(before) + size + len(after)) & 0xFFFFFFFF)
    packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    last = packer.compress(after) + packer.flush()
    return b"\x1f\x8b\x08" + bytes(7) + _part(before) + zeros(size) + last + trailer


def _counts(size: int) -> Iterator[int]:
    while size:
        yield min(size, _ZEROS)
        size -= min(size, _ZEROS)


def _part(data: bytes) -> bytes:
    """Return a part that ends at a whole byte and needs nothing before it, so that it can be repeated."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
