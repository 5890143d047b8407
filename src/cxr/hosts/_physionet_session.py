"""Requests to PhysioNet's own address, with the cookies that it set there.

It sets a test cookie where it asks for a password. Whoever returns it with the password gets a session, and
then the password is not verified for every request (sources of PhysioNet, 2024-10).
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from cxr.hosts._ranges import Opener
from cxr.http import Answer
from cxr.http.address import parse
from cxr.secret import Secret

# Several Set-Cookie lines are joined by commas, and a date in one of them has a comma, too.
_COOKIE: Final = re.compile(r"(?:^|,)\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^;,\s]*)")
_MOST: Final = 10
_LONGEST: Final = 4096  # characters: RFC 6265, section 6.1


class Cookies:
    """The cookies of one origin. Threads share them; another process goes on with those that are there."""

    def __init__(self, kept: Mapping[str, Secret] | None = None) -> None:
        self._kept = dict(kept or {})
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[object, ...]:
        return Cookies, (dict(self._kept),)

    def headers(self) -> dict[str, str]:
        """Return what sends them back; nothing where there are none."""
        with self._lock:
            value = "; ".join(f"{name}={secret.reveal()}" for name, secret in self._kept.items())
        return {"Cookie": value} if value else {}

    def take(self, headers: Mapping[str, str]) -> None:
        """Keep what an answer sets; an empty value takes a cookie back."""
        for name, value in _COOKIE.findall(headers.get("Set-Cookie", "")):
            if len(name) + len(value) > _LONGEST:
                continue
            with self._lock:
                self._kept.pop(name, None)
                if value.strip('"') and len(self._kept) < _MOST:
                    self._kept[name] = Secret(value)


class Session:
    """Asks, and returns to one origin the cookies that it sets.

    Args:
        opener: Who asks. It sends a Cookie header to no other origin where it is redirected.
        origin: The origin.
        cookies: Of that origin.
    """

    def __init__(self, opener: Opener, origin: str, cookies: Cookies) -> None:
        self._opener = opener
        self._origin = origin
        self._cookies = cookies

    @contextmanager
    def open(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Ask, and give the answer, whatever its status.

        Raises:
            RequestError: as whoever asks does.
        """
        here = parse(url).origin.name == self._origin
        sent = {**(headers or {}), **(self._cookies.headers() if here else {})}
        with self._opener.open(url, headers=sent) as answer:
            if parse(answer.url).origin.name == self._origin:
                self._cookies.take(answer.headers)
            yield answer
