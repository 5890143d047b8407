"""Kaggle's own servers: JSON RPC by POST, the older GET addresses, and where the bytes of a download are.

One dataset is there, ``nih-chest-xrays/data``, in its version 3.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxr.lab import breaking
from cxr.lab.archives import ARCHIVE, Shelf
from cxr.lab.exchange import Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.kaggle_calls import Fields, Refusal, newer_call, not_found, older_call, page
from cxr.lab.kaggle_storage import KaggleStorage

OWNER, SLUG, VERSION = "nih-chest-xrays", "data", 3

_CREATED = "2018-02-21T20:52:23.000Z"


@dataclass(frozen=True, slots=True)
class Kaggle:
    """The API.

    Attributes:
        shelf: The dataset's files.
        failures: The switches.
        storage: Where downloads lead.
        storage_origin: Where that is reached.
        anonymous: Whether it answers without credentials.
        credentials: The values of Authorization that it knows; ``None`` for any.
    """

    shelf: Shelf
    failures: Failures
    storage: KaggleStorage
    storage_origin: str
    anonymous: bool = True
    credentials: Collection[str] | None = None

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        if request.method == "HEAD" or request.path == "/":
            return Reply(200 if request.path == "/" else 404, {"Content-Type": "text/html"})
        early = breaking.server_error(request, self.failures) or self._too_many(request)
        if early is not None:
            return early
        older = request.method == "GET"
        try:
            call = older_call(request) if older else newer_call(request)
            return self._methods()[call.method](request, call.fields)
        except Refusal as refusal:
            return _refused(refusal, older=older)

    def _methods(self) -> Mapping[str, Callable[[Request, Fields], Reply]]:
        return {
            "GetDataset": self._dataset,
            "ListDatasetFiles": self._files,
            "ListTreeDatasetFiles": self._tree,
            "GetDatasetMetadata": self._metadata,
            "DownloadDataset": self._download,
            "Hello": self._hello,
            "IntrospectToken": self._introspect,
        }

    def _too_many(self, request: Request) -> Reply | None:
        if not self.failures.strikes("rate-limit", breaking.subject(request)):
            return None
        turn = self.failures.turn("rate-limit")
        older = Refusal(429, "TooManyRequests", "", "rate-limit")
        newer = Refusal(429, "Too many requests", "RESOURCE_EXHAUSTED", "rate-limit")
        return _refused(
            (older, newer)[turn % 2], older=turn % 2 == 0, headers=breaking.retry_after(turn // 2)
        )

    def _admit(self, request: Request) -> str:
        """Return the Authorization of a request, empty where it has none.

        Raises:
            Refusal: it is not known.
        """
        given = request.headers.get("authorization", "")
        if given and self.credentials is not None and given not in self.credentials:
            raise Refusal(401, "Unauthorized", "UNAUTHENTICATED")
        return given

    def _open(self, request: Request, fields: Fields) -> None:
        """Go on only where this caller may have this dataset.

        Raises:
            Refusal: 403, which is also what Kaggle says of a dataset that does not exist.
        """
        given = self._admit(request)
        asked = breaking.subject(request)
        denied = not given and self.failures.strikes("anonymous-denied", asked)
        missing = self.failures.strikes("missing-dataset", asked)
        known = (fields.get("ownerSlug"), fields.get("datasetSlug")) == (OWNER, SLUG)
        if not known or missing or denied or not (given or self.anonymous):
            failure = "anonymous-denied" if denied else "missing-dataset" if missing else ""
            raise Refusal(403, "Permission 'datasets.get' was denied", "PERMISSION_DENIED", failure)
        if str(fields.get("datasetVersionNumber") or VERSION) != str(VERSION):
            raise not_found()

    def _dataset(self, request: Request, fields: Fields) -> Reply:
        self._open(request, fields)
        return _json(
            {
                "id": 5839,
                "ref": f"{OWNER}/{SLUG}",
                "title": "NIH Chest X-rays",
                "subtitle": "Synthetic patients of cxr lab",
                "creatorName": "cxr lab",
                "ownerName": "National Institutes of Health Chest X-Ray Dataset",
                "ownerRef": OWNER,
                "totalBytes": sum(size for _, size in self._listed()),
                "url": f"{request.origin}/datasets/{OWNER}/{SLUG}",
                "lastUpdated": _CREATED,
                "isPrivate": False,
                "licenseName": "CC0: Public Domain",
                "currentVersionNumber": VERSION,
                "usabilityRating": 0.75,
                "tags": [],
                "files": [],
                "versions": [{"versionNumber": VERSION, "creationDate": _CREATED, "status": "Ready"}],
            }
        )

    def _metadata(self, request: Request, fields: Fields) -> Reply:
        self._open(request, fields)
        info = {
            "datasetId": 5839,
            "datasetSlug": SLUG,
            "ownerUser": OWNER,
            "title": "NIH Chest X-rays",
            "subtitle": "Synthetic patients of cxr lab",
            "description": "Nobody is in these images.",
            "isPrivate": False,
            "keywords": [],
            "licenses": [{"name": "CC0-1.0"}],
            "collaborators": [],
            "data": [],
        }
        return _json({"info": info})

    def _files(self, request: Request, fields: Fields) -> Reply:
        self._open(request, fields)
        found, token = page(self._listed(), fields)
        files = [
            {
                "ref": name.rpartition("/")[2],
                "datasetRef": f"{OWNER}/{SLUG}",
                "ownerRef": OWNER,
                "name": name,
                "creationDate": _CREATED,
                "fileType": f".{name.rpartition('.')[2]}",
                "totalBytes": size,
                "columns": [],
            }
            for name, size in found
        ]
        return _json({"datasetFiles": files, "nextPageToken": token})

    def _tree(self, request: Request, fields: Fields) -> Reply:
        self._open(request, fields)
        inside = str(fields.get("path") or "").strip("/")
        prefix = f"{inside}/" if inside else ""
        below = [(name, size) for name, size in self._listed() if name.startswith(prefix)]
        folders: dict[str, int] = {}
        files = []
        for name, size in below:
            folder, slash, _ = name.removeprefix(prefix).partition("/")
            if slash:
                folders[folder] = folders.get(folder, 0) + 1
            else:
                files.append((name, size))
        found, token = page([*((folder, -1) for folder in folders), *files], fields)
        return _json(
            {
                "directories": [
                    {"name": name, "relativeUrl": prefix + name, "totalFiles": folders[name]}
                    for name, size in found
                    if size < 0
                ],
                "files": [
                    {
                        "name": name.rpartition("/")[2],
                        "relativeUrl": name,
                        "creationDate": _CREATED,
                        "totalBytes": size,
                    }
                    for name, size in found
                    if size >= 0
                ],
                "totalDirectories": len(folders),
                "totalFiles": len(files),
                "totalChildren": len(folders) + len(files),
                "nextPageToken": token,
            }
        )

    def _download(self, request: Request, fields: Fields) -> Reply:
        self._open(request, fields)
        name = str(fields.get("fileName") or ARCHIVE)
        singles = self.shelf.singles
        if name != ARCHIVE:
            if name not in singles and name not in self.shelf.images:
                raise not_found()
            if name in self.failures.hit("no-single-files", singles):
                raise not_found("no-single-files")
        failure = ""
        tables = [single for single in singles if single.endswith(".csv")]
        # Whether Kaggle heeds the field raw, nobody says (2026-11): the worse case is the one to try.
        if name in self.failures.hit("csv-zipped", tables):
            name, failure = f"{name}.zip", "csv-zipped"
        link = self.storage.link(self.storage_origin, name)
        return Reply(302, {"Location": link}, failure=failure)

    def _hello(self, request: Request, fields: Fields) -> Reply:  # noqa: ARG002  every method's arguments
        if not self._admit(request):
            raise Refusal(401, "Unauthorized", "UNAUTHENTICATED")
        return _json({"userName": "labuser"})

    def _introspect(self, request: Request, fields: Fields) -> Reply:
        token = str(fields.get("token") or "")
        active = bool(token) and (self.credentials is None or f"Bearer {token}" in self.credentials)
        self._admit(request)
        return _json({"active": active, **({"username": "labuser", "userId": 1} if active else {})})

    def _listed(self) -> Sequence[tuple[str, int]]:
        """Return every file of the dataset with its size, sorted by path."""
        singles = ((name, self.shelf.files[name].size) for name in self.shelf.singles)
        return sorted([*singles, *((path, size) for path, (size, _) in self.shelf.images.items())])


def _refused(refusal: Refusal, *, older: bool, headers: Mapping[str, str] | None = None) -> Reply:
    """Return the error in the older form or the newer one."""
    document: dict[str, Any] = {"code": refusal.status, "message": refusal.message}
    if not older:
        document = {"error": {**document, "status": refusal.kind}}
    reply = _json(document, refusal.status, refusal.failure)
    return Reply(reply.status, {**reply.headers, **(headers or {})}, reply.body, failure=refusal.failure)


def _json(document: object, status: int = 200, failure: str = "") -> Reply:
    text = json.dumps(document).encode()
    return Reply(status, {"Content-Type": "application/json; charset=utf-8"}, text, failure=failure)
