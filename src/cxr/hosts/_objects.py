"""The objects of a bucket, by the object-store library: listed by prefixes side by side, opened at a byte.

The library tells what went wrong in words alone; what they mean is read here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain, pairwise
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import obstore
from obstore.exceptions import BaseError, GenericError, PreconditionError

from cxr.http import RefusedError, RequestError, TransientError
from cxr.model import Remote
from cxr.stores.bucket_errors import unlistable

if TYPE_CHECKING:
    from obstore import GetResult, ListResult, ObjectMeta
    from obstore.store import ObjectStore

_CHUNK: Final = 1000  # entries; one page of a listing
_BLOCK: Final = 1 << 18  # bytes
_SIDE_BY_SIDE: Final = 16
_ENOUGH: Final = 8  # prefixes; with fewer, the next level is looked at
_TOO_MANY: Final = 64  # each would cost a request of its own
_DEEPEST: Final = 8
_STATUS: Final = re.compile(r"status code: ([0-9]{3})\b")
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_HEX_MD5: Final = re.compile(r'"?([0-9a-f]{32})"?')
# Without credentials the library asks the machine's own cloud for some, at these addresses.
_NO_CREDENTIALS: Final = re.compile(
    r"(?i)credentials|service account|token request|//169\.254\.169\.254/|//metadata\.google\.internal/"
)
_AGAIN: Final = frozenset({408, 425, 429})
_BUSY: Final = frozenset({408, 429, 503, 504})


class Said(NamedTuple):
    """What a store answered instead of what was asked for.

    Attributes:
        status: The HTTP status; ``None`` where no answer came.
        code: The store's own word for it, such as ``UserProjectMissing``; empty where it has none.
        text: All it said. It may hold a signature and is for searching only.
    """

    status: int | None
    code: str
    text: str


Explain = Callable[[Said], str]
"""Says what an answer means at this host, as one or two sentences; empty for nothing more than the status."""


class ObjectContent(Iterator[bytes]):
    """Bytes of an object: see `cxr.hosts.Content`."""

    checksum = ""

    def __init__(self, blocks: Iterator[bytes], start: int, size: int | None, meta: tuple[str, str]) -> None:
        self._blocks = blocks
        self.start = start
        self.size = size
        self.name, self.validator = meta

    def __next__(self) -> bytes:
        return next(self._blocks)


class Objects:
    """What lies below one prefix of a bucket. Threads share it; it can be pickled.

    Args:
        make: Gives the object-store library's client, which keeps to that prefix; called once a process.
        explain: What an answer means at this host.
    """

    def __init__(self, make: Callable[[], "ObjectStore"], explain: Explain) -> None:
        self._make = make
        self._explain = explain
        self._made: ObjectStore | None = None
        self._making = Lock()
        self._closed = Event()

    def __reduce__(self) -> tuple[object, ...]:
        return Objects, (self._make, self._explain)

    def ask(self, what: str) -> None:
        """Ask for the first page of the listing, to see whether it is given.

        Raises:
            RequestError: it is not.
        """
        with self._told(what):
            next(iter(obstore.list(self._store, chunk_size=1)), None)

    def listing(self, what: str, *, md5: bool) -> Iterator[Remote]:
        """Yield each object once, sorted by path; prefixes that stand beside each other are asked together.

        Args:
            what: Whose listing it is, as the beginning of a sentence.
            md5: The ETag in this store's listings is the MD5, where it looks like one.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        with self._told(what), ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            parts = sorted(_spread(self._level), key=lambda part: part.name)
            below = partial(self._below, md5=md5)
            listed = pool.map(
                lambda part: [_remote(part.meta, md5=md5)] if part.meta else below(part.name), parts
            )
            yield from _without_folders(chain.from_iterable(listed))

    @contextmanager
    def open(
        self, path: str, start: int, end: int | None, validator: str, what: str
    ) -> Iterator[ObjectContent]:
        """Open an object; see `cxr.hosts.Host.open`.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        if "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
            raise RefusedError("http_404", f"{what}: there is no such object.", status=404)
        name = path.rpartition("/")[2]
        if end is not None and end <= start:
            yield ObjectContent(iter(()), start, None, (name, ""))
            return
        with self._told(what):  # not around the yield: what the caller's own work raises is no answer
            found = self._get(path, start, end, validator)
        if isinstance(found, int):
            yield ObjectContent(iter(()), start, found, (name, ""))
            return
        first, behind = found.range
        tag = found.meta["e_tag"] or ""
        blocks = self._blocks(found, behind - first, what)
        meta = (name, tag if tag.startswith('"') else "")
        yield ObjectContent(blocks, first, found.meta["size"], meta)

    def close(self) -> None:
        """Let nobody read on. A read that waits for bytes ends with the next ones, or when they stall."""
        self._closed.set()

    def _get(self, path: str, start: int, end: int | None, validator: str) -> "GetResult | int":
        """Return the bytes wanted, or all of what is another object by now; its size where there are none."""
        self._check()
        options: dict[str, Any] = {}
        if start or end is not None:
            options["range"] = {"offset": start} if end is None else (start, end)
        if start and validator:
            options["if_match"] = validator
        try:
            return obstore.get(self._store, path, options=cast(Any, options))
        except PreconditionError:
            return obstore.get(self._store, path)
        except GenericError as error:
            if said(error).status != 416:
                raise
        return obstore.head(self._store, path)["size"]

    def _level(self, prefix: str) -> "ListResult[Any]":
        self._check()
        return obstore.list_with_delimiter(self._store, prefix or None)

    def _below(self, prefix: str, *, md5: bool) -> list[Remote]:
        found: list[Remote] = []  # a third of the library's own entries, of which there may be a million
        for page in obstore.list(self._store, prefix or None, chunk_size=_CHUNK):
            self._check()
            found.extend(_remote(meta, md5=md5) for meta in page)
        return found

    def _blocks(self, found: "GetResult", length: int, what: str) -> Iterator[bytes]:
        left, rest = length, b""
        with self._told(what):
            for chunk in found.stream(min_chunk_size=_BLOCK):
                self._check()
                data = rest + bytes(chunk)
                left -= len(data) - len(rest)
                whole = len(data) // _BLOCK * _BLOCK
                yield from (data[start : start + _BLOCK] for start in range(0, whole, _BLOCK))
                rest = data[whole:]
            if rest:
                yield rest
            if left:
                raise TransientError("cut_short", f"{what}: {left:,} of {length:,} bytes did not come.")

    @property
    def _store(self) -> "ObjectStore":
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _check(self) -> None:
        if self._closed.is_set():
            raise TransientError("closed", "The connection was closed.")

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise error_of(said(error), what, self._explain) from None  # its text may hold a signature


def said(error: Exception) -> Said:
    """Return what the object-store library's error says of the answer."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    return Said(int(status[1]) if status else None, code[1] if code else "", text)


def error_of(answer: Said, what: str, explain: Explain) -> RequestError:
    """Return the error that an answer amounts to.

    Args:
        answer: What came.
        what: What was asked for, as the beginning of a sentence.
        explain: What it means at this host.
    """
    status = answer.status
    if status is None:
        if key := unlistable(answer.text):
            return RefusedError(
                "unlistable",
                f"{what}: {key} has an empty segment (//), `.` or `..` in its name and cannot be listed. "
                "Remove or rename what is called so, or choose a narrower prefix that leaves it out.",
            )
        if "certificate" in answer.text.lower():
            return RefusedError("certificate", f"{what}: the server's certificate is not trusted.")
        if _NO_CREDENTIALS.search(answer.text):
            return RefusedError(
                "credentials", f"{what}: the credentials cannot be used. {explain(answer)}".strip()
            )
        late = "timed out" in answer.text.lower() or "timeout" in answer.text.lower()
        why = "nothing came in time" if late else "the connection failed"
        return TransientError("timeout" if late else "connection", f"{what}: {why}.", throttled=late)
    named = f" {answer.code}" if answer.code else ""
    meaning = explain(answer)
    reason = f"{what}: the store answered {status}{named}.{' ' if meaning else ''}{meaning}"
    if status in _AGAIN or status >= 500:
        return TransientError(f"http_{status}", reason, status=status, throttled=status in _BUSY)
    return RefusedError(f"http_{status}", reason, status=status)


class _Part(NamedTuple):
    """A prefix, ending with a slash, or an object that stands beside such."""

    name: str
    meta: "ObjectMeta | None" = None


def _spread(level: "Callable[[str], ListResult[Any]]") -> "list[_Part]":
    """Return prefixes and objects that together are all, with enough prefixes to be asked side by side."""
    objects: list[_Part] = []
    prefixes, looked_at = [""], 0
    while len(prefixes) < _ENOUGH and looked_at < _DEEPEST and prefixes:
        below: list[str] = []
        beside: list[_Part] = []
        for prefix in prefixes:
            found = level(prefix)
            below += [f"{one}/" for one in found["common_prefixes"]]
            beside += [_Part(one["path"], one) for one in found["objects"]]
        if len(below) > _TOO_MANY:
            break
        objects += beside
        prefixes, looked_at = below, looked_at + 1
    return [*objects, *(_Part(prefix) for prefix in prefixes)]


def _remote(meta: "ObjectMeta", *, md5: bool) -> Remote:
    digest = _HEX_MD5.fullmatch(meta["e_tag"] or "") if md5 else None
    return Remote(meta["path"], meta["size"], f"md5:{digest[1]}" if digest else "")


def _without_folders(found: Iterable[Remote]) -> Iterator[Remote]:
    """Leave out the empty objects that consoles make to show a folder, which stand before what it holds."""
    last = None
    for one, following in pairwise(chain(found, [None])):
        assert one is not None
        is_folder = one.size == 0 and following is not None and following.path.startswith(f"{one.path}/")
        if not is_folder and one.path != last:
            yield one
            last = one.path
