"""A part of a file over HTTP: how it is asked for, and what the answer means.

Answers are judged here, since servers keep to RFC 9110, section 14, more or less: some ignore Range, some
ignore If-Range.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from cxr.http import Answer, RefusedError, RequestError, TransientError
from cxr.http.ranges import parse_content_range
from cxr.http.status import error_for

Refused = Callable[[Answer, str], RequestError]

_NOTHING: Final = re.compile(r"(?i)bytes[ \t]+\*/([0-9]{1,19})")
_MD5_BYTES: Final = 16


class Opener(Protocol):
    """Who can ask: `cxr.http.Client`, or another program that it was left to."""

    def open(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Answer]:
        """Ask, and give the answer, whatever its status; redirects are followed."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of a file are wanted.

    Attributes:
        start: The first.
        end: The one to stop before; ``None`` for all.
        validator: What `cxr.hosts.Content.validator` said of the bytes before ``start``; empty for none.
    """

    start: int = 0
    end: int | None = None
    validator: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What asks for it; nothing where that is the whole file."""
        if self.start == 0 and self.end is None:
            return {}
        asked = {"Range": f"bytes={self.start}-{'' if self.end is None else self.end - 1}"}
        return asked | ({"If-Range": self.validator} if self.validator else {})


@dataclass(frozen=True, slots=True)
class Extent:
    """Which bytes of a file an answer gives.

    Attributes:
        start: The first.
        length: How many; ``None`` where only the end of the body tells.
        size: The whole file's size; ``None`` where nobody says.
    """

    start: int
    length: int | None
    size: int | None


class WebContent(Iterator[bytes]):
    """Bytes of a file, with what its headers say: see `cxr.hosts.Content`.

    Attributes:
        media_type: Such as ``text/html``; empty where the answer names none.
        address: Where it finally came from. It may hold a signature.
    """

    def __init__(
        self, blocks: Iterator[bytes], extent: Extent, headers: Mapping[str, str], address: str
    ) -> None:
        self._blocks = blocks
        self.start = extent.start
        self.size = extent.size
        self.validator = _validator(headers)
        self.checksum = _checksum(headers)
        self.media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.address = address
        self.name = unquote(urlsplit(address).path.rpartition("/")[2])

    def __next__(self) -> bytes:
        return next(self._blocks)

    def peek(self, size: int) -> bytes:
        """Return the first ``size`` bytes, fewer where there are not so many. They still come."""
        seen: list[bytes] = []
        while sum(map(len, seen)) < size and (block := next(self._blocks, b"")):
            seen.append(block)
        self._blocks = chain(seen, self._blocks)
        return b"".join(seen)[:size]

    def holding(self, blocks: Iterator[bytes], extent: Extent, name: str) -> "WebContent":
        """Return bytes that were made of these, under another name. Nobody publishes their checksum."""
        inner = WebContent(blocks, extent, {}, self.address)
        inner.validator = self.validator
        inner.name = name
        return inner


@contextmanager
def open_part(
    client: Opener, url: str, part: Part, *, what: str, refused: Refused = error_for
) -> Iterator[WebContent]:
    """Ask an address for a part of its file.

    Args:
        client: Who asks.
        url: The address.
        part: What is wanted.
        what: The file and host for people, as the beginning of a sentence.
        refused: Makes an error of an answer with a status of 400 or above.

    Raises:
        TransientError: trying again may help.
        RefusedError: trying again cannot help.
    """
    if part.end is not None and part.end <= part.start:
        yield WebContent(iter(()), Extent(part.start, 0, None), {}, url)
        return
    with ExitStack() as stack:
        answer = stack.enter_context(client.open(url, headers=part.headers))
        if part.start and answer.status != 200 and _is_another(answer.headers, part.validator):
            stack.close()
            part = Part()
            answer = stack.enter_context(client.open(url))
        extent = extent_of(answer, part, what, refused)
        blocks = answer.blocks() if extent.length is None else _exactly(answer.blocks(), extent.length, what)
        if answer.status == 416:  # its body, where it has one, is a page about the error
            blocks = iter(())
        yield WebContent(blocks, extent, answer.headers, answer.url)


def extent_of(answer: Answer, part: Part, what: str, refused: Refused = error_for) -> Extent:
    """Return which bytes an answer gives.

    Raises:
        TransientError: they are others than those that were asked for, or the status says so.
        RefusedError: the status says so.
    """
    said = answer.headers.get("Content-Range", "").strip()
    if answer.status == 200:
        size = _number(answer.headers.get("Content-Length", ""))
        return Extent(0, size, size)
    if answer.status == 206 and (extent := _extent_given(said, part)) is not None:
        return extent
    if answer.status == 416 and (extent := _extent_of_nothing(said, part)) is not None:
        return extent
    if answer.status in {206, 416}:
        asked = part.headers.get("Range", "the whole file")
        raise TransientError(
            "wrong_range", f"{what}: asked for {asked}, the host answered {said!r}.", status=answer.status
        )
    if answer.status >= 400:
        raise refused(answer, what)
    raise RefusedError(
        f"http_{answer.status}",
        f"{what}: the host answered with HTTP status {answer.status} and without a file.",
        status=answer.status,
    )


def _extent_given(said: str, part: Part) -> Extent | None:
    """Read ``bytes 10-19/100``, where it is what was asked for."""
    found = parse_content_range(said)
    if found is None or not part.headers:
        return None
    start, end, size = found
    ends = [one for one in (part.end, size) if one is not None]
    if start != part.start or (ends and end != min(ends)):
        return None
    return Extent(start, end - start, size)


def _extent_of_nothing(said: str, part: Part) -> Extent | None:
    """Read ``bytes */100``, where the file has nothing of what was asked for. Some servers leave it out."""
    found = _NOTHING.fullmatch(said)
    size = int(found[1]) if found else None
    if not part.headers or (size is not None and part.start < size):
        return None
    return Extent(part.start, 0, size)


def _exactly(blocks: Iterator[bytes], length: int, what: str) -> Iterator[bytes]:
    left = length
    for block in blocks:
        left -= len(block)
        if left < 0:
            raise TransientError("wrong_range", f"{what}: more bytes came than were announced.")
        yield block
    if left:
        raise TransientError("cut_short", f"{what}: {left:,} of {length:,} bytes did not come.")


def _is_another(headers: Mapping[str, str], validator: str) -> bool:
    """Whether the file changed, for servers that give a part of it in spite of If-Range."""
    now = headers.get("ETag" if validator.startswith('"') else "Last-Modified", "").strip()
    return bool(validator and now) and now.removeprefix("W/") != validator


def _validator(headers: Mapping[str, str]) -> str:
    tag = headers.get("ETag", "").strip()
    return tag if tag.startswith('"') else headers.get("Last-Modified", "").strip()


def _checksum(headers: Mapping[str, str]) -> str:
    """Read ``x-goog-hash: crc32c=<base64>,md5=<base64>``, which is of the whole file for parts, too."""
    pairs = (one.strip().partition("=") for one in headers.get("x-goog-hash", "").split(","))
    said = {name.lower(): value for name, _, value in pairs}
    try:
        digest = base64.b64decode(said.get("md5", ""), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) == _MD5_BYTES:
        return f"md5:{digest.hex()}"
    return f"crc32c:{said['crc32c']}" if said.get("crc32c") else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
