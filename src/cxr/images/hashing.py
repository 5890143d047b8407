"""Read a file once: its bytes, as far as they fit, and the SHA-256 of all of them."""

import hashlib
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

_BLOCK = 1 << 20


class Hashed(NamedTuple):
    """A file that was read.

    Attributes:
        size: In bytes, as many as were read.
        sha256: Hex digest of all bytes.
        data: The bytes; ``None`` where there are more than the bound.
    """

    size: int
    sha256: str
    data: bytes | None


def read_hashed(path: Path, bound: int) -> Hashed:
    """Read a file to its end, holding at most ``bound`` bytes of it.

    Raises:
        OSError: it is not there, or cannot be read, or is no regular file (a pipe would never end).
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "it is a directory", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(None, "it is no regular file", str(path))
    with path.open("rb", buffering=0) as file:
        data = _read(file, bound + 1)
        if len(data) <= bound:
            return Hashed(len(data), hashlib.sha256(data).hexdigest(), data)
        digest = hashlib.sha256(data)
        size = len(data)
        del data
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
        return Hashed(size, digest.hexdigest(), None)


def _read(file: BinaryIO, most: int) -> bytes:
    """Read to the end, or ``most`` bytes; one read for a file of ordinary size."""
    first = file.read(most)
    if len(first) == most:
        return first
    parts = [first]
    missing = most - len(first)
    # A single read may give less than there is (2 GB on Linux, signals, network file systems).
    while missing and (more := file.read(missing)):
        parts.append(more)
        missing -= len(more)
    return first if len(parts) == 1 else b"".join(parts)
