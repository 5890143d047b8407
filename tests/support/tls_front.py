"""The lab behind TLS, with an authority of the tests' own, and a proxy that carries connections to it."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import trustme

_BLOCK = 1 << 16
_PATIENCE = 20.0  # seconds without a byte


class _Relay:
    """Takes connections on 127.0.0.1 and joins each with another one, until it is closed."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._start(self._accept)

    def opened(self, client: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        """Return the client's side as it is to be read, and the other side; ``None`` to hang up."""
        raise NotImplementedError

    def downstream(self, block: bytes) -> bytes:
        """Return what is passed to the client for what came from the other side."""
        return block

    def close(self) -> None:
        """End every connection and thread."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._start(self._carry, client)

    def _carry(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE)
        with self._lock:
            self._sockets.append(client)
        with ExitStack() as stack:
            stack.callback(client.close)
            with suppress(OSError):
                sides = self.opened(client)
                if sides is None:
                    return
                for side in sides:
                    stack.callback(side.close)
                    with self._lock:
                        self._sockets.append(side)
                back = threading.Thread(target=self._pipe, args=(sides[1], sides[0], self.downstream))
                back.start()
                self._pipe(sides[0], sides[1], bytes)
                back.join()

    def _pipe(self, one: socket.socket, other: socket.socket, change) -> None:
        with suppress(OSError, ValueError):  # ValueError: the other thread has closed it
            while block := one.recv(_BLOCK):
                other.sendall(change(block))
        for side in (one, other):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


class Front(_Relay):
    """TLS on this side, a plain server on the other, whose address is replaced where it names itself."""

    def __init__(self, context: ssl.SSLContext, origin: str) -> None:
        self._context = context
        self._port = int(origin.rpartition(":")[2])
        self.renamed: dict[bytes, bytes] = {}
        super().__init__()

    def opened(self, client: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        """Shake hands, and reach the server."""
        encrypted = self._context.wrap_socket(client, server_side=True)
        try:
            return encrypted, socket.create_connection(("127.0.0.1", self._port), _PATIENCE)
        except OSError:
            encrypted.close()
            raise

    def downstream(self, block: bytes) -> bytes:
        """Put the encrypted address in the place of the plain one in a redirect, whose head comes at once."""
        for plain, encrypted in self.renamed.items():
            block = block.replace(b"\r\nLocation: " + plain, b"\r\nLocation: " + encrypted)
        return block


class ConnectProxy(_Relay):
    """A proxy that knows CONNECT alone, as those of hospitals do for https."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wanted = ""  # Proxy-Authorization without which nobody is let through
        self.authorizations: set[str] = set()
        super().__init__()

    def opened(self, client: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        """Read the head of the request, and reach whom it names."""
        head = b""
        while b"\r\n\r\n" not in head:
            if not (block := client.recv(_BLOCK)):
                return None
            head += block
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        self.asked.append(f"{method} {target}")
        told = dict(line.split(": ", 1) for line in lines if ": " in line)
        self.authorizations.add(told.get("Proxy-Authorization", ""))
        if self.wanted not in ("", told.get("Proxy-Authorization")):
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return None
        if method != "CONNECT":
            client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return None
        server = socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])), _PATIENCE)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return client.dup(), server


@dataclass(frozen=True, slots=True)
class Encrypted:
    """The hosts of a lab as they are reached by https.

    Attributes:
        variables: Environment of a run that is to find them.
        authority: The certificate that vouches for them, as PEM.
        ports: Of the encrypted servers.
    """

    variables: Mapping[str, str]
    authority: bytes
    ports: frozenset[int] = field(default_factory=frozenset)


@contextmanager
def encrypted(lab) -> Iterator[Encrypted]:
    """Put TLS before each server of a lab."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    names = ("kaggle", "kaggle-storage", "box", "box-download")
    with ExitStack() as stack:
        fronts = {}
        for name in names:
            fronts[name] = Front(context, lab.origin(name))
            stack.callback(fronts[name].close)
        reached = {name: f"https://localhost:{front.port}" for name, front in fronts.items()}
        for front in fronts.values():
            front.renamed = {lab.origin(name).encode(): address.encode() for name, address in reached.items()}
        prefix = "CXR_SOURCES__HOSTS__"
        variables = {
            f"{prefix}KAGGLE__API": f"{reached['kaggle']}/v1",
            f"{prefix}KAGGLE__WEB": f"{reached['kaggle']}/api/v1",
            f"{prefix}BOX__SHARED": f"{reached['box']}/shared/static",
        }
        ports = frozenset(front.port for front in fronts.values())
        yield Encrypted(variables, authority.cert_pem.bytes(), ports)
