"""Hosts that do exactly what a test writes down, on sockets of this machine."""

import contextlib
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import trustme

from cxr.http import Client, HttpSettings

QUICK = HttpSettings(answer_timeout=5.0, stall_timeout=5.0, user_agent="cxr/test")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass
class Asked:
    """A request as it arrived, and over which connection."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Server:
    """Answers the requests that arrive, in that order, each with one of its ``answers``.

    An answer is made of steps: bytes are sent; ``close`` ends the connection, ``reset`` tears it down,
    ``hold`` waits until the test ends, a function is called with the request and what it returns is sent.
    After the last answer, connections are closed without one.
    """

    answers: list
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listening = socket.create_server((self.host, 0), family=family)
        self.port = self._listening.getsockname()[1]
        self.ended = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._lock = threading.Lock()
        self._threads[0].start()

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listening.close()

    def _accept(self) -> None:
        number = 0
        while not self.ended.is_set():
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.append(sock)
                thread = threading.Thread(target=self._serve, args=(sock, number))
                self._threads.append(thread)
                thread.start()
            number += 1

    def _serve(self, plain: socket.socket, number: int) -> None:
        sock = plain
        with contextlib.suppress(OSError):
            if self.tls is not None:
                sock = self.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self._sockets.append(sock)
                sock.do_handshake()
            with sock.makefile("rb") as incoming:
                while (request := self._request(incoming, number)) is not None:
                    with self._lock:
                        self.asked.append(request)
                        answer = self.answers.pop(0) if self.answers else ["close"]
                    if not self._answer(sock, request, answer):
                        break
        with self._lock:
            sock.close()

    def _request(self, incoming, number: int) -> Asked | None:
        line = incoming.readline().decode().rstrip("\r\n")
        if not line:
            return None
        headers = {}
        while field_line := incoming.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = field_line.partition(": ")
            headers[name.lower()] = value
        return Asked(number, line, headers, incoming.read(int(headers.get("content-length", 0))))

    def _answer(self, sock: socket.socket, request: Asked, answer) -> bool:
        for step in answer if isinstance(answer, list) else [answer]:
            if step == "hold":
                self.ended.wait(30)
            elif step == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            elif step == "close":
                return False
            else:
                sock.sendall(step(request) if callable(step) else step)
        return True


@dataclass
class Tunnels:
    """A proxy that connects its clients to whomever they name, and remembers what they said."""

    status: str = "200 Connection established"
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listening.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1)
            self.asked.append(head.decode())
            client.sendall(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
            if not self.status.startswith("2"):
                return
            host, port = re.match(r"CONNECT \[?([^ \]]+)\]?:(\d+) ", head.decode()).groups()
            with socket.create_connection((host, int(port))) as server:
                self._pipe(client, server)

    def _pipe(self, one: socket.socket, other: socket.socket) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([one, other], [], [], 0.05)
            for sock in ready:
                if not (data := sock.recv(65536)):
                    return
                (other if sock is one else one).sendall(data)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Make servers: ``serve(answer, answer, ..., host=, tls=)``."""
    with contextlib.ExitStack() as stack:

        def make(*answers, **options) -> Server:
            server = Server(list(answers), **options)
            stack.callback(server.close)
            return server

        yield make


@pytest.fixture
def listen() -> Iterator[Callable[..., int]]:
    """Listen for one connection, hand it to a function, and return the port."""
    with contextlib.ExitStack() as stack:

        def make(handle: Callable[[socket.socket], None]) -> int:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listening.settimeout(10)

            def serve_one() -> None:
                with contextlib.suppress(OSError), listening.accept()[0] as sock:
                    sock.settimeout(10)
                    handle(sock)

            thread = threading.Thread(target=serve_one)
            stack.callback(thread.join, 20)
            thread.start()
            return listening.getsockname()[1]

        yield make


@pytest.fixture
def tunnels() -> Iterator[Tunnels]:
    """A proxy for encrypted connections; ``tunnels.status`` is what it answers."""
    with contextlib.closing(Tunnels()) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[Client]:
    with contextlib.closing(Client(QUICK)) as made:
        yield made


@pytest.fixture
def clients() -> Iterator[Callable[..., Client]]:
    """Make clients: ``clients(authorization, answer_timeout=, ...)``."""
    with contextlib.ExitStack() as stack:

        def make(authorization=None, **settings) -> Client:
            chosen = {"answer_timeout": 5.0, "stall_timeout": 5.0, **settings}
            made = Client(HttpSettings(**chosen), authorization)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that nobody believes yet."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """What a server on this machine encrypts with, certified by that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
