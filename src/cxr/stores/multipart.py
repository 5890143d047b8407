"""A large object, sent in parts while its bytes come; it appears when all is said to be right, or never.

The library pulls what it sends, our bytes are pushed: a thread stands between the two, with one part waiting.
"""

import hashlib
import queue
import threading
from collections.abc import Iterator
from typing import Final

import obstore
from obstore.store import ObjectStore

from cxr.errors import StorageError
from cxr.stores.bucket import Bucket
from cxr.stores.bucket_errors import LIBRARY_ERRORS, explained_refusal

PART_SIZE: Final = 8 << 20
"""Bytes of every part but the last. S3 takes 10,000 parts: 80 GB."""
_AT_ONCE: Final = 2
_WAIT: Final = 0.2
"""Seconds between two looks whether the sending has failed."""
_PATIENCE: Final = 30.0
"""Seconds that giving up may take; the bucket's own rules remove what is left then."""


class _GivenUpError(Exception):
    """The object is not to be: the library takes back what it has sent."""


class Multipart:
    """One upload under way.

    Args:
        bucket: Where to.
        client: The library's client for it.
        name: Of the object, below the prefix.

    Attributes:
        sha256: Of what was sent so far.
    """

    def __init__(self, bucket: Bucket, client: ObjectStore, name: str) -> None:
        self.sha256 = hashlib.sha256()
        self._bucket = bucket
        self._client = client
        self._name = name
        self._waiting: queue.Queue[bytes | _GivenUpError | None] = queue.Queue(maxsize=1)
        self._failure: BaseException | None = None
        self._is_put = False
        self._e_tag = ""
        self._md5s = bytearray()
        self._parts = 0
        self._thread = threading.Thread(target=self._put, name="multipart", daemon=True)
        self._thread.start()

    def send(self, part: bytes) -> None:
        """Send the next part: `PART_SIZE` bytes, unless it is the last.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be sent.
        """
        self._md5s += hashlib.md5(part, usedforsecurity=False).digest()
        self.sha256.update(part)
        self._parts += 1
        self._hand_over(part)

    def finish(self) -> tuple[str, str]:
        """Have the object appear; return the ETag that it bears, and the one that S3 computes of such parts.

        Raises:
            AccessError: the store refuses.
            HostError: it cannot be reached, or has failed for longer than is tried.
            StorageError: it cannot be sent.
        """
        self._hand_over(None)
        self._thread.join()
        if not self._is_put:
            raise self._why()
        whole = hashlib.md5(self._md5s, usedforsecurity=False).hexdigest()
        return self._e_tag, f"{whole}-{self._parts}"

    def abort(self) -> None:
        """Give it up; the store is told to forget the parts that it has."""
        while self._thread.is_alive():
            try:
                self._waiting.put(_GivenUpError(), timeout=_WAIT)
                break
            except queue.Full:
                continue
        self._thread.join(_PATIENCE)

    def _hand_over(self, part: bytes | None) -> None:
        while self._thread.is_alive():
            try:
                self._waiting.put(part, timeout=_WAIT)
            except queue.Full:
                continue
            return
        raise self._why()

    def _why(self) -> BaseException:
        """Return why there is no object."""
        if isinstance(self._failure, LIBRARY_ERRORS):
            return explained_refusal(self._bucket, self._failure)
        if self._failure is not None:
            return self._failure
        return StorageError(
            f"{self._bucket.url(self._name)} was not taken whole.",
            next_step="Run the same command again: it sends this object anew.",
        )

    def _put(self) -> None:
        try:
            result = obstore.put(
                self._client,
                self._name,
                self._came(),
                use_multipart=True,
                chunk_size=PART_SIZE,
                max_concurrency=_AT_ONCE,
            )
            self._e_tag = (result["e_tag"] or "").strip('"').lower()
            self._is_put = True
        except _GivenUpError:
            pass
        except BaseException as error:  # noqa: BLE001  whoever sends raises it; a panic of the library is one
            self._failure = error

    def _came(self) -> Iterator[bytes]:
        while (part := self._waiting.get()) is not None:
            if isinstance(part, _GivenUpError):
                raise part
            yield part
