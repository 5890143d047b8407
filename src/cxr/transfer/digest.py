"""What is learned of a file's bytes while they pass: hashes, length, both ends, and whether they fit."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from cxr.model import Remote
from cxr.transfer.structure import EDGE, problem


class NotTheImageError(Exception):
    """These bytes are not the image that was asked for.

    Args:
        code: Stable name, such as ``size_differs``.
        reason: One sentence for people.
    """

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class _Crc32:
    """CRC-32 with the face of a hash; zip directories have it."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


_PUBLISHED: Mapping[str, Callable[[], _Hash]] = {
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "crc32": _Crc32,
}
_NAMES = {"sha256": "SHA-256", "md5": "MD5", "crc32": "CRC-32"}


class Digest:
    """Hashes, length and both ends of the bytes that pass.

    Args:
        published: ``sha256:<hex>``, ``md5:<hex>`` or ``crc32:<8 hex digits>``, as `Remote.checksum`; empty
            where the host publishes none. What is not known here is not compared.
    """

    def __init__(self, published: str = "") -> None:
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.head = b""
        self.tail = b""
        self._kind, _, self._published = published.partition(":")
        self._other: _Hash | None = _PUBLISHED[self._kind]() if self._kind in _PUBLISHED else None

    def add(self, block: bytes) -> None:
        """Take notice of the next bytes."""
        self.sha256.update(block)
        if self._other is not None:
            self._other.update(block)
        self.size += len(block)
        if len(self.head) < EDGE:
            self.head += block[: EDGE - len(self.head)]
        self.tail = block[-EDGE:] if len(block) >= EDGE else (self.tail + block)[-EDGE:]

    def __call__(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on, taking notice of each."""
        for block in blocks:
            self.add(block)
            yield block

    def check(self, remote: Remote) -> None:
        """Compare with what the host announced, and look at both ends.

        Raises:
            NotTheImageError: this is not ``remote``, whole.
        """
        self.check_bytes(remote)
        if fault := problem(self.head, self.tail):
            raise NotTheImageError(*fault)

    def check_bytes(self, remote: Remote) -> None:
        """Compare with what the host announced, image or not.

        Raises:
            NotTheImageError: this is not ``remote``, whole.
        """
        if remote.size is not None and self.size != remote.size:
            raise NotTheImageError(
                "size_differs", f"{self.size:,} bytes came, {remote.size:,} were announced"
            )
        found = self.sha256 if self._kind == "sha256" else self._other
        if found is not None and found.hexdigest() != self._published.lower():
            raise NotTheImageError(
                "hash_differs", f"its {_NAMES[self._kind]} is not the one that the host publishes"
            )
