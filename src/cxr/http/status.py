"""What a status means for whoever asked: whether asking again can help, and when."""

from cxr.http.client import Answer
from cxr.http.errors import RefusedError, RequestError, TransientError


def error_for(answer: Answer, what: str) -> RequestError:
    """Return the error that an answer with a status of 400 or above is.

    Args:
        answer: The answer.
        what: What was asked for, for people, as the beginning of the sentence.
    """
    status = answer.status
    code, reason = f"http_{status}", f"{what}: the host answered with HTTP status {status}."
    if status in {408, 425, 429} or status >= 500:
        return TransientError(code, reason, status=status, throttled=status in {429, 503})
    return RefusedError(code, reason, status=status)
