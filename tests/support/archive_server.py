"""Files behind a real HTTP server on loopback that counts what it sends, can be slow, and can misbehave."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 64 << 10


@dataclass
class Request:
    """What one request asked for and got.

    Attributes:
        path: Without the first slash.
        start: First byte.
        end: Behind the last byte.
        sent: Bytes of the body that went into the socket.
        conditional: Its If-Range; empty without.
    """

    path: str
    start: int
    end: int
    conditional: str = ""
    sent: int = 0


@dataclass
class Shelf:
    """The files, how they are served, and what was asked for.

    Attributes:
        files: By path.
        etag: Of every file; a function that is asked each time; an empty one is not sent.
        ranges: Parts are given.
        size_known: Content-Range and Content-Length say the file's size.
        refuse: Given the request's number, from 0, a status to answer with instead; 0 for none.
        cut: Given the request's number and its part's length, after how many bytes the connection is reset;
            ``None`` for never.
        pace: Seconds between two blocks.
    """

    files: dict[str, bytes]
    etag: Callable[[], str] = lambda: '"one"'
    ranges: bool = True
    size_known: bool = True
    refuse: Callable[[int], int] = lambda _: 0
    cut: Callable[[int, int], int | None] = lambda _number, _length: None
    pace: float = 0.0
    address: str = ""
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        """Bytes of bodies that went out."""
        return sum(request.sent for request in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def handle(self) -> None:
        with suppress(ConnectionError):  # the other side hung up
            super().handle()

    def do_GET(self) -> None:
        shelf: Shelf = self.server.shelf
        path = self.path.removeprefix("/")
        content = shelf.files.get(path)
        with shelf.lock:
            number = len(shelf.requests)
            shelf.requests.append(Request(path, 0, 0, self.headers.get("If-Range", "")))
        status = shelf.refuse(number) or (404 if content is None else 0)
        if status:
            self._head(status, {"Content-Length": "0"})
            return
        assert content is not None
        self._give(content, shelf, number)

    def _give(self, content: bytes, shelf: Shelf, number: int) -> None:
        request, size, etag = shelf.requests[number], len(content), shelf.etag()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        headers = {"ETag": etag} if etag else {}
        known = str(size) if shelf.size_known else "*"
        if asked and shelf.ranges and request.conditional in {"", etag}:
            request.start, request.end = int(asked[1]), min(size, int(asked[2] or size) + 1)
            if request.start >= size:
                self._head(416, headers | {"Content-Range": f"bytes */{known}", "Content-Length": "0"})
                return
            headers["Content-Range"] = f"bytes {request.start}-{request.end - 1}/{known}"
            headers["Content-Length"] = str(request.end - request.start)
            self._head(206, headers)
        else:
            request.end = size
            if shelf.size_known:
                headers["Content-Length"] = known
            else:
                self.close_connection = True
            self._head(200, headers)
        self._body(memoryview(content)[request.start : request.end], request, shelf, number)

    def _body(self, part: memoryview, request: Request, shelf: Shelf, number: int) -> None:
        limit = shelf.cut(number, len(part))
        left = part if limit is None else part[:limit]
        try:
            while left:
                # Counted before: whoever has the last byte must find it counted.
                request.sent += len(block := left[:BLOCK])
                size = self.connection.send(block)
                request.sent -= len(block) - size
                left = left[size:]
                if shelf.pace:
                    time.sleep(shelf.pace)
        except OSError:  # the other side had enough
            self.close_connection = True
        if limit is not None:
            # A reset, as a router that forgets a connection sends it.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


class _Server(ThreadingHTTPServer):
    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        # What waits in here was sent and may never be read: little, so that counting says something.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * BLOCK)
        return connection, address

    def handle_error(self, request: object, address: object) -> None:
        """Be silent: resetting a connection makes its handler fail."""


@contextmanager
def shelf(files: Mapping[str, bytes]) -> Iterator[Shelf]:
    """Serve files until the block ends."""
    served = Shelf(dict(files))
    server = _Server(("127.0.0.1", 0), _Handler)
    server.shelf = served
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
