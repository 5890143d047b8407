"""Images that are members of one tar.gz, had while it streams, or by its seek index."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from cxr.hosts import Archive, Host
from cxr.http import RefusedError, RequestError
from cxr.logs import get_logger
from cxr.stores import Store
from cxr.transfer.seek_index import SeekIndex, index_path
from cxr.transfer.tar_reading import TarReading
from cxr.transfer.tar_wanted import Wanted
from cxr.transfer.unit import Job, Report, Unit
from cxr.transfer.zip_member import StoppedError

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TarUnit:
    """Some members of one archive; see `cxr.transfer.unit.Unit`.

    File names are taken to be unique over all archives of a host: an image that is not in the archive where
    it is looked for first may be in another.

    Attributes:
        archive: Which.
        jobs: The images.
        index_folder: Where seek indexes are kept.
        others: Archives to look into for what is not in this one.
    """

    archive: Archive
    jobs: Sequence[Job]
    index_folder: Path
    others: tuple[Archive, ...] = ()

    @property
    def size(self) -> int:
        """The archive's size, if it is known: the last wanted member may be its last."""
        return self.archive.remote.size or 0

    @property
    def exclusive(self) -> str:
        """One archive is read once at a time: its seek index has one writer."""
        return self.archive.remote.path

    def attempt(self, host: Host, store: Store, report: Report) -> None:
        """Try once. The next attempt goes on from the last point of the seek index.

        Raises:
            TransientError: the connection did not hold.
            RefusedError: the host refuses the archive, or (``archive_damaged``, ``archive_changed``,
                ``archive_bomb``, ``not_an_archive``) it cannot be read on.
            StorageError: the store, or the seek index, cannot be written.
        """
        wanted = Wanted(self.jobs, self.archive.prefix)
        try:
            with suppress(StoppedError):
                self._read(wanted, host, store, report)
        except RequestError:
            raise
        except OSError as error:
            where = f"{self.archive.remote.path} at {host.key}"
            raise RefusedError("not_readable", f"{where}: {error.strerror or error}") from error

    def _read(self, wanted: Wanted, host: Host, store: Store, report: Report) -> None:
        """Read the archive; where it is damaged, once more: a byte may have been wrong on the way only."""
        for is_last in (False, True):
            index = SeekIndex(index_path(self.index_folder, self.archive))
            try:
                TarReading(self.archive, index, wanted, host=host, store=store, report=report).run()
                break
            except RefusedError as error:
                if is_last or error.code != "archive_damaged":
                    raise
                _log.warning("an archive is read once more", host=host.key, reason=error.reason)

    def without(self, done: frozenset[str]) -> Self:
        """Return the unit for those images alone that are not done."""
        return replace(self, jobs=tuple(job for job in self.jobs if job.image_id not in done))

    def elsewhere(self) -> Iterator[Unit]:
        """Yield the unit that looks into the next archive, and then into those behind it."""
        if self.others:
            yield replace(self, archive=self.others[0], others=self.others[1:])
