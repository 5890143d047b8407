"""Images that are neighbours in a remote zip, had by one request for the bytes from the first to the last."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Self

from cxr.hosts import Host
from cxr.http import RefusedError, RequestError, TransientError
from cxr.model import Failure, Fetched, Remote
from cxr.stores import Store
from cxr.transfer.receive import receive
from cxr.transfer.unit import Job, Report, Unit
from cxr.transfer.zip_archive import ZipArchive
from cxr.transfer.zip_directory import ZipDirectory
from cxr.transfer.zip_entry import Entry
from cxr.transfer.zip_member import Cursor, StoppedError, content_of

WINDOW: Final = 512
"""Jobs that are looked at together to find neighbours."""
GAP: Final = 64 << 10
"""Unwanted bytes between two members that are read rather than asked around: less than a request costs."""
SPAN: Final = 8 << 20
"""Bytes that are asked for at once, unless one member has more: what a cut connection may cost."""

# A proxy or a disk on the way may have changed the bytes: they are asked for once more before it is said.
_DOUBTFUL: Final = frozenset({"hash_differs", "size_differs", "header_differs", "does_not_inflate"})


@dataclass(frozen=True, slots=True)
class Member:
    """An image that is to be had, and the member that it is.

    Attributes:
        job: The image.
        entry: Its bytes in the archive.
    """

    job: Job
    entry: Entry


@dataclass(frozen=True, slots=True)
class ZipUnit:
    """Some members of one archive; see `cxr.transfer.unit.Unit`.

    Attributes:
        archive: Which.
        members: Those to be read, in the order of their bytes.
        failures: Images that are known not to be had, from the archive's directory.
    """

    archive: ZipArchive
    members: tuple[Member, ...]
    failures: tuple[tuple[Job, str, str], ...] = ()

    @property
    def jobs(self) -> Sequence[Job]:
        """The images that are wanted."""
        return (*(member.job for member in self.members), *(job for job, _, _ in self.failures))

    @property
    def size(self) -> int:
        """Bytes that have to come."""
        return sum(end - start for start, end in map(_extent, runs(self.members)))

    @property
    def exclusive(self) -> str:
        """Units of one archive may be under way together."""
        return ""

    def attempt(self, host: Host, store: Store, report: Report) -> None:
        """Try once; bytes that are wrong are asked for a second time, each member alone.

        Raises:
            TransientError: the connection did not hold.
            RefusedError: the host refuses, or the archive is another one than that of the directory.
            StorageError: the store cannot be written.
        """
        reading = _Reading(self.archive, host, store, report)
        for job, code, reason in self.failures:
            report.done(job, reading.failure(job, code, reason))
        with suppress(StoppedError):
            wrong = [member for run in runs(self.members) for member in reading.run(run)]
            for member in wrong:
                reading.run([member], last=True)

    def without(self, done: frozenset[str]) -> Self:
        """Return the unit for those images alone that are not done."""
        return replace(
            self,
            members=tuple(member for member in self.members if member.job.image_id not in done),
            failures=tuple(failure for failure in self.failures if failure[0].image_id not in done),
        )

    def elsewhere(self) -> Iterator[Unit]:
        """Yield nothing: what the directory does not list is not in the archive."""
        return iter(())


def zip_units(jobs: Iterable[Job], directory: ZipDirectory) -> Iterator[ZipUnit]:
    """Yield units for images that are members of an archive, neighbours together.

    Args:
        jobs: The images; `Job.remote` has the member's path. They are taken in windows of `WINDOW`.
        directory: What the archive has.
    """
    left = iter(jobs)
    while window := list(islice(left, WINDOW)):
        members, failures = [], []
        for job in window:
            entry = directory.entry(job.remote.path)
            if entry is None:
                failures.append((job, "missing", "the archive has no such member"))
            elif entry.fault:
                failures.append((job, str(entry.fault), entry.reason))
            else:
                members.append(Member(job, entry))
        if failures:
            yield ZipUnit(directory.archive, (), tuple(failures))
        for run in runs(sorted(members, key=lambda member: member.entry.offset)):
            yield ZipUnit(directory.archive, tuple(run))


def runs(members: Iterable[Member], gap: int = GAP, span: int = SPAN) -> Iterator[list[Member]]:
    """Yield members in runs, each to be had by one request.

    The unwanted bytes of a run are at most as many as its wanted ones, however small the images are.

    Args:
        members: In the order of their bytes.
        gap: Unwanted bytes between two members of a run, at most.
        span: Bytes from the first to the last of a run, at most; a run of one member may have more.
    """
    run: list[Member] = []
    spare = 0
    for member in members:
        entry = member.entry
        between = entry.offset - run[-1].entry.request_end if run else 0
        spare += entry.request_end - entry.offset - between
        fits = run and 0 <= between <= gap and entry.request_end - run[0].entry.offset <= span and spare >= 0
        if run and not fits:
            yield run
            run = []
        if not run:
            spare = entry.request_end - entry.offset
        run.append(member)
    if run:
        yield run


def _extent(run: Sequence[Member]) -> tuple[int, int]:
    return run[0].entry.offset, run[-1].entry.request_end


@dataclass(frozen=True, slots=True)
class _Reading:
    """One attempt."""

    archive: ZipArchive
    host: Host
    store: Store
    report: Report

    def run(self, run: Sequence[Member], *, last: bool = False) -> list[Member]:
        """Read a run and report its images; return those that came wrong, unless this is the ``last`` try."""
        try:
            return self._run(run, last=last)
        except (RequestError, StoppedError):
            raise
        except OSError as error:
            where = f"{self.archive.remote.path} at {self.host.key}"
            raise RefusedError("not_readable", f"{where}: {error.strerror or error}") from error

    def failure(self, job: Job, code: str, reason: str) -> Failure:
        """Return why an image could not be had."""
        return Failure(job.image_id, code, f"{self._where(job)}: {reason}", self.host.url(job.remote))

    def _run(self, run: Sequence[Member], *, last: bool) -> list[Member]:
        if self.report.stopping:
            raise StoppedError
        wrong = []
        start, end = _extent(run)
        with self.archive.part(self.host, start, end) as content:
            cursor = Cursor(content, start, self.report)
            for member in run:
                result = self._receive(member, cursor)
                if not last and isinstance(result, Failure) and result.code in _DOUBTFUL:
                    wrong.append(member)
                else:
                    self.report.done(member.job, result)
            with suppress(TransientError):
                # Read to its end, a body leaves the connection in order for the next request.
                cursor.skip_to(end)
                next(content, None)
        return wrong

    def _receive(self, member: Member, cursor: Cursor) -> Fetched | Failure:
        job, entry = member.job, member.entry
        return receive(
            self.store,
            job,
            content_of(entry, cursor),
            remote=Remote(entry.path, entry.size, f"crc32:{entry.crc32:08x}"),
            url=self.host.url(job.remote),
            where=self._where(job),
        )

    def _where(self, job: Job) -> str:
        return f"{job.remote.path} in {self.archive.remote.path} at {self.host.key}"
