"""One file behind a real HTTP server on loopback, with Range and If-Range, that counts and can misbehave."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is served, how, and what was asked for.

    Attributes:
        content: The file.
        etag: Its validator; empty for none.
        ranges: Asked at each request for a part whether it is given.
        spoil: Given the first byte's place and a part, returns what is sent instead. What is missing at its
            end was cut off: the announced length stays.
        asked: The bytes that each request got: first, and the one after the last.
        connections: How many there were.
    """

    content: bytes
    etag: str = '"one"'
    ranges: Callable[[], bool] = lambda: True
    spoil: Callable[[int, bytes], bytes] | None = None
    address: str = ""
    asked: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0

    @property
    def sent(self) -> int:
        """Bytes that went out."""
        return sum(end - start for start, end in self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def handle(self) -> None:
        self.server.served.connections += 1
        with suppress(ConnectionError):  # the other side hung up
            super().handle()

    def do_GET(self) -> None:
        served: Served = self.server.served
        size = len(served.content)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", served.etag) == served.etag
        if asked and same and served.ranges():
            start, end = int(asked[1]), min(size, int(asked[2] or size) + 1)
            if start >= size:
                self._answer(416, 0, {"Content-Range": f"bytes */{size}"})
                return
            served.asked.append((start, end))  # before the answer: whoever has it may look
            self._answer(206, end - start, {"Content-Range": f"bytes {start}-{end - 1}/{size}"})
        else:
            start, end = 0, size
            served.asked.append((start, end))
            self._answer(200, size, {})
        part = memoryview(served.content)[start:end]
        sent = served.spoil(start, bytes(part)) if served.spoil else part
        try:
            self.wfile.write(sent)
        except OSError:  # the other side had enough
            self.close_connection = True
        if len(sent) < len(part):
            self.close_connection = True

    def _answer(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(length)}).items():
            self.send_header(name, value)
        if self.server.served.etag:
            self.send_header("ETag", self.server.served.etag)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


@contextmanager
def serving(content: bytes) -> Iterator[Served]:
    """Serve a file at any path until the block ends."""
    served = Served(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.served = served
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
