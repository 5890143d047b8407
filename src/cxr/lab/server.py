"""An HTTP/1.1 server on 127.0.0.1 that sends replies, breaks them where they say so, and keeps accounts."""

import socket
import struct
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from cxr.errors import UsageError
from cxr.lab.exchange import Exchange, Reply, Request
from cxr.lab.sending import Sending
from cxr.lab.service import Service

HOST = "127.0.0.1"

_LARGEST_REQUEST = 1 << 20
# Without a bound the kernel takes megabytes off our hands for a client that has stopped reading, and they
# would be counted as sent.
_SEND_BUFFER = 128 << 10
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


def require_free(port: int) -> None:
    """Go on only where a server could take this port now.

    Raises:
        UsageError: it could not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise _unusable(port, error) from error


class Server:
    """One server; it runs from its making until `close`.

    Args:
        port: 0 for any that is free.
        service: What it does.

    Raises:
        UsageError: the port is taken.
    """

    def __init__(self, port: int, service: Service) -> None:
        self._http = _Http(port, service)
        self._thread = Thread(
            target=self._http.serve_forever, args=(0.05,), name=f"lab {service.name}", daemon=True
        )
        self._thread.start()

    @property
    def origin(self) -> str:
        """Where it is reached: ``http://127.0.0.1:7777``."""
        return self._http.origin

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._http.server_address[1])

    def close(self) -> None:
        """Stop at once: every connection is ended, and no thread is left."""
        self._http.service.closing.set()
        self._http.shutdown()
        self._http.end_connections()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self.broken: set[socket.socket] = set()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise _unusable(port, error) from error
        self.origin = f"http://{HOST}:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
            broken = request in self.broken
            self.broken.discard(request)
        if broken:
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            request.close()
        else:
            super().shutdown_request(request)

    def end_connections(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a connection that ended is nothing to tell of
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "cxr-lab"
    sys_version = ""
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's arguments
        """Say nothing: the accounts do."""

    def do_GET(self) -> None:
        """Answer a request."""
        service = self.server.service
        service.accounts.begin()
        exchange = None
        try:
            exchange = self._exchange(service)
        finally:
            service.accounts.end(exchange)

    def _exchange(self, service: Service) -> Exchange:
        request = self._request()
        service.closing.wait(service.pace.latency)
        reply = service.answer(request)
        sending = Sending(self.connection, request.path, reply, service)
        left = False
        try:
            self._send_head(reply)
            if self.command != "HEAD":
                sending.send()
        except ConnectionError:
            left = True
        if left or sending.ended:
            self.close_connection = True
        if sending.to_break:
            self.server.broken.add(self.connection)
        return _exchange(service.name, request, reply, sending, left=left)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        size = min(int(length), _LARGEST_REQUEST) if length.isdecimal() and len(length) < 10 else 0
        self.close_connection |= str(size) != length  # what follows would be taken for the next request
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size),
            origin=self.server.origin,
        )

    do_HEAD = do_POST = do_GET  # noqa: N815  names of the base class

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(reply.length))
        self.end_headers()


def _unusable(port: int, error: OSError | OverflowError) -> UsageError:
    return UsageError(
        f"Port {port} of {HOST} cannot be used: {getattr(error, 'strerror', None) or error}.",
        think="Another program, or another lab, may be using it.",
        next_step="End that one, or choose another port; 0 takes any that is free.",
    )


def _exchange(name: str, request: Request, reply: Reply, sending: Sending, *, left: bool) -> Exchange:
    return Exchange(
        server=name,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        status=reply.status,
        length=reply.length,
        sent=sending.sent,
        client_left=left,
        failure=reply.failure or (reply.fault.failure if reply.fault else ""),
    )
