"""Files behind a real HTTP server on loopback, with Range and If-Range; any request can be made to fail."""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 16 << 10


@dataclass
class Request:
    """What a request asked for, and what it got.

    Attributes:
        number: From 0, over all paths.
        path: Without the first slash.
        start: First byte that was asked for.
        condition: Its If-Range.
        sent: Bytes of the body that were sent.
    """

    number: int
    path: str
    start: int
    condition: str
    sent: int = 0


@dataclass(frozen=True)
class Treatment:
    """What is done to a request.

    Attributes:
        status: Sent instead of the file; 0 for the file.
        headers: Sent beside the others.
        cut: The connection is reset after so many bytes of the body.
        stall: Nothing more is sent after so many bytes of it.
        whole: The whole file comes, whatever part was asked for.
        sized: The size is told.
        pause: Seconds before each block.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    whole: bool = False
    sized: bool = True
    pause: float = 0.0


@dataclass
class Served:
    """The files, and what was asked for.

    Attributes:
        files: By path.
        address: Where they are.
        etag: Of every file; empty for none.
        treat: What is done to each request.
        requests: In their order.
        ending: Set when the server goes down.
    """

    files: dict[str, bytes]
    address: str = ""
    etag: str = '"one"'
    treat: Callable[[Request], Treatment] = lambda _: Treatment()
    requests: list[Request] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        """Bytes of bodies that were sent."""
        return sum(request.sent for request in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def handle(self) -> None:
        with suppress(ConnectionError):  # the other side hung up
            super().handle()

    def do_GET(self) -> None:
        served: Served = self.server.served
        path = self.path.lstrip("/")
        part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        with served.lock:
            start = int(part[1]) if part else 0
            request = Request(len(served.requests), path, start, self.headers.get("If-Range", ""))
            served.requests.append(request)
        treatment = served.treat(request)
        content = served.files.get(path)
        if content is None or treatment.status:
            self._head(treatment.status or 404, 0, treatment.headers)
        elif start and not treatment.whole and request.condition in {"", served.etag}:
            self._give(request, treatment, content)
        else:
            request.start = 0
            self._give(request, treatment, content)

    def _give(self, request: Request, treatment: Treatment, content: bytes) -> None:
        start, size = request.start, len(content)
        if start >= size:
            self._head(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        told = {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        if treatment.sized:
            self._head(206 if start else 200, size - start, {**told, **treatment.headers})
        else:
            self.close_connection = True
            self._head(206 if start else 200, None, {**treatment.headers, "Connection": "close"})
        try:
            self._send(request, treatment, memoryview(content)[start:])
        except OSError:  # the other side had enough
            self.close_connection = True

    def _send(self, request: Request, treatment: Treatment, body: memoryview) -> None:
        served: Served = self.server.served
        end = min(limit for limit in (treatment.cut, treatment.stall, len(body)) if limit is not None)
        while request.sent < end:
            if treatment.pause:
                served.ending.wait(treatment.pause)
            block = body[request.sent : min(end, request.sent + BLOCK)]
            self.wfile.write(block)
            request.sent += len(block)
        if end < len(body) and treatment.stall is not None:
            served.ending.wait(10)
        if end < len(body):
            self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _head(self, status: int, length: int | None, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.server.served.etag:
            self.send_header("ETag", self.server.served.etag)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False  # so that the end of the server waits for them

    def __init__(self, served: Served) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served = served
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket) -> None:
        self._open.discard(request)
        self.close_request(request)  # and no orderly end before it, so that a reset is one

    def hang_up(self) -> None:
        """End the connections that clients keep for later."""
        self.served.ending.set()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Served]:
    """Serve files until the block ends."""
    served = Served(dict(files))
    server = _Server(served)
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()


def png(size: int, seed: int = 0) -> bytes:
    """Return bytes with the beginning and the end of a PNG, and between them what depends on the seed."""
    head = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000100000001008000000003a98a05d")
    end = bytes.fromhex("0000000049454e44ae426082")
    filling = size - len(head) - len(end)
    step = seed % 250 + 1
    pattern = bytes(i * step % 251 for i in range(251))
    return head + (pattern * (filling // 251 + 1))[:filling] + end
