"""What a status means for whoever asked: whether asking again can help, and when."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from cxr.http.answer import Answer
from cxr.http.errors import RefusedError, RequestError, TransientError

_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_BUSY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_SECONDS = re.compile(r"[0-9]{1,10}(\.[0-9]+)?")


def error_for(answer: Answer, what: str) -> RequestError:
    """Return the error that an answer with a status of 400 or above is.

    Args:
        answer: The answer; its body is not read.
        what: What was asked for, for people, as the beginning of the sentence.
    """
    status = answer.status
    code, reason = f"http_{status}", f"{what}: the host answered {status}{_phrase(status)}."
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = retry_after(
            answer.headers.get("retry-after", ""), answer.headers.get("date", ""), datetime.now(UTC)
        )
        return TransientError(code, reason, status=status, retry_after=wait, throttled=status in _BUSY)
    return RefusedError(code, reason, status=status)


def retry_after(value: str, date: str, now: datetime) -> float | None:
    """Return the seconds that a host asks us to wait, or ``None`` where it does not say so readably.

    Args:
        value: Its Retry-After header: seconds, or a date.
        date: Its Date header. A date is seen from there: the clock here may be wrong.
        now: The time here, for hosts that send no Date.
    """
    if seconds := _SECONDS.fullmatch(value.strip()):
        return float(seconds[0])
    until = _moment(value)
    if until is None:
        return None
    return max((until - (_moment(date) or now)).total_seconds(), 0.0)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _phrase(status: int) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return " (the proxy asks for a user and password: HTTPS_PROXY may hold them)"
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
