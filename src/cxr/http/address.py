"""Addresses that may be asked: https anywhere, http on this machine alone."""

import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

from cxr.http.errors import RefusedError

_PORTS = {"http": 80, "https": 443}
# What RFC 3986 gives a meaning to, and % itself: what is quoted already stays as it is, signatures above all.
_KEPT = "!#$%&'()*+,/:;=?@[]"
_LONGEST_LABEL = 63  # RFC 1035, section 2.3.4; a longer or an empty one is an error where names are encoded
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom we speak to, and what credentials belong to.

    Attributes:
        scheme: ``http`` or ``https``.
        host: Name or number, in lower case, an IPv6 number without brackets.
        port: TCP port.
        authority: Host and port as they stand in an address; the scheme's own port is left out.
        name: Scheme and authority.
    """

    scheme: str
    host: str
    port: int
    authority: str
    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes.

    Attributes:
        origin: To whom.
        target: Path and query. It may hold a signature, and so is not shown.
    """

    origin: Origin
    target: str = field(repr=False)

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin.name + self.target


def parse(url: str) -> Address:
    """Return the address that a URL names, without its fragment.

    Raises:
        RefusedError: it cannot be read, holds a password, or would send its bytes over a network in clear.
    """
    try:
        parts = urlsplit(quote(url, safe=_KEPT))
        origin = _origin(parts.scheme, parts.netloc)
    except ValueError:  # its text would quote the address
        raise RefusedError("address", "An address cannot be read as one.") from None
    target = parts.path or "/"
    return Address(origin, f"{target}?{parts.query}" if parts.query else target)


def resolve(base: Address, location: str) -> Address:
    """Return the address that a Location header names, seen from where it was sent.

    Args:
        base: Where the answer came from.
        location: The header, each of its bytes one character.

    Raises:
        RefusedError: as for `parse`.
    """
    # Some hosts write UTF-8 or spaces where they should be quoted.
    quoted = quote(location.encode("latin-1", "replace"), safe=_KEPT)
    try:
        return parse(urljoin(base.url, quoted))
    except ValueError:
        raise RefusedError(
            "address", f"{base.origin.name} sends us to an address that cannot be read."
        ) from None


def is_this_machine(host: str) -> bool:
    """Return whether a host name or number is this machine's loopback.

    A name below ``localhost`` is not: a DNS server may know it as another machine.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _origin(scheme: str, netloc: str) -> Origin:
    parts = urlsplit(f"//{netloc}")
    host, port = parts.hostname or "", parts.port
    if scheme not in _PORTS:
        raise RefusedError("address", f"An address begins with {scheme or 'no scheme'}: not http or https.")
    if parts.username is not None:
        raise RefusedError("address", "An address holds a user or password, which cxr never sends that way.")
    if not _is_host(host):
        raise RefusedError("address", "An address names no host that can be asked.")
    if not all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split(".")):
        raise RefusedError("name", "An address names a host by a name that none can have.")
    if scheme == "http" and not is_this_machine(host):
        reason = f"http://{host} would be asked without encryption: cxr does that on this machine alone."
        raise RefusedError("not_https", reason)
    authority = f"[{host}]" if ":" in host else host
    if port not in {None, _PORTS[scheme]}:
        authority += f":{port}"
    return Origin(scheme, host, port or _PORTS[scheme], authority, f"{scheme}://{authority}")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        return "%" not in host and bool(ipaddress.ip_address(host))
    except ValueError:
        return False
