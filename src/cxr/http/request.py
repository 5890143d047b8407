"""A request, and the one that follows where an answer sends it elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cxr.http.address import Address, resolve
from cxr.http.errors import RefusedError
from cxr.http.head import Head

_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
# What a caller may have sent for one origin alone, beside what the client itself keeps there.
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})
_OF_THE_BODY = frozenset({"content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and where.

    Attributes:
        method: In capitals.
        address: Where.
        headers: Those that the caller wants sent, by names in lower case.
        body: What is sent after them; ``None``: nothing.
    """

    method: str
    address: Address
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)

    @property
    def repeatable(self) -> bool:
        """To ask twice does what asking once does."""
        return self.method in {"GET", "HEAD"}


def redirected(request: Request, head: Head) -> Request | None:
    """Return the request that an answer asks us to make instead; ``None`` where it is no redirect.

    A POST that is sent on by 301, 302 or 303 becomes a GET, as everybody does it. Ranges and conditions stay.

    Raises:
        RefusedError: it leads nowhere, out of encryption, or would hand what we sent to somebody else.
    """
    if head.status not in _ELSEWHERE:
        return None
    before = request.address
    location = head.headers.get("location", "")
    if not location:
        raise RefusedError(
            "redirect", f"{before.origin.name} sends us elsewhere ({head.status}) but not where to."
        )
    after = resolve(before, location)
    if before.origin.scheme == "https" and after.origin.scheme != "https":
        raise RefusedError(
            "not_https", f"{before.origin.name} sends us to {after.origin.name}, out of encryption."
        )
    moved = after.origin != before.origin
    method, body, dropped = request.method, request.body, _PRIVATE if moved else frozenset()
    if (head.status == 303 and method != "HEAD") or (head.status in {301, 302} and method == "POST"):
        method, body, dropped = "GET", None, dropped | _OF_THE_BODY
    if moved and body:
        raise RefusedError(
            "redirect", f"{before.origin.name} wants what we sent it to go to {after.origin.name}, too."
        )
    headers = {name: value for name, value in request.headers.items() if name not in dropped}
    return Request(method, after, headers, body)
