"""A stored object over HTTP: whole or in part, with its validators."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from cxr.lab.exchange import FilePart, Reply, Request
from cxr.lab.packing import SECONDS
from cxr.lab.ranges import span

MODIFIED = formatdate(SECONDS, usegmt=True)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What lies at an address.

    Attributes:
        body: Its bytes, or where they are.
        headers: That go with it, whole or in part.
        etag: In quotes.
    """

    body: bytes | FilePart
    headers: Mapping[str, str]
    etag: str


def reply(request: Request, stored: StoredObject, *, ranges: bool = True) -> Reply:
    """Answer GET and HEAD.

    Args:
        request: With or without Range and If-Range.
        stored: What is there.
        ranges: Whether the host gives parts today.
    """
    size = Reply(200, body=stored.body).length
    asked = request.headers if ranges else {}
    status, start, end = span(asked, size, (stored.etag, MODIFIED))
    headers = {**stored.headers, "ETag": stored.etag, "Last-Modified": MODIFIED}
    if ranges:
        headers["Accept-Ranges"] = "bytes"
    if status == 416:
        return Reply(416, {"Content-Range": f"bytes */{size}", "Content-Type": "text/plain"}, b"")
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Reply(status, headers, _part(stored.body, start, end))


def _part(body: bytes | FilePart, start: int, end: int) -> bytes | FilePart:
    if isinstance(body, FilePart):
        return FilePart(body.path, body.start + start, body.start + end)
    return body[start:end]
