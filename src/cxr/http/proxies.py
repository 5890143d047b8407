"""The proxy that the environment names for a host, by the rules of curl and others.

One rule is our own: what is not encrypted goes through none. It is for this machine alone
(`cxr.http.address`), and a proxy would read it, credentials and all.
"""

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from cxr.http.address import Origin
from cxr.http.errors import RefusedError
from cxr.secret import Secret


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Attributes:
        host: Name or number.
        port: TCP port.
        variable: Which environment variable names it.
        authorization: Value of Proxy-Authorization; ``None`` where it asks for none.
    """

    host: str
    port: int
    variable: str
    authorization: Secret | None = None

    @property
    def name(self) -> str:
        """It, for sentences."""
        return f"the proxy {self.host}:{self.port} ({self.variable})"


def proxy_for(origin: Origin, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy through which a host is asked, ``None`` where it is asked directly.

    Args:
        origin: Who is asked.
        environ: ``HTTPS_PROXY``, else ``ALL_PROXY``, and ``NO_PROXY``; in lower case, too, which counts where
            both are there. An empty one counts as none.

    Raises:
        RefusedError: the variable names no proxy that cxr can use.
    """
    _, exceptions = _variable("no_proxy", environ)
    if origin.scheme != "https" or _is_excepted(origin, exceptions):
        return None
    variable, value = _variable("https_proxy", environ)
    if not value:
        variable, value = _variable("all_proxy", environ)
    return _read(variable, value) if value else None


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    used = name if name in environ else name.upper()
    return used, environ.get(used, "").strip()


def _read(variable: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:  # its text would quote the value, and a password in it
        host = port = None
        parts = urlsplit("")
    if not host or parts.scheme not in {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"}:
        raise RefusedError("proxy", f"{variable} is not the address of a proxy, such as http://HOST:3128.")
    if parts.scheme != "http":
        reason = (
            f"{variable} names a proxy that is spoken to in {parts.scheme}; cxr uses those that are spoken "
            "to in http, as most can be: try http:// there. What goes through stays encrypted."
        )
        raise RefusedError("proxy", reason)
    return Proxy(host, port or 80, variable, _authorization(parts.username, parts.password))


def _authorization(user: str | None, password: str | None) -> Secret | None:
    if user is None:
        return None
    plain = f"{unquote(user)}:{Secret(unquote(password or '')).reveal()}"
    return Secret(f"Basic {base64.b64encode(plain.encode()).decode()}")


def _is_excepted(origin: Origin, exceptions: str) -> bool:
    return any(
        one == "*" or _names(one, origin) or _holds(one, origin.host)
        for one in re.split(r"[\s,]+", exceptions.lower())
        if one
    )


def _names(one: str, origin: Origin) -> bool:
    """Whether an exception is the host, a domain above it, or either with the port."""
    host, port = one, ""
    if found := re.fullmatch(r"\[?([^\]]*?)\]?:([0-9]+)", one):
        ambiguous = ":" in found[1] and "[" not in one  # an IPv6 number without brackets
        host, port = (one, "") if ambiguous else (found[1], found[2])
    host = host.strip("[]").removeprefix("*").removeprefix(".")
    if port and int(port) != origin.port:
        return False
    return bool(host) and (origin.host == host or origin.host.endswith(f".{host}"))


def _holds(network: str, host: str) -> bool:
    """Whether an exception is a network with the host in it, such as ``10.0.0.0/8``."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False
