"""The body of an answer: whole or an error, in blocks that are worth hashing."""

import re
import time
from collections.abc import Iterator

from cxr.http.errors import TransientError
from cxr.http.head import Framing
from cxr.http.wire import MOST_HEAD, Wire

_BLOCK = 256 << 10
# Pieces of 16 KiB, as encryption makes them, cost more to hand on than to receive. So they are gathered, but
# not for longer than this many seconds: whoever shows progress wants to hear of them.
_HELD = 0.25
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class Body:
    """One body.

    Args:
        wire: Where it comes from.
        framing: Where it ends.
        origin: Who sends it, for sentences.
    """

    def __init__(self, wire: Wire, framing: Framing, origin: str) -> None:
        self._wire = wire
        self._framing = framing
        self._origin = origin
        self._left = framing.length
        self._pieces = self._received()
        self._blocks = _gathered(self._pieces)

    def blocks(self) -> Iterator[bytes]:
        """Yield it in blocks of 1 byte to 512 KiB.

        Raises:
            TransientError: it ended early, stalled or broke. What had come until then was yielded.
        """
        return self._blocks

    def pieces(self) -> Iterator[bytes]:
        """Yield it piece by piece as it comes, for whoever does not want all of it.

        Raises:
            TransientError: as for `blocks`.
        """
        return self._pieces

    def leaves_usable(self) -> bool:
        """Return whether the connection can be kept for another request.

        What nobody read is dropped where all of it is here already. To wait for the rest could take longer
        than a new connection.
        """
        if self._left and self._left == self._wire.buffered:
            self._wire.drop_buffered()
            self._left = 0
        return self._left == 0 and self._framing.reusable

    def _received(self) -> Iterator[bytes]:
        if self._framing.chunked:
            yield from self._chunks()
        elif self._framing.length is None:
            while piece := self._wire.some(_BLOCK):
                yield piece
        else:
            left = self._framing.length
            for piece in self._exactly(left):
                self._left = left = left - len(piece)
                yield piece
        self._left = 0

    def _exactly(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._wire.some(min(left, _BLOCK))
            if not piece:
                reason = f"{self._origin} ended the connection {left} bytes before the end of a body."
                raise TransientError("cut_short", reason)
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._exactly(size)
            if self._wire.line(2):
                raise self._malformed()
        read = 0
        while line := self._wire.line(MOST_HEAD):  # fields after the body: nobody uses them
            read += len(line)
            if read > MOST_HEAD:
                raise self._malformed()

    def _chunk_size(self) -> int:
        found = _CHUNK_SIZE.fullmatch(self._wire.line(MOST_HEAD))
        if found is None:
            raise self._malformed()
        return int(found[1], 16)

    def _malformed(self) -> TransientError:
        return TransientError("malformed", f"{self._origin} sent a body that cannot be read.")


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield small pieces joined, without waiting long for more; the last ones also where an error follows."""
    held: list[bytes] = []
    size, since = 0, 0.0
    try:
        for piece in pieces:
            now = time.monotonic()
            if not held:
                since = now
            held.append(piece)
            size += len(piece)
            if size >= _BLOCK or now - since > _HELD:
                yield _joined(held)
                held, size = [], 0
    except TransientError:
        if held:
            yield _joined(held)
        raise
    if held:
        yield _joined(held)


def _joined(pieces: list[bytes]) -> bytes:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
