"""One client for every host: it keeps connections alive, and credentials where they belong."""

import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cxr.http.address import Origin, parse
from cxr.http.answer import Answer
from cxr.http.body import Body
from cxr.http.connect import Route, connect
from cxr.http.errors import RefusedError, TransientError
from cxr.http.head import Head, framing
from cxr.http.headers import written
from cxr.http.idle import Idle
from cxr.http.proxies import Proxy, proxy_for
from cxr.http.request import Request, redirected
from cxr.http.settings import HttpSettings
from cxr.http.sockets import Sockets
from cxr.http.trust import tls_context
from cxr.http.wire import Wire
from cxr.secret import Secret


class Client:
    """Connections to hosts. Threads share it. It can be pickled, and then makes connections of its own.

    Proxies and authorities are those of the environment (`cxr.http.proxies`, `cxr.http.trust`).

    Args:
        settings: Time-outs and name.
        authorization: Origin, such as ``https://api.kaggle.com``, to the value of the Authorization header
            that is sent there and nowhere else.

    Raises:
        RefusedError: an origin is not an address that may be asked.
    """

    def __init__(
        self, settings: HttpSettings, authorization: Mapping[str, str | Secret] | None = None
    ) -> None:
        self._settings = settings
        self._authorization = {
            parse(origin).origin.name: value if isinstance(value, Secret) else Secret(value)
            for origin, value in (authorization or {}).items()
        }
        self._sockets = Sockets()
        self._idle = Idle()
        self._proxies: dict[str, Proxy | None] = {}
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._settings, self._authorization)

    @contextmanager
    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        follow: int = 5,
    ) -> Iterator[Answer]:
        """Ask, and give the answer, whatever its status; its body can be read until the context ends.

        Args:
            url: What to ask. http is for this machine alone.
            method: How.
            headers: What to send beside the client's own headers, or instead of them.
            body: What to send after them.
            follow: How many redirects are followed. With 0 the redirect itself is the answer.

        Raises:
            TransientError: there is no connection, or no answer in time.
            RefusedError: the address, a certificate, a proxy or a redirect is one that cannot be used.
        """
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(method, parse(url), lower, body)
        for _ in range(follow + 1):
            wire, head = self._ask(request)
            try:
                answer_body = Body(wire, framing(request.method, head), request.address.origin.name)
                following = redirected(request, head) if follow else None
                if following is None:
                    wire.patience(self._settings.stall_timeout)
                    encodings = lower.get("accept-encoding", "")
                    yield Answer(head, answer_body, request.address.url, encodings)
            except BaseException:
                wire.close()
                raise
            self._leave(request.address.origin, wire, answer_body)
            if following is None:
                return
            request = following
        raise RefusedError(
            "redirects", f"{request.address.origin.name} sends us on more than {follow} times."
        )

    def close(self) -> None:
        """Cut every open connection: who reads from one gets a TransientError at once. No other opens."""
        self._sockets.cut()
        self._idle.close()

    def _ask(self, request: Request) -> tuple[Wire, Head]:
        origin = request.address.origin
        wire = self._idle.take(origin.name)
        if wire is not None:
            try:
                return wire, self._exchange(wire, request)
            except TransientError as error:
                # The host had closed it between two requests: that says nothing of this one.
                stale = error.code == "connection" and wire.silent and request.repeatable
                if not stale:
                    raise
        wire = connect(Route(origin, self._proxy(origin), self._trust), self._sockets)
        return wire, self._exchange(wire, request)

    def _exchange(self, wire: Wire, request: Request) -> Head:
        try:
            return wire.ask(self._written(request), self._settings.answer_timeout)
        except BaseException:
            wire.close()
            raise

    def _leave(self, origin: Origin, wire: Wire, body: Body) -> None:
        if body.leaves_usable():
            self._idle.keep(origin.name, wire)
        else:
            wire.close()

    def _proxy(self, origin: Origin) -> Proxy | None:
        if origin.name not in self._proxies:
            self._proxies[origin.name] = proxy_for(origin, os.environ)
        return self._proxies[origin.name]

    def _trust(self) -> ssl.SSLContext:
        with self._tls_lock:
            if self._tls is None:
                self._tls = tls_context(os.environ)
            return self._tls

    def _written(self, request: Request) -> bytes:
        origin, body = request.address.origin, request.body
        fields = {
            "host": origin.authority,
            "user-agent": self._settings.user_agent,
            "accept": "*/*",
            "accept-encoding": "identity",
        }
        if (secret := self._authorization.get(origin.name)) is not None:
            fields["authorization"] = secret.reveal()
        if body is not None or request.method == "POST":
            fields["content-length"] = str(len(body or b""))
        headers = written(fields | dict(request.headers))
        head = f"{request.method} {request.address.target} HTTP/1.1\r\n{headers}\r\n"
        return head.encode("latin-1") + (body or b"")
