"""One connection: a request goes out, the head of its answer comes in, then its body in pieces."""

import re
import select
import socket
import ssl
import time

from cxr.http.errors import RequestError, TransientError
from cxr.http.head import Head, parse_head
from cxr.http.sockets import Sockets, closed

MOST_HEAD = 64 << 10
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
# One read of the socket: a record where it is enciphered, since more never comes at once.
_RECORD = 16 << 10
_MOST = 256 << 10
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """A connected socket, and what was read from it too far.

    Args:
        sock: The socket; it is among ``sockets``.
        sockets: Where it is closed.
        origin: Who is at the other end, for sentences.

    Attributes:
        silent: Nothing has come since the last request.
    """

    def __init__(self, sock: socket.socket, sockets: Sockets, origin: str) -> None:
        self._sock = sock
        self._sockets = sockets
        self._origin = origin
        self._buffer = b""
        self._at = 0  # what stands before is used up; to cut it off each time would copy the rest
        self._patience = 0.0
        # Waiting is done here: with a time-out of its own, a socket asks the system twice for each step, and
        # each time hands over Python's lock, which costs more than the step where many threads want it.
        sock.setblocking(False)
        self._incoming = select.poll()
        self._incoming.register(sock, select.POLLIN)
        self._most = _RECORD if isinstance(sock, ssl.SSLSocket) else _MOST
        self.silent = True

    @property
    def buffered(self) -> int:
        """How many bytes were read too far."""
        return len(self._buffer) - self._at

    @property
    def idle(self) -> bool:
        """Nothing waits to be read, not even the connection's end: another request may go out."""
        if self.buffered or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            return False
        return not self._incoming.poll(0)

    def ask(self, request: bytes, timeout: float) -> Head:
        """Send a request and return the head of its answer; what is only informational is passed over.

        Args:
            request: All its bytes.
            timeout: Seconds for all of it.

        Raises:
            TransientError: the connection broke, the answer did not come in time, or it is not HTTP.
        """
        self.silent = True
        deadline = time.monotonic() + timeout
        try:
            self._send(request, deadline)
            head = self._head(deadline)
            while head.status < 200:  # 100 Continue, 103 Early Hints
                head = self._head(deadline)
        except RequestError:
            raise
        except TimeoutError:
            reason = f"{self._origin} did not answer within {timeout:g} seconds."
            raise self._unless_cut(TransientError("no_answer", reason, throttled=True)) from None
        except OSError as error:
            raise self._broken(error) from error
        return head

    def patience(self, seconds: float) -> None:
        """Set how long the body may be silent."""
        self._patience = seconds

    def some(self, most: int) -> bytes:
        """Return at least one of the next bytes and at most ``most``; none where the connection has ended.

        Raises:
            TransientError: the connection broke, or nothing came for too long.
        """
        if self.buffered:
            start, self._at = self._at, min(self._at + most, len(self._buffer))
            return self._buffer[start : self._at]
        return self._more(most)

    def line(self, most: int) -> bytes:
        """Return the next line without its end, of at most so many bytes.

        Raises:
            TransientError: as for `some`; or the connection ended, or there is no line of at most that size.
        """
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            if self.buffered > most:
                raise self._unreadable()
            more = self._more(self._most)
            if not more:
                reason = f"{self._origin} ended the connection before the end of a body."
                raise TransientError("cut_short", reason)
            self._buffer, self._at = self._buffer[self._at :] + more, 0
        start, self._at = self._at, end + 1
        if end - start > most:
            raise self._unreadable()
        return self._buffer[start:end].removesuffix(b"\r")

    def drop_buffered(self) -> None:
        """Forget what was read too far, the end of a body that nobody wants."""
        self._buffer, self._at = b"", 0

    def close(self) -> None:
        """End the connection."""
        self._sockets.close(self._sock)

    def _head(self, deadline: float) -> Head:
        self._buffer, self._at = self._buffer[self._at :], 0
        while (end := _EMPTY_LINE.search(self._buffer, 0, MOST_HEAD)) is None:
            if len(self._buffer) >= MOST_HEAD:
                raise TransientError("malformed", f"{self._origin} sent more headers than cxr reads.")
            if not self._buffer:
                _wait(self._incoming, deadline)  # for an answer is never there at once
            more = self._received(MOST_HEAD, deadline)
            if not more:
                reason = f"{self._origin} closed the connection without an answer."
                raise self._unless_cut(TransientError("connection", reason))
            self.silent = False
            self._buffer += more
        self._at = end.end()
        return parse_head(self._buffer[: end.start()])

    def _more(self, most: int) -> bytes:
        try:
            return self._received(min(most, self._most), time.monotonic() + self._patience)
        except RequestError:
            raise
        except TimeoutError:
            reason = f"{self._origin} sent nothing for {self._patience:g} seconds."
            raise self._unless_cut(TransientError("stalled", reason, throttled=True)) from None
        except OSError as error:
            raise self._broken(error) from error

    def _send(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self._sock.send(left) :]
            except _NOT_YET:
                outgoing = select.poll()
                outgoing.register(self._sock, select.POLLOUT)
                _wait(outgoing, deadline)

    def _received(self, most: int, deadline: float) -> bytes:
        while True:
            try:
                received = self._sock.recv(most)
            except _NOT_YET:
                _wait(self._incoming, deadline)
                continue
            if self._sockets.is_cut:  # what came may be no more than the end
                raise closed()
            return received

    def _broken(self, error: OSError) -> TransientError:
        reason = f"The connection to {self._origin} broke: {error.strerror or error}."
        return self._unless_cut(TransientError("connection", reason))

    def _unreadable(self) -> TransientError:
        return TransientError("malformed", f"{self._origin} sent a body that cannot be read.")

    def _unless_cut(self, error: TransientError) -> TransientError:
        return closed() if self._sockets.is_cut else error


def _wait(event: select.poll, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not event.poll(left * 1000):
        raise TimeoutError
