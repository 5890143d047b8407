"""Where Kaggle's downloads come from: a bucket of Google Cloud Storage, reached by signed links.

It answers on an origin of its own, as the real one does, so that a client that takes its credentials along
is found out.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from io import BytesIO
from urllib.parse import quote, urlencode
from zipfile import ZipFile

from cxr.lab import breaking, crc32c, objects
from cxr.lab.archives import ARCHIVE, Shelf
from cxr.lab.exchange import FilePart, Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.objects import StoredObject
from cxr.lab.packing import put

_ROOT = "/gcs/kaggle-data-sets/nih-chest-xrays/data/"
_LIFE = timedelta(hours=1)  # nobody documents the real one
_TIME = "%Y%m%dT%H%M%SZ"
_TYPES = {"csv": "text/csv", "png": "image/png", "pdf": "application/pdf", "zip": "application/zip"}


@dataclass
class KaggleStorage:
    """The bucket.

    Attributes:
        shelf: What is in it.
        failures: The switches.
        ended: Signatures of links that ended before their time.
    """

    shelf: Shelf
    failures: Failures
    ended: set[str] = field(default_factory=set)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def link(self, origin: str, name: str) -> str:
        """Return a signed link for an object.

        Args:
            origin: Of this server.
            name: ``archive.zip``, a path of the dataset, or one with ``.zip`` after it.
        """
        path = _ROOT + name
        query = {
            "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
            "X-Goog-Credential": "cxr-lab@example.com/auto/storage/goog4_request",
            "X-Goog-Date": datetime.now(UTC).strftime(_TIME),
            "X-Goog-Expires": str(int(_LIFE.total_seconds())),
            "X-Goog-SignedHeaders": "host",
            "X-Goog-Id": secrets.token_hex(4),  # so that two links of one second are two links
        }
        query["X-Goog-Signature"] = self._signature(path, query)
        return f"{origin}{quote(path)}?{urlencode(query)}"

    def answer(self, request: Request) -> Reply:
        """Answer for an object."""
        refused = breaking.server_error(request, self.failures) or self._refusal(request)
        if refused is not None:
            return refused
        stored = self._find(request.path.removeprefix(_ROOT))
        if stored is None or not request.path.startswith(_ROOT):
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        asked = breaking.subject(request)
        failure = ""
        if self.failures.strikes("wrong-md5", asked):
            failure, stored = "wrong-md5", _with_another_md5(stored)
        ranges = not self.failures.strikes("no-ranges", asked)
        reply = objects.reply(request, stored, ranges=ranges)
        reply = Reply(reply.status, reply.headers, reply.body, failure=failure if ranges else "no-ranges")
        return breaking.broken(request, reply, self.failures)

    def _refusal(self, request: Request) -> Reply | None:
        """Say why the link does not open the object, or ``None`` where it does."""
        query = dict(request.query)
        signature = query.pop("X-Goog-Signature", "")
        # A link is signed for one method (Google's V4 signing process), and these are for GET.
        if request.method != "GET" or not hmac.compare_digest(
            signature, self._signature(request.path, query)
        ):
            return _error(403, "SignatureDoesNotMatch", "Access denied.")
        signed = datetime.strptime(query["X-Goog-Date"], _TIME).replace(tzinfo=UTC)
        if datetime.now(UTC) > signed + timedelta(seconds=int(query["X-Goog-Expires"])):
            return _expired("")
        if self.failures.strikes("expired-link", breaking.subject(request)):
            self.ended.add(signature)
        return _expired("expired-link") if signature in self.ended else None

    def _signature(self, path: str, query: Mapping[str, str]) -> str:
        text = "\n".join([path, *(f"{key}={value}" for key, value in sorted(query.items()))])
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()

    def _find(self, name: str) -> StoredObject | None:
        if name == ARCHIVE or name in self.shelf.singles:
            file = self.shelf.files[name]
            return _object(name, FilePart(file.path, 0, file.size), file.md5, file.crc32c)
        inside = name.removesuffix(".zip")
        if name != inside and inside in self.shelf.singles:
            return _made(name, _zipped(inside, self.shelf.files[inside].path.read_bytes()))
        if name in self.shelf.images:
            return _made(name, self.shelf.image(name))
        return None


def _made(name: str, data: bytes) -> StoredObject:
    return _object(name, data, md5(data, usedforsecurity=False).hexdigest(), crc32c.checksum([data]))


def _object(name: str, body: bytes | FilePart, md5_hex: str, crc: str) -> StoredObject:
    coded = base64.b64encode(bytes.fromhex(md5_hex)).decode()
    headers = {
        "Content-Type": _TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
        "x-goog-hash": f"crc32c={crc},md5={coded}",
    }
    return StoredObject(body, headers, f'"{md5_hex}"')


def _with_another_md5(stored: StoredObject) -> StoredObject:
    crc, _, _ = stored.headers["x-goog-hash"].partition(",")
    wrong = base64.b64encode(md5(b"another file", usedforsecurity=False).digest()).decode()
    return StoredObject(stored.body, {**stored.headers, "x-goog-hash": f"{crc},md5={wrong}"}, stored.etag)


def _zipped(name: str, data: bytes) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        put(archive, name, data)
    return packed.getvalue()


def _expired(failure: str) -> Reply:
    return _error(400, "ExpiredToken", "The provided token has expired.", failure)


def _error(status: int, code: str, message: str, failure: str = "") -> Reply:
    inside = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f"<?xml version='1.0' encoding='UTF-8'?>{inside}".encode()
    return Reply(status, {"Content-Type": "application/xml; charset=UTF-8"}, text, failure=failure)
