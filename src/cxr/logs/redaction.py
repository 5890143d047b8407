"""Taking secrets out of text: the values we know, and the places in addresses and headers that hold some.

The known values are the one thing that this process keeps globally: an error text or a log line does not know
which credentials were read before it was written.
"""

import base64
import re
import threading
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

REDACTED = "[redacted]"

# Shorter values are part of too many ordinary words and numbers to be searched for.
_SHORTEST = 4

# Parameters whose value lets whoever reads it in. Azure: sig. Google and AWS: X-Goog-*, X-Amz-*, and the
# older form Signature with AWSAccessKeyId or GoogleAccessId.
_SIGNED = (
    r"sig|signature|x-(?:amz|goog)-[a-z-]+|awsaccesskeyid|googleaccessid|(?:[a-z]+[-_]){0,3}token|"
    r"(?:[a-z]+[-_]){0,3}password|passwd|pwd|(?:[a-z]+[-_]){0,3}secret|(?:[a-z]+[-_]){0,3}api[-_]?key|authorization|credential"
)
_PARAMETER = re.compile(rf"(?i)((?:[?&;]|&amp;|\b)(?:{_SIGNED})=)(?!\[redacted\])[^&;\s\"'<>\\)\]}}]+")
# A credential has a capital or a digit; "basic statistics" has none.
_HEADER = re.compile(r"\b((?i:bearer|basic))\s+(?=\S*[A-Z0-9=])[A-Za-z0-9._~+/=:-]{8,}")
# The last @ before the path ends what stands before the host: a password may hold one too.
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/?#\s\"'<>]+@")
_SIGNED_NAME = re.compile(rf"(?i){_SIGNED}")
# What an Azure signature signs is of no use without it, and would only make two addresses of one file differ.
_SAS_PARTS = frozenset(
    {
        *("sv", "sr", "st", "se", "sp", "spr", "sip", "ss", "srt", "si"),
        *("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "sdd", "ses"),
    }
)
_SECRET_KEY = re.compile(rf"(?i)(?:{_SIGNED}|cookie|set-cookie|private_key)")

_lock = threading.Lock()
_known: frozenset[str] = frozenset()
_pattern: re.Pattern[str] | None = None


def hide(secret: str) -> None:
    """Take this value, and the forms it has inside addresses, JSON and Basic headers, out of all later text.

    Values of fewer than four characters are not searched for.
    """
    global _known, _pattern  # noqa: PLW0603  see the module's docstring
    forms = {form for form in _forms(secret) if len(form) >= _SHORTEST}
    with _lock:
        if forms <= _known:
            return
        _known |= forms
        longest_first = sorted(_known, key=len, reverse=True)
        _pattern = re.compile("|".join(map(re.escape, longest_first)))


def _forms(secret: str) -> set[str]:
    if not secret.strip():
        return set()
    escaped = secret.encode("utf-8", "backslashreplace").decode("utf-8")
    forms = {secret, escaped, repr(escaped)[1:-1], escaped.replace("\\", "\\\\").replace('"', '\\"')}
    forms |= {quote(escaped, safe=""), quote(escaped), quote_plus(escaped)}
    forms.add(base64.b64encode(escaped.encode()).decode())
    return forms


def redact(text: str) -> str:
    """Return the text without known secrets, passwords in addresses, signatures and authorization headers."""
    pattern = _pattern
    if pattern is not None:
        text = pattern.sub(REDACTED, text)
    if "://" in text:
        text = _USERINFO.sub(rf"\1{REDACTED}@", text)
    if "=" in text:
        text = _PARAMETER.sub(rf"\1{REDACTED}", text)
    return _HEADER.sub(rf"\1 {REDACTED}", text)


def public_url(url: str) -> str:
    """Return an address as it may be written down: without user, password, signature and fragment.

    Parameters that only choose (``?download=1``) stay. Paths and addresses of buckets keep their ``?`` and
    ``#``, which belong to the name.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unfinished IPv6 address
        return redact(url)
    if not parts.netloc:
        return redact(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme.lower() not in {"http", "https"}:
        return redact(f"{parts.scheme}://{host}{url.partition('://')[2][len(parts.netloc) :]}")
    return redact(urlunsplit((parts.scheme, host, parts.path, _public_query(parts.query), "")))


def _public_query(query: str) -> str:
    pairs = [(part.partition("=")[0], part) for part in query.split("&") if part]
    signed = any(_SIGNED_NAME.fullmatch(name) for name, _ in pairs)
    dropped = _SAS_PARTS | {"expires"} if signed else frozenset()
    kept = [part for name, part in pairs if not _SIGNED_NAME.fullmatch(name) and name.lower() not in dropped]
    return "&".join(kept)


def redact_event(value: object, name: str = "") -> object:
    """Return what one field of a log line holds as plain JSON values, with every text redacted.

    A field that is named like a secret (``password``, ``token``) is masked whatever it holds.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if name and _SECRET_KEY.fullmatch(name):
        return REDACTED
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # JSON has neither NaN nor infinity
    if isinstance(value, Mapping):
        return {redact(str(key)): redact_event(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_event(one, name) for one in value]
    return redact(str(value))
