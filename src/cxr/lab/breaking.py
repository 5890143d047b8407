"""The failures that every host knows: errors of the server, and connections that do not hold."""

from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from time import time
from typing import Final, Literal

from cxr.lab.exchange import Fault, Reply, Request
from cxr.lab.failures import Failures

_FAULTS: Final[Mapping[str, Literal["close", "reset", "stall"]]] = {
    "early-close": "close",
    "reset": "reset",
    "stall": "stall",
}


def subject(request: Request) -> str:
    """Return what a request asks for, as the switches count it."""
    return f"{request.method} {request.path} {request.headers.get('range', '')}"


def server_error(request: Request, failures: Failures) -> Reply | None:
    """Return a 500 or 503 where the switch strikes."""
    if not failures.strikes("server-error", subject(request)):
        return None
    turn = failures.turn("server-error")
    status, words = ((500, "Internal Server Error"), (503, "Service Unavailable"))[turn % 2]
    headers = {"Content-Type": "text/plain", **(retry_after(turn // 2) if status == 503 else {})}
    return Reply(status, headers, words.encode(), failure="server-error")


def retry_after(turn: int) -> Mapping[str, str]:
    """Return none, one in seconds or one as a date, by turns; all are short."""
    forms: tuple[dict[str, str], ...] = (
        {},
        {"Retry-After": "1"},
        {"Retry-After": formatdate(time() + 1, usegmt=True)},
    )
    return forms[turn % len(forms)]


def broken(request: Request, reply: Reply, failures: Failures) -> Reply:
    """Return the reply with what goes wrong while its body is sent, if a switch strikes."""
    if reply.status not in (200, 206) or request.method == "HEAD":
        return reply
    asked = subject(request)
    for name, kind in _FAULTS.items():
        if failures.strikes(name, asked):
            share = failures.draw("share", name, asked, str(failures.turn(f"share {asked}")))
            return replace(reply, fault=Fault(kind, share, name))
    return reply
