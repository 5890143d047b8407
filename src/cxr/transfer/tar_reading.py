"""One attempt at the images in a tar.gz: those that its seek index knows, then what nobody has seen yet."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from cxr.hosts import Archive, Host
from cxr.http import RefusedError, RequestError, TransientError
from cxr.logs import get_logger
from cxr.model import Failure, Fetched
from cxr.stores import Store
from cxr.transfer.archive_source import FIRST, ArchiveSource
from cxr.transfer.gzip_stream import GzipStream
from cxr.transfer.index_keeper import IndexKeeper
from cxr.transfer.png_intact import intact
from cxr.transfer.point_finder import Found, PointFinder, is_available
from cxr.transfer.receive import receive
from cxr.transfer.seek_index import SeekIndex
from cxr.transfer.seek_point import START
from cxr.transfer.tar_members import FOLDER, LEADS_OUT, Member, TarError, next_member
from cxr.transfer.tar_notices import Notices, tell_checksums
from cxr.transfer.tar_wanted import Wanted
from cxr.transfer.unit import Job, Report
from cxr.transfer.zip_entry import MAXIMUM_MEMBER

_GAP: Final = 256 << 10  # compressed bytes that are read rather than sought over: less than a request costs
_TAIL: Final = 64 << 10  # compressed bytes behind the last wanted member that are read for the checksums
_PATIENCE: Final = 1.0  # seconds before a broken connection is replaced, where beginning anew is dear
_ABOUT: Final = 64 << 10  # bytes of which nobody can say beforehand whether they belong to a member
_WRONG_BYTES: Final = frozenset({"hash_differs", "not_an_image", "truncated"})

_log = get_logger(__name__)


class TarReading:
    """Reads one archive.

    Args:
        archive: Which.
        index: What is known of it; it is written on.
        wanted: The images.
        host: Where the archive is.
        store: Where the images go.
        report: Told of each that is decided.
    """

    def __init__(  # noqa: PLR0913  what a unit knows, and what its attempt is given
        self,
        archive: Archive,
        index: SeekIndex,
        wanted: Wanted,
        *,
        host: Host,
        store: Store,
        report: Report,
    ) -> None:
        self._archive = archive
        self._index = index
        self._wanted = wanted
        self._host = host
        self._store = store
        self._report = report
        self._name = f"{archive.remote.path} at {host.key}"
        finder = PointFinder() if is_available() else None
        self._source = ArchiveSource(host, archive.remote, report, patience=0.0 if finder else _PATIENCE)
        self._stream = GzipStream(self._source, self._name, finder)
        self._keeper = IndexKeeper(index, archive, self._source, self._stream, report)
        self._notices = Notices(self._name)
        self._member: Member | None = None  # the one that began last
        self._place = 0  # of the next header in the tar
        self._least = 0  # where the tar must not end before
        self._taken: set[str] = set()
        self._ended = False

    def run(self) -> None:
        """Report each image that is decided.

        Raises:
            TransientError: the connection did not hold, or (``index_doubtful``) the index was no good.
            RefusedError: the host refuses the archive, or it cannot be read on.
            StorageError: the store, or the index, cannot be written.
            StoppedError: the run is being stopped.
        """
        try:
            self._read_known()
            self._read_on()
            self._read_tail()
        except RefusedError as error:
            raise self._placed(error) from error
        finally:
            self._source.close()
            self._notices.tell()
            self._keeper.save(complete=self._ended)
        tell_checksums(self._name, self._source, self._stream, self._archive.remote.checksum)

    def _read_known(self) -> None:
        """Read the members that the index knows, from the points before them."""
        if self._index.identity is None:
            return
        if not self._keeper.fits():
            self._forget_index("it is of another archive")
            return
        for member, job in self._known():
            self._go_to(member.start, until=member.end)
            if not self._is_here(member):
                self._forget_index("it does not fit the archive")
                return
            result = self._received(member, job)
            if getattr(result, "code", "") in _WRONG_BYTES and self._index.best(member.start) != START:
                # Of wrong bytes the index gives wrong images for ever. Without it the next try decides.
                self._forget_index("an image that it leads to is wrong")
                reason = f"{self._name}: an image is wrong that was read by the seek index"
                raise TransientError("index_doubtful", reason)
            self._decide(job, result)

    def _known(self) -> list[tuple[Member, Job]]:
        found: dict[str, tuple[Member, Job]] = {}
        for member in self._index.members:
            job = self._wanted.find(member.name)
            if job is not None:
                found.setdefault(job.image_id, (member, job))
        return list(found.values())

    def _read_on(self) -> None:
        """Read members that nobody has seen yet, until the last wanted one is in or the tar ends."""
        self._place = self._index.next_header
        if self._index.members:
            last = self._index.members[-1]
            self._least = last.offset + last.size
        self._ended = self._index.complete
        while self._wanted and not self._ended:
            self._read_member()

    def _read_tail(self) -> None:
        """Read what is left, if that is little: the checksums of the whole come last."""
        size, start = self._source.size, self._stream.compressed
        with suppress(RequestError):
            while not self._ended and size is not None and size - start <= _TAIL:
                self._read_member()
            if self._ended and not self._index.complete:
                while self._stream.compressed - start <= _TAIL and self._stream.piece():
                    pass
                while self._source.position - start <= _TAIL and self._source.read():
                    pass

    def _read_member(self) -> None:
        self._go_to(self._place)
        if self._stream.position < self._least:
            raise self._damaged("it is cut off")
        self._keeper.save_point()
        self._member = member = self._next_member()
        if member is None:
            self._ended = True
            return
        self._place, self._least = member.end, member.offset + member.size
        job = self._wanted.find(member.name)
        if member.fault:
            self._leave_out(member, job)
            return
        self._index.add(member)
        if job is not None:
            self._decide(job, self._received(member, job))
            self._taken.add(member.name)
        elif member.name in self._taken:
            self._notices.leave_out(member, "there again: the first one counts")

    def _go_to(self, place: int, *, until: int | None = None) -> None:
        """Go to a place in the tar, by the point before it unless reading on is as near.

        Args:
            place: Where to.
            until: Where in the tar the last byte is that is wanted from there, if that is known.
        """
        point, at_start = self._index.best(place), self._source.position == 0
        near = place >= self._stream.position and point.compressed <= self._stream.compressed + _GAP
        if not near or (at_start and until is not None):
            far = FIRST if until is None else self._index.compressed(until) - point.compressed + _ABOUT
            self._stream.begin(self._index.found(point), far)
        self._stream.skip(place - self._stream.position)

    def _next_member(self) -> Member | None:
        try:
            return next_member(self._stream)
        except TarError as error:
            if not self._place:
                raise RefusedError("not_an_archive", f"{self._name}: it holds no tar: {error}") from None
            raise self._damaged(str(error)) from None

    def _is_here(self, member: Member) -> bool:
        self._member = member
        try:
            return next_member(self._stream) == member
        except TarError:
            return False

    def _received(self, member: Member, job: Job) -> Fetched | Failure:
        """Bring one image in, or say why not."""
        where = f"{job.remote.path} in {self._name}"
        url = self._host.url(self._archive.remote)
        if member.size > MAXIMUM_MEMBER:
            reason = f"{where}: it announces {member.size:,} bytes, which no image has"
            return Failure(job.image_id, "too_large", reason, url)
        remote = job.remote if job.remote.size is not None else replace(job.remote, size=member.size)
        blocks = intact(self._bytes_of(member))
        return receive(self._store, job, blocks, remote=remote, url=url, where=where)

    def _decide(self, job: Job, result: Fetched | Failure) -> None:
        self._wanted.remove(job)
        self._report.done(job, result)

    def _bytes_of(self, member: Member) -> Iterator[bytes]:
        yield from self._stream.pieces(member.size)
        if self._stream.position < member.offset + member.size:
            raise self._damaged("it is cut off")

    def _leave_out(self, member: Member, job: Job | None) -> None:
        if member.fault != FOLDER:
            self._notices.leave_out(member, member.fault)
        if job is not None and member.fault != LEADS_OUT:
            reason = f"{job.remote.path} in {self._name}: it is {member.fault}, not a file"
            url = self._host.url(self._archive.remote)
            self._decide(job, Failure(job.image_id, "not_an_image", reason, url))

    def _damaged(self, what: str) -> RefusedError:
        return RefusedError("archive_damaged", f"{self._name}: {what}")

    def _placed(self, error: RefusedError) -> RefusedError:
        """Return an error with the member where it happened, if it is of the archive's bytes."""
        if self._member is None or error.code not in {"archive_damaged", "archive_bomb"}:
            return error
        return RefusedError(error.code, f"{error.reason} (in or behind {self._member.shown})")

    def _forget_index(self, reason: str) -> None:
        _log.warning("a seek index is thrown away", archive=self._name, reason=reason)
        self._index.forget()
        self._stream.begin(Found(START))
