"""Objects put so that they are right: what the store says of them is compared, else they are read back.

Amazon is sent the SHA-256 of every request and refuses other bytes; who else speaks S3 may take no notice of
it. The ETag of S3 and of Google is the MD5 of what was put, but where the bucket encrypts with keys of its
own; Azure's is a mere number. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html,
https://cloud.google.com/storage/docs/hashes-etags (2026-11).
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import obstore
from obstore.store import ObjectStore

from cxr.errors import StorageError
from cxr.stores.bucket import Bucket
from cxr.stores.bucket_errors import LIBRARY_ERRORS, explained_refusal, refusal
from cxr.stores.multipart import Multipart

SHA256: Final = "sha256"
"""The name of our hash among an object's metadata."""
_TRIES: Final = 3
_BLOCK: Final = 1 << 20


class Uploads:
    """Puts objects below one prefix.

    Args:
        bucket: Where to.
        client: The library's client for it.
        believed: The store itself compares what it gets with the SHA-256 that comes with it, as Amazon does.
    """

    def __init__(self, bucket: Bucket, client: ObjectStore, *, believed: bool = False) -> None:
        self._bucket = bucket
        self._client = client
        self._believed = believed
        self._no_md5s = set[bool]()  # of objects in one request (False), in parts (True)

    def put(self, name: str, content: bytearray, sha256: str) -> None:
        """Put an object in one request.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be put, or other bytes arrive whenever it is tried.
        """
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        sha256 = sha256 or hashlib.sha256(content).hexdigest()
        attributes: Any = {SHA256: sha256}  # names beyond HTTP's become metadata
        for _ in range(_TRIES):
            try:
                result = obstore.put(
                    self._client,
                    name,
                    content,
                    attributes=attributes,
                    use_multipart=False,
                )
            except LIBRARY_ERRORS as error:
                if refusal(error).damaged:
                    continue
                raise explained_refusal(self._bucket, error) from None
            if self.is_right(name, (result["e_tag"] or "").strip('"').lower(), md5, sha256):
                return
        raise self.other_bytes(name)

    def in_parts(self, name: str) -> Multipart:
        """Begin an object that is sent in parts."""
        return Multipart(self._bucket, self._client, name)

    def settle(self, name: str, e_tag: str, expected: str, sha256: str) -> None:
        """Make sure of an object that was put in parts.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it is not what was sent; it is gone again then.
        """
        if not self.is_right(name, e_tag, expected, sha256, in_parts=True):
            raise self.other_bytes(name)

    def is_right(self, name: str, e_tag: str, expected: str, sha256: str, *, in_parts: bool = False) -> bool:
        """Return whether an object is what was sent; where it is not, it is removed.

        Args:
            name: Of the object.
            e_tag: As the store gave it.
            expected: What it is where ETags are MD5s.
            sha256: Of what was sent.
            in_parts: It was put so.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be read back, or not removed.
        """
        if e_tag == expected or in_parts in self._no_md5s:
            return True
        found = hashlib.sha256()
        for block in self.read(name):
            found.update(block)
        if found.hexdigest() != sha256:
            self.remove(name)
            return False
        if self._believed:  # the ETags of such objects are no MD5s, then
            self._no_md5s.add(in_parts)
        return True

    def read(self, name: str) -> Iterator[bytes]:
        """Yield an object's bytes.

        Raises:
            FileNotFoundError: there is no such object.
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be had.
        """
        try:
            for block in obstore.get(self._client, name).stream(min_chunk_size=_BLOCK):
                yield bytes(block)
        except FileNotFoundError as error:
            if refusal(error).code in {"", "NoSuchKey", "BlobNotFound"}:
                raise FileNotFoundError(self._bucket.url(name)) from None
            raise explained_refusal(self._bucket, error) from None
        except LIBRARY_ERRORS as error:
            raise explained_refusal(self._bucket, error) from None

    def kept_sha256(self, name: str) -> str:
        """Return the SHA-256 that `put` left among an object's metadata, empty where there is none.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be asked.
        """
        try:
            attributes = obstore.get(self._client, name, options={"head": True}).attributes
        except FileNotFoundError:
            return ""
        except LIBRARY_ERRORS as error:
            raise explained_refusal(self._bucket, error) from None
        return str(attributes.get(SHA256, ""))

    def remove(self, name: str) -> None:
        """Remove an object, if it is there.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be removed.
        """
        try:
            obstore.delete(self._client, name)
        except FileNotFoundError:
            pass
        except LIBRARY_ERRORS as error:
            raise explained_refusal(self._bucket, error) from None

    def other_bytes(self, name: str) -> StorageError:
        """Return what there is to say where a store has other bytes than it was sent."""
        return StorageError(
            f"Other bytes arrived at {self._bucket.url(name)} than were sent; they were removed again.",
            think="A proxy on the way, this machine's memory or the store itself changes bytes.",
            next_step="Run the same command again, from another machine or network if it stays so.",
        )
