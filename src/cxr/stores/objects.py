"""A prefix of a bucket as the place where bytes go, with no disk between.

A file is held in memory until it is known to be right and is put in one request then. A large one is sent in
parts, which become an object when the last is in and all is right.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cxr.errors import StorageError
from cxr.stores import Stored, check_name
from cxr.stores.bucket import S3, Bucket
from cxr.stores.bucket_access import BucketAccess, access_to
from cxr.stores.bucket_client import PATIENT, client_for
from cxr.stores.bucket_errors import explained_refusal
from cxr.stores.bucket_listing import stored_below
from cxr.stores.multipart import PART_SIZE, Multipart
from cxr.stores.uploads import Uploads

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client
    from obstore.store import RetryConfig

SINGLE: Final = 16 << 20
"""Bytes up to which an object is put in one request."""


class _Part:
    """An object under way: in memory while it is small."""

    def __init__(self, store: "ObjectStore", name: str) -> None:
        self._store = store
        self._name = name
        self._content = bytearray()
        self._multipart: Multipart | None = None

    def write(self, data: bytes) -> None:
        self._content += data
        if self._multipart is None and len(self._content) > SINGLE:
            self._multipart = self._store.uploads.in_parts(self._name)
        if self._multipart is not None:
            while len(self._content) > PART_SIZE:
                self._send(self._multipart, PART_SIZE)

    def close(self) -> None:
        """Nothing is open."""

    def commit(self, sha256: str) -> None:
        uploads = self._store.uploads
        if self._multipart is None:
            uploads.put(self._name, self._content, sha256)
            return
        self._send(self._multipart, len(self._content))
        sent = self._multipart.sha256.hexdigest()
        if sha256 not in {"", sent}:
            self._multipart.abort()
            raise uploads.other_bytes(self._name)
        uploads.settle(self._name, *self._multipart.finish(), sent)

    def discard(self) -> None:
        self._content = bytearray()
        if self._multipart is not None:
            self._multipart.abort()

    def _send(self, multipart: Multipart, size: int) -> None:
        part = bytes(memoryview(self._content)[:size])
        del self._content[:size]
        multipart.send(part)


class ObjectStore:
    """Objects below one prefix of a bucket; a `cxr.stores.Store`.

    Args:
        url: ``s3://bucket/prefix``, ``gs://bucket/prefix`` or ``az://container/prefix``.
        access: How it is reached; by default found out from the places where users have that.
        retry: How often and for how long to try again; by default for seconds where it is listed, and for
            minutes where objects are put and read.

    Raises:
        UsageError: the URL names no such place.
        ConfigError: an endpoint without encryption that is not on this machine.
        AccessError: credentials cannot be used as they are.
        MissingExtraError: the credentials take the AWS library, which is not installed.
        StorageError: Azure's account is not known.
    """

    resumes = False

    def __init__(
        self, url: str, access: BucketAccess | None = None, retry: "RetryConfig | None" = None
    ) -> None:
        self.bucket = Bucket.parse(url)
        self.access = access_to(self.bucket) if access is None else access
        self.retry = retry
        self.client: Client = client_for(self.bucket, self.access, retry=retry)
        patient = client_for(self.bucket, self.access, retry=retry or PATIENT)
        is_amazon = self.bucket.scheme == S3 and not self.access.endpoint
        self.uploads = Uploads(self.bucket, patient, believed=is_amazon)
        self._parts: dict[str, _Part] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return ObjectStore, (str(self.bucket), self.access, self.retry)

    def new_part(self, name: str) -> _Part:
        """Begin a file.

        Raises:
            StorageError: its name leads out of the prefix.
        """
        check_name(name)
        self.discard(name)
        part = self._parts[name] = _Part(self, name)
        return part

    def open_part(self, name: str) -> BinaryIO | None:  # noqa: ARG002  the protocol's
        """Return nothing: no part outlives its attempt."""
        return None

    def read_note(self, name: str) -> bytes | None:  # noqa: ARG002  the protocol's
        """Return nothing, as `open_part`."""
        return None

    def write_note(self, name: str, text: str) -> None:
        """Note nothing, as `open_part`."""

    def forget_note(self, name: str) -> None:
        """Do nothing, as `open_part`."""

    def explained(self, name: str, error: OSError) -> StorageError:  # noqa: ARG002  the protocol's
        """Return what a failure to write means."""
        told = explained_refusal(self.bucket, error)
        return StorageError(told.happened, think=told.think, next_step=told.next_step)

    def commit(self, name: str, sha256: str = "") -> None:
        """Have the object appear, verified.

        Args:
            name: The file.
            sha256: Of its bytes, in hex. It becomes the object's metadata ``sha256``, but of an object that
                is sent in parts, whose metadata go before its bytes.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be put, or is not what was sent.
        """
        self._parts[name].commit(sha256)
        del self._parts[name]

    def discard(self, name: str) -> None:
        """Give a part up, if there is one."""
        if (part := self._parts.pop(name, None)) is not None:
            part.discard()

    def may_link(self, source: Path) -> bool:  # noqa: ARG002  the protocol's
        """No file of this machine can be linked into a bucket."""
        return False

    def link(self, source: Path, name: str) -> bool:  # noqa: ARG002  the protocol's
        """No file of this machine can be linked into a bucket."""
        return False

    def stored(self) -> Iterator[Stored]:
        """Yield every object below the prefix, folders side by side.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be listed.
        """
        return stored_below(self.bucket, self.client)

    def listing(self) -> dict[str, int]:
        """Return the size in bytes of each object, by name; see `stored`."""
        return {one.name: one.size for one in self.stored()}

    def kept_sha256(self, name: str) -> str:
        """Return the SHA-256 among an object's metadata, empty where there is none.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be asked.
        """
        return self.uploads.kept_sha256(name)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield an object's bytes.

        Raises:
            FileNotFoundError: there is no such object.
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be had.
        """
        return self.uploads.read(name)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be removed.
        """
        self.uploads.remove(name)
