"""The head of an answer: its status line and headers, and what they say of the body that follows.

http.client reads the same with the parser for mail, at twice the cost, and goes on where a line is no header:
what follows it is lost, a Content-Length perhaps. Here such a head is an error.
"""

import re
from dataclasses import dataclass

from cxr.http.errors import TransientError
from cxr.http.headers import Headers

MOST_LINES = 100
_STATUS = re.compile(r"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: .*)?")
_FIELD = re.compile(r"(?m)^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*)$")
# An old way to go on with a field's value in the next line.
_FOLD = re.compile(r"[ \t]*\n[ \t]+")
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a body.

    Attributes:
        status: The HTTP status.
        minor: The 1 of HTTP/1.1.
        headers: The fields.
    """

    status: int
    minor: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Framing:
    """Where a body ends.

    Attributes:
        length: Its bytes; ``None`` where it is chunked or goes on until the connection ends.
        chunked: It comes in chunks, the last of them empty.
        reusable: The connection may be used again after it.
    """

    length: int | None
    chunked: bool
    reusable: bool


def parse_head(block: bytes) -> Head:
    """Return the head of an answer.

    Args:
        block: Its bytes, without the empty line that ends it.

    Raises:
        TransientError: this is not HTTP, or has more than a hundred lines.
    """
    first, _, rest = block.decode("latin-1").replace("\r\n", "\n").partition("\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise _malformed("its first line is not one of HTTP/1")
    rest = _FOLD.sub(" ", rest)
    fields = _FIELD.findall(rest)
    lines = rest.count("\n") + 1 if rest else 0
    if len(fields) != lines:
        raise _malformed("one of its lines is no header")
    if lines > MOST_LINES:
        raise _malformed(f"it has more than {MOST_LINES} headers")
    return Head(
        int(status[2]), int(status[1]), Headers([(name, value.rstrip(" \t")) for name, value in fields])
    )


def framing(method: str, head: Head) -> Framing:
    """Return where the body of an answer to a request with that method ends (RFC 9112, section 6.3).

    Raises:
        TransientError: the head contradicts itself, or the body comes in a way that was not asked for.
    """
    kept = _kept_alive(head)
    if method == "HEAD" or head.status in _BODILESS:
        return Framing(0, chunked=False, reusable=kept)
    length = head.headers.get("content-length")
    coding = head.headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise _malformed("its body comes in a coding that was not asked for")
        return Framing(None, chunked=True, reusable=kept and length is None)
    if length is None:
        return Framing(None, chunked=False, reusable=False)
    said = {one.strip() for one in length.split(",")}
    number = said.pop()
    if said or not (number.isascii() and number.isdigit() and len(number) < 20):  # 2**63 has 19
        raise _malformed("its Content-Length is no length")
    return Framing(int(number), chunked=False, reusable=kept)


def _kept_alive(head: Head) -> bool:
    said = head.headers.get("connection", "").lower()
    return "keep-alive" in said if head.minor == 0 else "close" not in said


def _malformed(why: str) -> TransientError:
    return TransientError("malformed", f"An answer cannot be read: {why}.")
