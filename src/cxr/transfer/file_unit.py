"""One image that is a file of its own. A large one goes on where a broken connection or a kill left it."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from cxr.hosts import Content, Host
from cxr.http import RequestError, TransientError
from cxr.model import Failure, Fetched, Remote
from cxr.stores import Store
from cxr.transfer import resume
from cxr.transfer.fetch import fetch
from cxr.transfer.receive import receive
from cxr.transfer.resume import LARGE, Begun, Note, Noting
from cxr.transfer.unit import Job, Report, Unit

# A proxy or a disk on the way may have changed the bytes: they are asked for again before it is said. Of
# 377,110 images of which each twentieth comes wrong, two are lost after three more times.
_DOUBTFUL: Final = frozenset({"hash_differs", "size_differs", "truncated"})
_AGAIN: Final = 3


@dataclass(frozen=True, slots=True)
class FileUnit:
    """One file at a host.

    Attributes:
        job: The image.
        verify: Compare the checksum that the host publishes.
    """

    job: Job
    verify: bool = True

    @property
    def jobs(self) -> Sequence[Job]:
        """The image."""
        return (self.job,)

    @property
    def size(self) -> int:
        """The file's size; 0 where the host does not say."""
        return self.job.remote.size or 0

    @property
    def exclusive(self) -> str:
        """Nothing: any number of files may come together."""
        return ""

    def attempt(self, host: Host, store: Store, report: Report) -> None:
        """Fetch the file.

        Raises:
            TransientError: the connection did not hold; the next attempt goes on with a large file's part.
            RefusedError: the host does not give it.
            StorageError: the store cannot be written.
        """
        if not host.ceiling:
            report.done(self.job, fetch(host, store, self.job))
            return
        fetching = _Fetching(self, host, store, report)
        begun = fetching.begun()
        result = fetching.fetch(begun)
        was_begun = begun is not None  # what was there before may be what was wrong
        for _ in range(_AGAIN):
            if not isinstance(result, Failure) or not (was_begun or result.code in _DOUBTFUL):
                break
            result, was_begun = fetching.fetch(None), False
        report.done(self.job, result)

    def without(self, done: frozenset[str]) -> "FileUnit":
        """Return it as it is: an image that is done leaves nothing to try."""
        del done
        return self

    def elsewhere(self) -> Iterator[Unit]:
        """Yield nothing: a file lies in one place."""
        return iter(())


class _Fetching:
    """One attempt at one file."""

    def __init__(self, unit: FileUnit, host: Host, store: Store, report: Report) -> None:
        self._job = unit.job
        self._verify = unit.verify
        self._host = host
        self._store = store
        self._report = report
        self._url = host.url(unit.job.remote)

    def begun(self) -> Begun | None:
        """Return what is there of it, if bytes that follow can be told from those of another file."""
        size = self._job.remote.size
        if self._job.shrink is not None or (size is not None and size < LARGE):
            return None
        begun = resume.begun(self._store, self._job.name, self._url, size)
        if begun is not None and not begun.note.validator and not self._published():
            begun.file.close()
            return None
        return begun

    def fetch(self, begun: Begun | None) -> Fetched | Failure:
        """Open the file and take it in."""
        have, validator = (begun.have, begun.note.validator) if begun else (0, "")
        with (
            begun.file if begun else nullcontext(),
            self._host.open(self._job.remote, have, None, validator) as content,
        ):
            if begun is not None and begun.continues(content):
                return self._receive(content, begun)
            if content.start:
                resume.forget(self._store, self._job.name)
                raise TransientError("wrong_range", "other bytes came than were asked for")
            return self._receive(content, None)

    def _receive(self, content: Content, begun: Begun | None) -> Fetched | Failure:
        job, store = self._job, self._store
        size = content.size if job.remote.size is None else job.remote.size
        # What is made smaller is held in memory until it is: there is no part to go on with.
        parts = store.resumes and job.shrink is None
        large = parts and (begun is not None or size is None or size >= LARGE)
        if large and begun is None:
            resume.forget(store, job.name)
        noting = Noting(store, job.name, Note(self._url, size, content.validator), noted=begun is not None)
        checksum = (self._published() or content.checksum) if self._verify else ""
        over = True
        try:
            return receive(
                store,
                job,
                self._watched(content, noting if large else None),
                remote=Remote(job.remote.path, size, checksum),
                url=self._url,
                where=f"{job.remote.path} at {self._host.key}",
                begun=begun.file if begun else None,
                keep=large,
            )
        except RequestError:
            over = not large
            if large:
                noting.write()
                self._report.kept(noting.came)
            raise
        finally:
            if over:
                noting.forget()

    def _published(self) -> str:
        return self._job.remote.checksum if self._verify else ""

    def _watched(self, content: Content, noting: Noting | None) -> Iterator[bytes]:
        for block in content:
            self._report.moved(len(block))
            yield block
            if noting is not None:
                noting.add(len(block))
            if self._report.stopping:
                raise TransientError("stopped", "the run was stopped")
