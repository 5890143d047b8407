"""HTTP requests by the standard library's client, which follows no redirect and tries nothing twice."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Said(NamedTuple):
    """An answer: its status, its headers (any case), its body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: object = None,
    *,
    timeout: float = 30,
) -> Said:
    """Ask over a connection of its own; a body is sent as JSON.

    Raises:
        http.client.IncompleteRead: the connection was closed before the last byte.
        ConnectionError: it was reset.
        TimeoutError: nothing came for that many seconds.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, None if body is None else json.dumps(body), dict(headers or {}))
        answer = connection.getresponse()
        return Said(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
