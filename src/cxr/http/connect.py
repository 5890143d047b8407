"""A connection to a host, through a proxy where there is one, encrypted where the address says so."""

import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cxr.http.address import Origin
from cxr.http.errors import RefusedError, RequestError, TransientError
from cxr.http.headers import written
from cxr.http.proxies import Proxy
from cxr.http.sockets import Sockets, closed
from cxr.http.wire import Wire

# Seconds for each step: the connection, the proxy's answer, the handshake.
STEP_TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached.

    Attributes:
        origin: Whom to reach.
        proxy: What stands between, and carries the connection on; ``None`` where nothing does.
        trust: Gives how connections are encrypted; called only where one is.
    """

    origin: Origin
    proxy: Proxy | None
    trust: Callable[[], ssl.SSLContext]


def connect(route: Route, sockets: Sockets) -> Wire:
    """Return a connection over which requests can go out at once.

    Raises:
        TransientError: the host or the proxy is not there, or not now.
        RefusedError: the host's certificate is not to be trusted, or the proxy does not let us through.
    """
    origin, proxy = route.origin, route.proxy
    if proxy is None:
        sock = _dial(origin.host, origin.port, origin.authority, sockets)
    else:
        sock = _dial(proxy.host, proxy.port, proxy.name, sockets)
    try:
        if proxy is not None:
            _tunnel(sock, origin, proxy, sockets)
        if origin.scheme == "https":
            sock = _encrypted(sock, origin.host, route.trust(), sockets)
    except BaseException:
        sockets.close(sock)
        raise
    return Wire(sock, sockets, origin.name)


def _dial(host: str, port: int, name: str, sockets: Sockets) -> socket.socket:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # Without a network this is what a name gives that is there, so it is worth another try.
        reason = f"The name of {name} is not known: {getattr(error, 'strerror', None) or error}."
        raise TransientError("name", reason) from error
    failure = TransientError("connection", f"There is no way to {name}.")
    for family, kind, protocol, _, place in places:
        try:
            return _reach(socket.socket(family, kind, protocol), place, sockets)
        except RequestError:
            raise
        except TimeoutError:
            reason = f"There was no connection to {name} within {STEP_TIMEOUT:g} seconds."
            failure = TransientError("connect_timeout", reason, throttled=True)
        except OSError as error:
            reason = f"There is no connection to {name}: {error.strerror or os.strerror(error.errno or 0)}."
            failure = TransientError("connection", reason)
    raise failure


def _reach(sock: socket.socket, place: tuple[Any, ...], sockets: Sockets) -> socket.socket:
    sockets.add(sock)
    try:
        sock.settimeout(STEP_TIMEOUT)
        sock.connect(place)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        sockets.close(sock)
        if sockets.is_cut:
            raise closed() from None
        raise
    return sock


def _tunnel(sock: socket.socket, origin: Origin, proxy: Proxy, sockets: Sockets) -> None:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    fields = {"Host": f"{host}:{origin.port}"}
    if proxy.authorization is not None:
        fields["Proxy-Authorization"] = proxy.authorization.reveal()
    request = f"CONNECT {host}:{origin.port} HTTP/1.1\r\n{written(fields)}\r\n".encode("latin-1")
    wire = Wire(sock, sockets, f"The proxy {proxy.host}:{proxy.port}")
    head = wire.ask(request, STEP_TIMEOUT)
    if 200 <= head.status < 300:
        if wire.buffered:
            raise TransientError("proxy", f"More than an answer came from {proxy.name}.")
        return
    raise _not_let_through(head.status, origin, proxy)


def _not_let_through(status: int, origin: Origin, proxy: Proxy) -> RequestError:
    code = f"proxy_{status}"
    if status == 407:
        reason = (
            f"A user and password, or others, are asked for by {proxy.name}. They stand in the variable "
            "between http:// and the proxy's name, as USER:PASSWORD@HOST:PORT."
        )
        return RefusedError(code, reason, status=status)
    reason = f"There is no way to {origin.host} through {proxy.name}: it answered {status}."
    if status >= 500 or status in {408, 429}:
        return TransientError(code, reason, status=status, throttled=status in {429, 503})
    return RefusedError(code, reason, status=status)


def _encrypted(plain: socket.socket, host: str, context: ssl.SSLContext, sockets: Sockets) -> ssl.SSLSocket:
    sock = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    sockets.add(sock)
    sockets.close(plain)  # it has handed its connection over
    try:
        sock.settimeout(STEP_TIMEOUT)
        sock.do_handshake()
    except OSError as error:
        sockets.close(sock)
        raise (closed() if sockets.is_cut else _no_handshake(error, host)) from error
    return sock


def _no_handshake(error: OSError, host: str) -> RequestError:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = (
            f"The certificate of {host} is not to be trusted: {error.verify_message}. Where your network "
            "opens encrypted connections, name the file of its authority in SSL_CERT_FILE."
        )
        return RefusedError("certificate", reason)
    if isinstance(error, TimeoutError):
        reason = f"{host} did not encrypt the connection within {STEP_TIMEOUT:g} seconds."
        return TransientError("connect_timeout", reason, throttled=True)
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return RefusedError("tls", f"{host} does not encrypt as cxr can: {error.reason or error.strerror}.")
    reason = f"The connection to {host} broke while it was being encrypted: {error.strerror or error}."
    return TransientError("connection", reason)
