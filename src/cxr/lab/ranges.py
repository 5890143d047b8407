"""Range and If-Range, RFC 9110 sections 13 and 14: which bytes of a file a request asks for."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_RANGE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)


class Span(NamedTuple):
    """What to send of a file.

    Attributes:
        status: 200 for the whole, 206 for a part, 416 where there is nothing at that place.
        start: First byte.
        end: Before this byte.
    """

    status: int
    start: int
    end: int


def span(headers: Mapping[str, str], size: int, validators: tuple[str, ...]) -> Span:
    """Return what a request asks for.

    Several ranges at once, and what is no range, give the whole file, as the standard allows.

    Args:
        headers: Of the request, names in lower case.
        size: Of the file.
        validators: What If-Range may name: the ETag, the date.
    """
    whole = Span(200, 0, size)
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", validators[0]) not in validators:
        return whole
    first, last = match.groups()
    if not first and not last:
        return whole
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return whole
    return Span(206, start, end) if start < end else Span(416, 0, 0)
