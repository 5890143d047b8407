"""Whether a PNG is what it was when it was written, seen while its bytes pass: each chunk has a CRC-32.

A tar has no checksum of its members, and one of the whole archive comes after the last of them.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from cxr.images.formats import PNG_SIGNATURE
from cxr.transfer.digest import NotTheImageError

_LENGTH: Final = 4  # bytes, as the type and the CRC-32 have (W3C PNG 3rd edition, section 5.3)


def intact(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass blocks on, and look at the chunks where they are those of a PNG.

    What is missing at the end is not noticed: `cxr.transfer.digest.Digest` looks for the end.

    Raises:
        NotTheImageError: ``hash_differs``: a chunk is damaged.
    """
    chunks = _Chunks()
    for block in blocks:
        chunks.add(block)
        yield block


class _Chunks:
    """Goes through the chunks of a PNG, of which the bytes come in blocks."""

    def __init__(self) -> None:
        self._head = b""  # signature, or a chunk's length, or its CRC-32, as far as it has come
        self._wanted = len(PNG_SIGNATURE)
        self._place = 0
        self._left = 0  # bytes of the chunk's type and content that are still to come
        self._crc = 0
        self._kind = b""
        self._in_chunk = False
        self._over = False

    def add(self, block: bytes) -> None:
        view = memoryview(block)
        while view and not self._over:
            view = self._content(view) if self._left else self._number(view)

    def _content(self, view: memoryview) -> memoryview:
        part = view[: self._left]
        self._crc = zlib.crc32(part, self._crc)
        if len(self._kind) < _LENGTH:
            self._kind += bytes(part[: _LENGTH - len(self._kind)])
        self._left -= len(part)
        self._place += len(part)
        return view[len(part) :]

    def _number(self, view: memoryview) -> memoryview:
        part = view[: self._wanted - len(self._head)]
        self._head += bytes(part)
        self._place += len(part)
        if len(self._head) == self._wanted:
            self._take(self._head)
            self._head, self._wanted = b"", _LENGTH
        return view[len(part) :]

    def _take(self, head: bytes) -> None:
        if self._wanted == len(PNG_SIGNATURE):
            self._over = head != PNG_SIGNATURE
        elif not self._in_chunk:
            self._left = _LENGTH + int.from_bytes(head, "big")
            self._in_chunk, self._kind, self._crc = True, b"", 0
        else:
            self._check(int.from_bytes(head, "big"))
            self._in_chunk, self._over = False, self._kind == b"IEND"

    def _check(self, said: int) -> None:
        if said != self._crc:
            name = self._kind.decode("ascii", "backslashreplace")
            raise NotTheImageError(
                "hash_differs", f"the CRC-32 of its chunk {name} that ends at byte {self._place:,} is wrong"
            )
