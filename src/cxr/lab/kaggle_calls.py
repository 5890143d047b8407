"""What is asked of Kaggle: a method and its fields, by POST or, as older programs do, by GET."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from cxr.lab.exchange import Request

_PREFIXES: Final = ("/api/v1/", "/v1/")  # the test environment's, and api.kaggle.com's
_PAGE, _LARGEST_PAGE = 20, 200  # files; the official program's default and maximum
_SERVICES: Final = {
    "datasets.DatasetApiService": (
        *("GetDataset", "ListDatasetFiles", "ListTreeDatasetFiles"),
        *("GetDatasetMetadata", "DownloadDataset"),
    ),
    "api.v1.DiagnosticsService": ("Hello",),
    "security.OAuthService": ("IntrospectToken",),
}
_OLDER: Final = {
    "list": "ListDatasetFiles",
    "list-tree": "ListTreeDatasetFiles",
    "view": "GetDataset",
    "metadata": "GetDatasetMetadata",
    "download": "DownloadDataset",
}
_OLDER_PREFIX = "/api/v1/datasets/"

Fields = Mapping[str, Any]


class Refusal(Exception):  # noqa: N818  an answer, not a fault
    """The API answers with an error.

    Args:
        status: HTTP's, and the code in the body.
        message: Kaggle's words.
        kind: Google's word for it, in the newer form.
        failure: The switch that did it.
    """

    def __init__(self, status: int, message: str, kind: str, failure: str = "") -> None:
        self.status = status
        self.message = message
        self.kind = kind
        self.failure = failure
        super().__init__(message)


class Call(NamedTuple):
    """A method of the API and what it is given.

    Attributes:
        method: ``GetDataset``.
        fields: ``ownerSlug`` and so on.
    """

    method: str
    fields: Fields


def newer_call(request: Request) -> Call:
    """Return what a POST asks for: ``/v1/datasets.DatasetApiService/GetDataset``.

    Raises:
        Refusal: there is no such method, or its fields are no JSON object.
    """
    prefix = next((prefix for prefix in _PREFIXES if request.path.startswith(prefix)), None)
    service, _, method = request.path.removeprefix(prefix or "").partition("/")
    if prefix is None or method not in _SERVICES.get(service, ()):
        raise not_found()
    try:
        fields = json.loads(request.body or b"{}")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refusal(400, "The request's body is no JSON object", "INVALID_ARGUMENT")
    return Call(method, fields)


def older_call(request: Request) -> Call:
    """Return what a GET asks for: ``/api/v1/datasets/download/OWNER/SLUG/FILE``.

    Raises:
        Refusal: there is no such address.
    """
    verb, *rest = request.path.removeprefix(_OLDER_PREFIX).split("/", 3)
    if not request.path.startswith(_OLDER_PREFIX) or verb not in _OLDER or len(rest) < 2:
        raise not_found()
    fields: dict[str, Any] = {**request.query, "ownerSlug": rest[0], "datasetSlug": rest[1]}
    if len(rest) == 3 and verb == "download":
        fields["fileName"] = rest[2]
    return Call(_OLDER[verb], fields)


def page(entries: Sequence[tuple[str, int]], fields: Fields) -> tuple[Sequence[tuple[str, int]], str]:
    """Return one page and the token of the next, empty on the last.

    Raises:
        Refusal: the token is not one of ours, or the size no number.
    """
    try:
        start = int(base64.urlsafe_b64decode(str(fields.get("pageToken") or "MA==")))
        size = min(int(str(fields.get("pageSize") or _PAGE)), _LARGEST_PAGE)
    except ValueError:
        raise Refusal(400, "Invalid page token or size", "INVALID_ARGUMENT") from None
    end = start + max(size, 1)
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(entries) else ""
    return entries[start:end], token


def not_found(failure: str = "") -> Refusal:
    """Return what is said of a file, version or address that is not there."""
    return Refusal(404, "Not found", "NOT_FOUND", failure)
