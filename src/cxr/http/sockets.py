"""Every socket of a client, so that another thread can cut them all at once."""

import contextlib
import socket
import threading

from cxr.http.errors import TransientError


class Sockets:
    """The open sockets. They are closed here alone: a cut must not hit a number that is reused by now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cut = False

    @property
    def is_cut(self) -> bool:
        """They were cut, and no more are opened."""
        return self._cut

    def add(self, sock: socket.socket) -> None:
        """Count a socket among them.

        Raises:
            TransientError: they were cut; the socket is closed.
        """
        with self._lock:
            if not self._cut:
                self._open.add(sock)
                return
            sock.close()
        raise closed()

    def close(self, sock: socket.socket) -> None:
        """Close one."""
        with self._lock:
            self._open.discard(sock)
        sock.close()

    def cut(self) -> None:
        """End all connections from both sides: whoever waits for one wakes up. None is opened any more."""
        with self._lock:
            self._cut = True
            for sock in self._open:
                with contextlib.suppress(OSError):  # it was not connected yet, or is not any more
                    # Not SSLSocket's own, which would let a reader see what is still enciphered.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def closed() -> TransientError:
    """Return the error of whoever uses a connection that was cut."""
    return TransientError("closed", "The connection was closed because the run is being stopped.")
