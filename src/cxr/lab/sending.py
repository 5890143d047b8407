"""How a body goes out: whole and fast, at a pace, or broken off where the reply says so."""

import os
import socket
from collections.abc import Callable
from functools import partial

from cxr.lab.exchange import FilePart, Reply
from cxr.lab.service import Service

_CHUNK = 1 << 20


class Sending:
    """Sends one body over a connection, and breaks off where the reply says so."""

    def __init__(self, connection: socket.socket, path: str, reply: Reply, service: Service) -> None:
        self._connection = connection
        self._path = path
        self._reply = reply
        self._pace = service.pace
        self._accounts = service.accounts
        self._closing = service.closing
        self.sent = 0
        self.ended = False
        self.to_break = False

    def send(self) -> None:
        """Send the body.

        Raises:
            ConnectionError: the client left.
        """
        fault = self._reply.fault
        until = self._reply.length if fault is None else int(self._reply.length * fault.share)
        if isinstance(self._reply.body, FilePart):
            self._send_file(self._reply.body, until)
        else:
            self._send_bytes(self._reply.body, until)
        if fault is not None:
            if fault.kind == "stall":
                self._stall()
            self.ended = True
            self.to_break = fault.kind == "reset"

    def _send_bytes(self, body: bytes, until: int) -> None:
        view = memoryview(body)
        while (step := self._step(until)) > 0:
            piece = view[self.sent : self.sent + step]
            self._hand_over(step, partial(self._connection.send, piece))

    def _send_file(self, part: FilePart, until: int) -> None:
        with part.path.open("rb", buffering=0) as file:
            while (step := self._step(until)) > 0:
                place = part.start + self.sent
                source, target = file.fileno(), self._connection.fileno()
                self._hand_over(step, partial(os.sendfile, target, source, place, step))

    def _hand_over(self, step: int, send: Callable[[], int]) -> None:
        """Send up to ``step`` bytes; they are counted first, so that no client has more than was counted."""
        sent = 0
        self._accounts.moved(self._path, step)
        try:
            sent = send()
        finally:
            self._accounts.moved(self._path, sent - step)
            self.sent += sent
        if not sent:
            raise ConnectionAbortedError("nothing more can be sent")

    def _step(self, until: int) -> int:
        """Return how many bytes to send now; 0 at the end."""
        left = until - self.sent
        pace = self._pace.bytes_per_second
        if pace is None or left <= 0:
            return min(left, _CHUNK)
        step = min(left, max(1, int(pace / 20)))
        if self._closing.wait(step / pace):
            raise ConnectionAbortedError
        return step

    def _stall(self) -> None:
        """Hold the connection, and send nothing, until the client leaves or the time is over."""
        waited, each = 0.0, 0.05
        self._connection.settimeout(each)
        try:
            while waited < self._pace.stall and not self._closing.is_set():
                try:
                    if not self._connection.recv(1, socket.MSG_PEEK):
                        raise ConnectionAbortedError
                except TimeoutError:
                    waited += each
                else:
                    waited += each
                    self._closing.wait(each)
        finally:
            self._connection.settimeout(None)
