"""Files that pass for images: a PNG's head and end around bytes that do not compress."""

import hashlib
import json
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_EDGE = 57  # bytes of a PNG with one chunk of pixels that are not pixels


class Made(NamedTuple):
    """One file.

    Attributes:
        name: Its name.
        size: In bytes.
        sha256: Hex digest.
    """

    name: str
    size: int
    sha256: str


def images(count: int, size: int, seed: int = 1) -> Iterator[bytes]:
    """Yield so many different images of so many bytes."""
    noise = memoryview(random.Random(seed).randbytes(size + count))
    for number in range(count):
        yield png(noise[number : number + size - _EDGE])


def png(pixels: bytes | memoryview) -> bytes:
    """Return a PNG of 1024 x 1024 with these bytes in place of compressed pixels."""
    header = struct.pack(">IIBBBBB", 1024, 1024, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + bytes(data)
        + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
        for kind, data in chunks
    )


def write_images(folder: Path, count: int, size: int) -> list[Made]:
    """Write images into a new folder."""
    folder.mkdir(parents=True)
    made = []
    for number, data in enumerate(images(count, size)):
        made.append(Made(f"{number:05d}.png", len(data), hashlib.sha256(data).hexdigest()))
        (folder / made[-1].name).write_bytes(data)
    return made


def write_listing(path: Path, made: list[Made]) -> None:
    """Write what `benchmarks._ours` reads."""
    path.write_text(json.dumps(made))
