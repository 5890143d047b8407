"""The Content-Range header: which part of a file an answer holds."""

import re

_RANGE = re.compile(r"(?i)bytes[ \t]+([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)")


def parse_content_range(text: str) -> tuple[int, int, int | None] | None:
    """Return first byte, byte after the last, and the file's size where it is told (``*``: it is not).

    ``None`` where the text names no part, as in an answer of status 416, or contradicts itself.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    start, end = int(found[1]), int(found[2]) + 1
    total = None if found[3] == "*" else int(found[3])
    if start >= end or (total is not None and end > total):
        return None
    return start, end, total
