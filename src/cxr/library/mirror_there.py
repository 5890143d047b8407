"""What lies at a mirror's destination: the size of each file by its name, in 16 bytes a file."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import numpy as np

from cxr.stores import Stored

_BITS: Final = (1 << 64) - 1


class There:
    """The files of one listing.

    Names are kept as hashes of 64 bits: of 377,110 two have the same one once in some hundred million runs.

    Args:
        files: The listing.
    """

    def __init__(self, files: Iterable[Stored]) -> None:
        hashes, sizes = array("Q"), array("Q")
        for file in files:
            hashes.append(_hash(file.name))
            sizes.append(file.size)
        order = np.argsort(np.array(hashes, np.uint64), kind="stable")
        self._hashes = array("Q", np.array(hashes, np.uint64)[order].tobytes())
        self._sizes = array("Q", np.array(sizes, np.uint64)[order].tobytes())

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, ``None`` where there is no such file."""
        wanted = _hash(name)
        place = bisect_left(self._hashes, wanted)
        found = place < len(self._hashes) and self._hashes[place] == wanted
        return self._sizes[place] if found else None


def _hash(name: str) -> int:
    return hash(name) & _BITS
