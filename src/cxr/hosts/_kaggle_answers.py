"""What Kaggle's interface answers, read without asking: errors in both of their shapes, lists of files."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from cxr.http import RefusedError, RequestError, TransientError
from cxr.logs import redact
from cxr.model import Remote

_LONGEST_QUOTE: Final = 200
_AGAIN: Final = frozenset({408, 425, 429})
_NO_METHOD: Final = frozenset({405, 501})


class Reply(NamedTuple):
    """One answer of the interface, read.

    Attributes:
        status: The HTTP status.
        fields: The JSON object in its body; ``None`` where it is something else.
        location: Where it sends us; empty where it does not.
        retry_after: Seconds that it asks us to wait; ``None`` where it does not say.
    """

    status: int
    fields: Mapping[str, object] | None
    location: str = ""
    retry_after: float | None = None


class Problem(NamedTuple):
    """What Kaggle says went wrong.

    Attributes:
        code: As an HTTP status.
        message: In Kaggle's words, shortened, without secrets; empty where it says nothing.
    """

    code: int
    message: str


class Asked(NamedTuple):
    """What was asked for, for people.

    Attributes:
        dataset: ``owner/name``.
        page: Address of the dataset's page.
        file: The file's path; empty where it is the dataset.
        as_whom: The place of the credentials; empty where we asked without.
    """

    dataset: str
    page: str
    file: str = ""
    as_whom: str = ""

    def __str__(self) -> str:
        return f"Kaggle, {self.dataset}" + (f", {self.file}" if self.file else "")


def json_object(body: bytes) -> Mapping[str, object] | None:
    """Return the JSON object in a body, or ``None`` where it is something else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def problem_in(reply: Reply) -> Problem | None:
    """Return what went wrong, or ``None`` where nothing did.

    Kaggle says it in two shapes: ``{"code": 403, "message": ...}``, where the code may be a text and the HTTP
    status 200, and ``{"error": {"code": 403, "message": ..., "status": ...}}``.
    """
    fields = reply.fields or {}
    inner = fields.get("error")
    told = inner if isinstance(inner, Mapping) else fields
    code = number(told.get("code"))
    if code is None or not 400 <= code < 600:
        code = reply.status
    message = told.get("message") or fields.get("errorMessage")
    if code < 400 and not fields.get("errorMessage"):
        return None
    return Problem(code, _quoted(message if isinstance(message, str) else ""))


def is_no_method(reply: Reply) -> bool:
    """Whether this is not Kaggle's word on a dataset: the method itself is not there."""
    return reply.status in _NO_METHOD or (reply.status == 404 and reply.fields is None)


def error_of(problem: Problem, asked: Asked, retry_after: float | None = None) -> RequestError:
    """Return the error that a problem is."""
    quote = f' ("{problem.message}")' if problem.message else ""
    code = f"http_{problem.code}"
    if problem.code in _AGAIN or problem.code >= 500:
        reason = f"{asked}: Kaggle has too much to do or is out of order{quote}."
        if problem.code == 429:
            reason = f"{asked}: Kaggle asks for fewer requests{quote}."
        return TransientError(
            code,
            reason,
            status=problem.code,
            retry_after=retry_after,
            throttled=problem.code in {429, 503},
        )
    return RefusedError(code, f"{asked}: {_refusal(problem.code, quote, asked)}", status=problem.code)


def _refusal(code: int, quote: str, asked: Asked) -> str:
    if code == 401:
        whose = f"the credentials from {asked.as_whom}" if asked.as_whom else "a request without credentials"
        return f"Kaggle does not accept {whose}{quote}."
    if code == 404 and asked.file:
        # Told of single files of large datasets in kaggle-api's issues 295, 427, 444 and 508 (as of 2026-11).
        return f"Kaggle has no such file, or gives it in the whole archive only{quote}."
    if code in {403, 404}:
        scope = ", or the token lacks a scope" if asked.as_whom else ", or an account is needed"
        return (
            f"Kaggle does not give it{quote}. The name may be wrong, the dataset private, its terms not "
            f"accepted yet at {asked.page}{scope}."
        )
    return f"Kaggle refused with {code}{quote}."


def _quoted(message: str) -> str:
    plain = "".join(character if character.isprintable() else " " for character in redact(message))
    short = " ".join(plain.split())
    return short if len(short) <= _LONGEST_QUOTE else f"{short[: _LONGEST_QUOTE - 3]}..."


def files_in(fields: Mapping[str, object]) -> Iterator[Remote]:
    """Yield the files that one page of a list names, by their paths from the dataset's root."""
    for key in ("files", "datasetFiles"):
        found = fields.get(key)
        for one in found if isinstance(found, list) else []:
            # The older interface adds "Nullable" to the names of some fields (2026-11).
            name = one.get("name") or one.get("nameNullable") if isinstance(one, Mapping) else None
            if isinstance(name, str) and is_path(name):
                yield Remote(name, number(one.get("totalBytes")))


def next_page(fields: Mapping[str, object]) -> str:
    """Return what asks for the next page of a list; empty after the last."""
    token = fields.get("nextPageToken") or fields.get("nextPageTokenNullable")
    return token if isinstance(token, str) else ""


def is_path(path: str) -> bool:
    """Whether this can be the path of a file below the dataset's root."""
    return "\0" not in path and not {"", ".", ".."} & set(path.split("/"))


def number(value: object) -> int | None:
    """Return a number that JSON holds as such or as a text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
