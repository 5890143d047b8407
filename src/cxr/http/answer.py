"""One answer of a host."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from cxr.http.errors import RefusedError
from cxr.http.head import Head


class Blocks(Protocol):
    """What follows a head: `cxr.http.body.Body`, or what another program received."""

    def blocks(self) -> Iterator[bytes]:
        """Yield it in blocks of 1 byte to 512 KiB."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Yield it piece by piece as it comes."""
        ...


class Answer:
    """One answer, its body unread.

    Args:
        head: Its status and headers.
        body: What follows them.
        url: Where it came from.
        encodings: The Accept-Encoding that was sent.

    Attributes:
        status: The HTTP status.
        headers: By name in any case; several lines of one name are joined by ``", "``.
        url: Where it finally came from. It may hold a signature: `cxr.logs.public_url` shows it without.
    """

    def __init__(self, head: Head, body: Blocks, url: str, encodings: str) -> None:
        self.status = head.status
        self.headers: Mapping[str, str] = head.headers
        self.url = url
        self._body = body
        self._encodings = encodings

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes, in blocks of 1 byte to 512 KiB.

        Raises:
            TransientError: it ended early, stalled or broke; what had come until then was yielded.
            RefusedError: it comes encoded in a way that was not asked for.
        """
        self._check_encoding()
        return self._body.blocks()

    def read(self, limit: int) -> bytes:
        """Return the body's first bytes, at most ``limit`` of them; no more are waited for.

        Raises:
            TransientError: as for `blocks`.
            RefusedError: likewise.
        """
        self._check_encoding()
        read = bytearray()
        while len(read) < limit and (piece := next(self._body.pieces(), b"")):
            read += piece
        return bytes(read[:limit])

    def _check_encoding(self) -> None:
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding != "identity" and encoding not in self._encodings.lower():
            raise RefusedError("encoded", f"The host sent a body encoded by {encoding!r}, unasked.")
