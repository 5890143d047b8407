"""Images that are members of one zip at a host: had by Range or, where it gives no ranges, from the whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxr.hosts import Archive, Host
from cxr.hosts import folder as folder_host
from cxr.library.file_sizes import size_of
from cxr.library.wanted import Wanted
from cxr.model import Remote
from cxr.stores.atomic import write_bytes
from cxr.stores.storage_errors import writing
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.save import save
from cxr.transfer.unit import Job, Unit
from cxr.transfer.zip_directory import ZipDirectory, read_directory, tell_refused
from cxr.transfer.zip_unit import zip_units


@dataclass(frozen=True, slots=True)
class ZipMembers:
    """Images are members of one zip, had by Range.

    Attributes:
        host: Where it is.
        files: What it has.
        directory: Its directory.
        found: The file that keeps this directory for now.
        cache: Where the library keeps it.
    """

    host: Host
    files: Mapping[str, Remote]
    directory: ZipDirectory
    found: Path
    cache: Path
    bytes_beside: int = 0

    @property
    def notes(self) -> Sequence[str]:
        """Say how many members have names that no image can have."""
        if not self.directory.refused_count:
            return ()
        names = (
            f"{self.directory.refused_count:,} members of the archive have names that lead out of its folder"
        )
        return (f"{names} or are no plain paths. They are left out, and the run's log names them.",)

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the images' own bytes: PNG and JPEG hardly shrink in a zip."""
        return size

    def open(self) -> Host:
        """Return the host; the library has the archive's directory from now on."""
        if self.found != self.cache and self.found.is_file():
            with writing(self.cache):
                self.cache.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.cache, self.found.read_bytes())
        tell_refused(self.directory, self.host)
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit for each run of neighbouring members."""
        return zip_units(jobs, self.directory)


@dataclass(slots=True)
class WholeZip:
    """Images are members of one zip at a host that gives no parts of files: it is fetched whole first.

    Attributes:
        host: Where it is.
        archive: The zip.
        path: Where it is kept while the run lasts, and after a run that did not end.
        policy: How often a broken connection is made again.
    """

    host: Host
    archive: Archive
    path: Path
    policy: RetryPolicy
    files: Mapping[str, Remote] | None = None
    _directory: ZipDirectory | None = None

    @property
    def bytes_beside(self) -> int:
        """Return the size of the archive, which lies in ``temp`` while the run lasts."""
        return 0 if self.path.exists() else size_of(self.host, self.archive.remote, self.policy)

    @property
    def notes(self) -> Sequence[str]:
        """Say that everything is read for whatever is wanted."""
        return (
            f"{self.host.key} gives no parts of files now: its whole archive is read, whatever is wanted.",
            "Until the run has ended the archive is kept in the library's temp folder.",
        )

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the size of the whole archive."""
        if self.path.exists():
            return 0
        return size_of(self.host, self.archive.remote, self.policy) or size

    def open(self) -> Host:
        """Fetch the archive, unless an earlier run has, and return the folder where it lies."""
        if not self.path.exists():
            save(self.host, self.archive.remote, self.path, self.policy)
        here = folder_host.connect(self.path.parent)
        self._directory = read_directory(here, Remote(self.path.name, self.path.stat().st_size))
        tell_refused(self._directory, self.host)
        return here

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit for each run of neighbouring members."""
        assert self._directory is not None
        return zip_units(jobs, self._directory)
