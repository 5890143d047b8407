"""One client for every host: connections kept alive, redirects followed, credentials kept where they belong."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from cxr import __version__
from cxr.credentials.secret import Secret
from cxr.http.errors import RefusedError, TransientError

_BLOCK = 1 << 18
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How long to wait, and who we say we are.

    Attributes:
        answer_timeout: Seconds from the end of a request to the first byte of its answer.
        stall_timeout: Seconds without a byte after which a body has stalled.
        user_agent: What we call ourselves.
    """

    answer_timeout: float = 300.0
    stall_timeout: float = 60.0
    user_agent: str = f"cxr/{__version__}"


class Answer:
    """One answer, its body unread.

    Attributes:
        status: The HTTP status.
        headers: By name in any case; several lines of one name are joined by ``", "``.
        url: Where it finally came from. It may hold a signature: use `cxr.logs.public_url` to show it.
    """

    def __init__(self, response: http.client.HTTPResponse, url: str) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = url

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes, in blocks of 1 byte to 1 MiB.

        Raises:
            TransientError: no byte came for too long, the connection broke, or the body ended early.
        """
        try:
            while block := self._response.read(_BLOCK):
                yield block
        except (OSError, http.client.HTTPException) as error:
            raise TransientError("connection", "The connection broke.") from error
        if self._response.length:
            raise TransientError("cut_short", "The body ended early.")

    def read(self, limit: int) -> bytes:
        """Return at most the first ``limit`` bytes of the body."""
        return self._response.read(limit)


class Client:
    """Connections to hosts. Threads share it; it can be pickled.

    Args:
        settings: Time-outs and name.
        authorization: Origin, such as ``https://api.kaggle.com``, to the value of its Authorization header.
    """

    def __init__(
        self, settings: HttpSettings, authorization: Mapping[str, str | Secret] | None = None
    ) -> None:
        self._settings = settings
        self._authorization = dict(authorization or {})

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
        """Ask, follow redirects, and give the answer; its body is read while the context is open.

        Raises:
            TransientError: no connection, or no answer in time.
            RefusedError: a redirect that must not be followed.
        """
        for _ in range(follow + 1):
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            connection = kind(parts.netloc, timeout=self._settings.answer_timeout)
            try:
                sent = {"User-Agent": self._settings.user_agent, "Accept-Encoding": "identity"}
                if origin in self._authorization:
                    secret = self._authorization[origin]
                    sent["Authorization"] = secret.reveal() if isinstance(secret, Secret) else secret
                target = parts.path or "/"
                if parts.query:
                    target += f"?{parts.query}"
                try:
                    connection.request(method, target, body, sent | dict(headers or {}))
                    response = connection.getresponse()
                except (OSError, http.client.HTTPException) as error:
                    raise TransientError("connection", "There was no answer.") from error
                if response.status in _REDIRECTS and follow and response.headers.get("Location"):
                    url = urljoin(url, response.headers["Location"])
                    if response.status in {301, 302, 303} and method != "HEAD":
                        method, body = "GET", None
                    response.close()
                    continue
                yield Answer(response, url)
                response.close()
                return
            finally:
                connection.close()
        raise RefusedError("redirects", "The host sends us on and on.")

    def close(self) -> None:
        """Cut every open connection: whoever reads from one gets a TransientError at once."""
