"""A web service on loopback whose every answer is a function of the request."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    """A request, its header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Told(NamedTuple):
    """An answer. Its Content-Length is the body's, where the headers do not say otherwise."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()


@dataclass
class Service:
    """What runs.

    Attributes:
        answer: Gives each request its answer; may be exchanged while it runs.
        origin: Where it is reached.
        asked: What came, in order.
    """

    answer: Callable[[Asked], Told]
    origin: str = ""
    asked: list[Asked] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self) -> None:
        service: Service = self.server.service
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        asked = Asked(self.command, parts.path, query, headers, body)
        service.asked.append(asked)
        told = service.answer(asked)
        self.send_response(told.status)
        sent = [("Connection", "close"), *told.headers]
        if not {"content-length", "transfer-encoding"} & {name.lower() for name, _ in sent}:
            sent.append(("Content-Length", str(len(told.body))))
        for name, value in sent:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b"" if self.command == "HEAD" else told.body)
        except OSError:  # the other side had enough
            return

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


@contextmanager
def serving(answer: Callable[[Asked], Told]) -> Iterator[Service]:
    """Serve until the block ends."""
    service = Service(answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.service = service
    service.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def part_of(asked: Asked, content: bytes, *, etag: str = '"one"') -> Told:
    """Answer for a file as Google's storage does: Range and If-Range are heeded."""
    headers = [("ETag", etag), ("Accept-Ranges", "bytes")]
    wanted = asked.headers.get("range", "")
    if not wanted or asked.headers.get("if-range", etag) != etag:
        return Told(200, content, headers)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(content)) + 1, len(content))
    if start >= len(content):
        return Told(416, b"", [*headers, ("Content-Range", f"bytes */{len(content)}")])
    part = ("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
    return Told(206, content[start:end], [*headers, part])
