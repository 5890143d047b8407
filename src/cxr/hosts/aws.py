"""Amazon S3: a bucket, or an access point that lends one to the accounts that PhysioNet let in.

botocore signs the addresses, which the object-store library cannot do for access points; what is asked is
asked by our own client.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cxr.errors import MissingExtraError, UsageError
from cxr.hosts import Access, Archive, Place, Speed
from cxr.hosts._aws_answers import Page, Refusal, listed, meaning
from cxr.hosts._checksums import SUMS, with_checksums
from cxr.hosts._ranges import Part, WebContent, open_part
from cxr.http import Answer, Client, HttpSettings, RefusedError, RequestError, TransientError
from cxr.http.status import error_for
from cxr.model import Remote

if TYPE_CHECKING:
    from cxr.hosts._aws_signing import Signing

ADDRESSES: Final[Mapping[str, str]] = {"s3": "https://s3.amazonaws.com"}
_ARN: Final = re.compile(r"(arn:aws[a-z-]*:s3:[a-z0-9-]*:[0-9]{12}:accesspoint/[a-z0-9-]{3,50})(?:/(.*))?")
_BUCKET: Final = re.compile(r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_LARGEST: Final = 16 << 20  # bytes; a page of 1,000 entries has some 400 KB
_LARGEST_REFUSAL: Final = 1 << 14
_MOST_PAGES: Final = 10_000


def connect(place: Place, settings: HttpSettings) -> "Aws":
    """Return the connection to a bucket or access point; nothing is asked yet.

    Args:
        place: ``dataset`` is ``BUCKET``, or the ARN of an access point, each with ``/prefix`` behind it where
            the files lie below one; ``files`` are names to such places of single files. The address ``s3``
            may lead to another service that speaks S3.
        settings: Of every request.

    Raises:
        UsageError: that is no bucket and no access point.
        MissingExtraError: botocore is not installed.
        ConfigError: ``.env``, where credentials may lie, cannot be read.
    """
    try:
        from cxr.hosts._aws_signing import signing  # noqa: PLC0415  botocore may not be there
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Reading from AWS needs botocore, which is not installed.",
            next_step="python -m pip install 'cxr[aws]'",
        ) from error
    for one in (place.dataset, *place.files.values()):
        bucket_and_key(one)
    address = {**ADDRESSES, **place.addresses}["s3"].rstrip("/")
    endpoint = "" if address == ADDRESSES["s3"] else address
    return Aws(place, settings, signing(endpoint, anonymous=not place.credentials))


def bucket_and_key(where: str) -> tuple[str, str]:
    """Return the bucket, or the ARN of its access point, and what stands behind it.

    Raises:
        UsageError: it is neither.
    """
    found = _ARN.fullmatch(where.strip("/")) or _BUCKET.fullmatch(where.strip("/"))
    if found is None:
        raise UsageError(
            f"{where!r} names no bucket of S3.",
            next_step="Give it as `bucket/prefix` or `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix`.",
        )
    return found[1], found[2] or ""


class Aws:
    """One bucket or access point of Amazon's, and single files of others."""

    key = "aws"
    ceiling = 16
    speed: Speed | None = Speed(20e6, 200e6, "assumed: Amazon documents none for one reader")
    archives: tuple[Archive, ...] = ()

    def __init__(self, place: Place, settings: HttpSettings, signing: "Signing") -> None:
        self._place = place
        self._signing = signing
        self._client = Client(settings)
        self._bucket, prefix = bucket_and_key(place.dataset)
        self._prefix = f"{prefix}/" if prefix else ""

    def check_access(self) -> Access:
        """Ask for the beginning of the listing.

        Raises:
            RequestError: it could not be asked.
        """
        if missing := self._signing.missing():
            return Access(ready=False, missing=missing)
        try:
            self._page("", 1)
        except RefusedError as error:
            if error.is_on_the_way:
                raise
            return Access(ready=False, missing=error.reason)
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        """Yield each object below the prefix once, sorted by path; files of other places are among them.

        Checksums are those of SHA256SUMS.txt, where there is one. An ETag is none: of an object that was
        encrypted with a key of its owner's, or came in parts, it is not the MD5, and does not say so.

        Raises:
            RequestError: the listing is refused, or cannot be had now.
        """
        remotes: dict[str, Remote] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            page = self._page(token, 1000)
            for key, size in page.objects:
                path = key.removeprefix(self._prefix)
                if path and not path.endswith("/"):  # a console's way to show a folder
                    remotes[path] = Remote(path, size)
            token = page.token
            if not token:
                break
        remotes |= {name: Remote(name) for name in self._place.files}
        if SUMS in remotes:
            remotes = with_checksums(remotes, lambda: self.open(remotes[SUMS]))
        yield from (remotes[path] for path in sorted(remotes))

    @contextmanager
    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> Iterator[WebContent]:
        """Open an object; see `cxr.hosts.Host.open`.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        what = f"Amazon S3, {remote.path}"
        path = remote.path
        if "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
            raise RefusedError("http_404", f"{what}: there is no such object.", status=404)
        bucket, key = self._where(path)
        url = self._signing.url("get_object", {"Bucket": bucket, "Key": key})
        opening = open_part(self._client, url, Part(start, end, validator), what=what, refused=self._refused)
        with opening as content:
            content.name = path.rpartition("/")[2]
            yield content

    def url(self, remote: Remote) -> str:
        """Return an object's ``s3:`` address; that of an access point holds its ARN."""
        bucket, key = self._where(remote.path)
        return f"s3://{quote(f'{bucket}/{key}', safe='/:', errors='surrogateescape')}"

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Cut every open connection."""
        self._client.close()

    def _where(self, path: str) -> tuple[str, str]:
        if path in self._place.files:
            return bucket_and_key(self._place.files[path])
        return self._bucket, f"{self._prefix}{path}"

    def _page(self, token: str, most: int) -> Page:
        """Ask for a page of the listing.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        asked = {"Bucket": self._bucket, "Prefix": self._prefix, "MaxKeys": most}
        url = self._signing.url("list_objects_v2", asked | ({"ContinuationToken": token} if token else {}))
        what = f"Amazon S3, {self._place.dataset}"
        with self._client.open(url, follow=0) as answer:
            if answer.status != 200:
                raise self._refused(answer, what)
            return listed(answer.read(_LARGEST))

    def _refused(self, answer: Answer, what: str) -> RequestError:
        """Return the error that an answer is, with what it means."""
        refusal = Refusal.read(answer.status, answer.headers, answer.read(_LARGEST_REFUSAL))
        said = meaning(refusal, self._signing.who, self._signing.region())
        if answer.status >= 400:
            error = error_for(answer, what)
            if isinstance(error, TransientError):
                return error
        named = f" {refusal.code}" if refusal.code else ""
        reason = f"{what}: S3 answered {answer.status}{named}.{' ' if said else ''}{said}"
        return RefusedError(f"http_{answer.status}", reason, status=answer.status)
