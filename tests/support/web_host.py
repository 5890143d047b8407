"""Plain URLs as a host: what the engine is tried and timed on where no particular service is meant."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

from cxr.hosts import Access, Speed
from cxr.http import Answer, Client, HttpSettings, TransientError
from cxr.http.status import error_for
from cxr.model import Remote


class WebContent:
    """The bytes of one answer, from byte `start` of the file on."""

    def __init__(self, answer: Answer, start: int, size: int | None, name: str) -> None:
        self._blocks = answer.blocks()
        self.start = start
        self.size = size
        self.validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        self.checksum = ""
        self.name = name

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def __next__(self) -> bytes:
        return next(self._blocks)


class WebHost:
    """Files below one address.

    Args:
        base: The address, without a slash at its end.
        files: What is there.
        settings: Time-outs and name.
        ceiling: Connections it takes at most.
    """

    key = "web"
    speed: Speed | None = None
    archives = ()

    def __init__(
        self,
        base: str,
        files: Iterable[Remote] = (),
        settings: HttpSettings | None = None,
        *,
        ceiling: int = 16,
    ) -> None:
        self.ceiling = ceiling
        self._base = base
        self._files = tuple(sorted(files, key=lambda remote: remote.path))
        self._client = Client(settings or HttpSettings())

    def check_access(self) -> Access:
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        yield from self._files

    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> AbstractContextManager[WebContent]:
        return self._open(remote, start, end, validator)

    @contextmanager
    def _open(self, remote: Remote, start: int, end: int | None, validator: str) -> Iterator[WebContent]:
        headers = {}
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
            if validator:
                headers["If-Range"] = validator
        with self._client.open(self.url(remote), headers=headers) as answer:
            if answer.status == 416:
                yield WebContent(_Nothing(answer), start, None, remote.path)
                return
            if answer.status not in {200, 206}:
                raise error_for(answer, remote.path)
            first, size = _range(answer)
            if first not in {0, start}:
                raise TransientError("wrong_range", f"{remote.path}: other bytes came than were asked for")
            yield WebContent(answer, first, size, remote.path)

    def url(self, remote: Remote) -> str:
        return f"{self._base}/{quote(remote.path)}"

    def local_path(self, remote: Remote) -> Path | None:
        return None

    def close(self) -> None:
        self._client.close()


class _Nothing:
    """An answer whose body does not count."""

    def __init__(self, answer: Answer) -> None:
        self.headers = answer.headers

    def blocks(self) -> Iterator[bytes]:
        return iter(())


def _range(answer: Answer) -> tuple[int, int | None]:
    """Return the first byte's position and the whole file's size."""
    if answer.status == 200:
        length = answer.headers.get("Content-Length")
        return 0, int(length) if length else None
    where, _, total = answer.headers["Content-Range"].removeprefix("bytes ").partition("/")
    return int(where.partition("-")[0]), None if total == "*" else int(total)
