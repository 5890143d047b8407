"""A prefix of a bucket: the copy of a dataset that the user already has in a cloud. It is only read.

Hidden files, and what macOS leaves behind (``__MACOSX``), are not listed, as in a folder on disk.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cxr.errors import AccessError, HostError
from cxr.hosts import Access, Archive, Speed
from cxr.hosts._objects import ObjectContent, Objects, Said
from cxr.http import RefusedError, RequestError
from cxr.model import Remote
from cxr.stores.bucket import AZURE, GOOGLE, S3, Bucket
from cxr.stores.bucket_access import BucketAccess, access_to
from cxr.stores.bucket_client import client_for
from cxr.stores.bucket_errors import explained_refusal

_LITTER: Final = frozenset({"__MACOSX"})
_MAY_READ: Final[Mapping[str, str]] = {
    S3: "s3:ListBucket and s3:GetObject",
    GOOGLE: "the role Storage Object Viewer",
    AZURE: "the role Storage Blob Data Reader, or a signature with read and list",
}
_SERVICES: Final[Mapping[str, str]] = {S3: "aws", GOOGLE: "gcs", AZURE: "azure"}


def readable(bucket: Bucket) -> "BucketFolder":
    """Return a prefix of a bucket as a host that lets us in.

    Raises:
        AccessError: it does not.
        HostError: it cannot be asked.
        ConfigError: its endpoint may not be asked.
        StorageError: it is not known where it is.
    """
    folder = BucketFolder(bucket, access_to(bucket))
    try:
        access = folder.check_access()
    except RequestError as error:
        raise HostError(
            f"{bucket} cannot be asked: {error.reason}",
            next_step="Check the address and the network, then run the same command again.",
        ) from error
    if not access.ready:
        raise AccessError(f"{bucket} cannot be read.", next_step=access.missing)
    return folder


class BucketFolder:
    """What lies below one prefix of a bucket of the user's.

    Attributes:
        bucket: The bucket and prefix.
    """

    key = "folder"
    ceiling = 16
    speed: Speed | None = Speed(20e6, 200e6, "assumed: it depends on where the bucket is and where you are")
    archives: tuple[Archive, ...] = ()

    def __init__(self, bucket: Bucket, access: BucketAccess) -> None:
        self.bucket = bucket
        self._objects = Objects(partial(client_for, bucket, access), Refusals(bucket))

    def check_access(self) -> Access:
        """Ask for the beginning of the listing.

        Raises:
            RequestError: it could not be asked.
        """
        try:
            self._objects.ask(str(self.bucket))
        except RefusedError as error:
            if error.is_on_the_way:
                raise
            return Access(ready=False, missing=error.reason)
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        """Yield each visible object once, sorted by path, with its size.

        The MD5 comes with it from Google alone. An ETag of S3 is another digest where the bucket encrypts
        with a key of its owner's, or the object came in parts, and does not say so; Azure's is a number.

        Raises:
            RequestError: the listing is refused, or cannot be had now.
        """
        for remote in self._objects.listing(str(self.bucket), md5=self.bucket.scheme == GOOGLE):
            parts = remote.path.split("/")
            if not any(part.startswith(".") or part in _LITTER for part in parts):
                yield remote

    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> AbstractContextManager[ObjectContent]:
        """Open an object; see `cxr.hosts.Host.open`.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        return self._objects.open(remote.path, start, end, validator, f"{self.bucket}/{remote.path}")

    def url(self, remote: Remote) -> str:
        """Return where an object is, as the cloud's own tools write it, but for signs that mean something."""
        return self.bucket.url(quote(remote.path, safe="/ !$&'()*+,;=:@", errors="surrogateescape"))

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Let nobody read on."""
        self._objects.close()


@dataclass(frozen=True, slots=True)
class Refusals:
    """Says what a refusal of a bucket's means to somebody who reads, with the next step.

    Attributes:
        bucket: Which.
    """

    bucket: Bucket

    def __call__(self, answer: Said) -> str:
        """Return it in a few sentences."""
        if answer.status == 404 and not answer.code.endswith(("Bucket", "NotFound")):
            return ""
        if answer.status == 403 and answer.code in {"", "AccessDenied", "AuthorizationPermissionMismatch"}:
            may, service = _MAY_READ[self.bucket.scheme], _SERVICES[self.bucket.scheme]
            return (
                f"Reading takes {may}: ask the bucket's owner. `cxr credentials test {service}` says which "
                "credentials are used."
            )
        error = explained_refusal(self.bucket, RuntimeError(answer.text))
        return " ".join(part for part in (error.happened, error.think, error.next_step) if part)
