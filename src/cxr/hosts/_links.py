"""Addresses that a host lends for a while: kept as long as they work, asked for again once they do not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple

from cxr.hosts._ranges import WebContent
from cxr.http import RefusedError


class _Address(NamedTuple):
    url: str
    is_new: bool


class Links:
    """The addresses of one connection to a host. Threads share them; another process asks for its own."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}
        self._asking = threading.Lock()
        self._writing = threading.Lock()  # apart, so that nobody who has an address waits for one who asks

    def __reduce__(self) -> tuple[type["Links"], tuple[()]]:
        return Links, ()

    @contextmanager
    def open(
        self,
        path: str,
        ask: Callable[[], str],
        open_at: Callable[[str], AbstractContextManager[WebContent]],
        ran_out: Callable[[RefusedError], bool],
    ) -> Iterator[WebContent]:
        """Open a file where it was last, and once more at a new address where that one ran out.

        Args:
            path: The file.
            ask: Gets a new address. One thread at a time asks: hosts count such requests.
            open_at: Opens the file at an address.
            ran_out: Whether a refusal may only mean that the address is too old.

        Raises:
            RequestError: as ``ask`` and ``open_at`` do.
        """
        with ExitStack() as stack:
            address = self._get(path, ask)
            try:
                content = stack.enter_context(open_at(address.url))
            except RefusedError as error:
                if address.is_new or not ran_out(error):
                    raise
                self._forget(path, address.url)
                address = self._get(path, ask)
                content = stack.enter_context(open_at(address.url))
            self._moved(path, address.url, content.address)
            yield content

    def _get(self, path: str, ask: Callable[[], str]) -> _Address:
        if (kept := self._kept.get(path)) is not None:
            return _Address(kept, is_new=False)
        with self._asking:
            if (kept := self._kept.get(path)) is not None:
                return _Address(kept, is_new=False)
            self._kept[path] = ask()
            return _Address(self._kept[path], is_new=True)

    def _forget(self, path: str, url: str) -> None:
        with self._writing:
            if self._kept.get(path) == url:
                del self._kept[path]

    def _moved(self, path: str, url: str, now: str) -> None:
        with self._writing:
            if self._kept.get(path) == url:
                self._kept[path] = now
