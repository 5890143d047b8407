"""Images that are members of one zip at a host: had by Range or, where it gives no ranges, from the whole."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cxr.hosts import Archive, Host
from cxr.hosts.folder import Folder
from cxr.library.file_sizes import Known, known_of
from cxr.library.wanted import Wanted
from cxr.logs import get_logger
from cxr.model import Remote
from cxr.stores.atomic import write_bytes
from cxr.stores.storage_errors import writing
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.save import save
from cxr.transfer.unit import Job, Unit
from cxr.transfer.zip_directory import ZipDirectory, read_directory, tell_refused
from cxr.transfer.zip_unit import zip_units

_log = get_logger(__name__)


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

    def open(self, moved: Callable[[int], None]) -> Host:  # noqa: ARG002  the protocol's argument
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

    def close(self, *, complete: bool) -> None:
        """Do nothing: nothing lies about."""


@dataclass(slots=True)
class WholeZip:
    """Images are members of one zip at a host that gives no parts of files: it is fetched whole first.

    Attributes:
        host: Where it is.
        archive: The zip.
        folder: Where it is kept while the run lasts, and after a run that did not bring everything.
        prefix: What the name of its file begins with.
        policy: How often a broken connection is made again.
        by_image: Returns the images among an archive's members, by their ids.
        verify: Compare the checksum that the host publishes.
    """

    host: Host
    archive: Archive
    folder: Path
    prefix: str
    policy: RetryPolicy
    by_image: Callable[[Iterable[Remote]], Mapping[str, Remote]]
    verify: bool
    files: Mapping[str, Remote] | None = None
    _directory: ZipDirectory | None = None
    _known: Known | None = None

    @property
    def bytes_beside(self) -> int:
        """Return the size of the archive, which lies in ``temp`` while the run lasts."""
        return 0 if self._path.exists() else self._state.size

    @property
    def notes(self) -> Sequence[str]:
        """Say that everything is read for whatever is wanted."""
        return (
            f"{self.host.key} gives no parts of files now: its whole archive is read, whatever is wanted.",
            "The archive is kept in the library's temp folder until a run has brought everything.",
        )

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the size of the whole archive."""
        return 0 if self._path.exists() else self._state.size or size

    def open(self, moved: Callable[[int], None]) -> Host:
        """Fetch the archive, unless an earlier run has, and return it as if its host gave parts of it."""
        path = self._path
        if not path.exists():
            save(self.host, self.archive.remote, path, self.policy, verify=self.verify, moved=moved)
        here = AtHand(self.host, path.parent)
        self._directory = read_directory(here, Remote(path.name, path.stat().st_size))
        tell_refused(self._directory, self.host)
        return here

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit for each run of neighbouring members; where an image lies, the archive says."""
        assert self._directory is not None
        members = self.by_image(self._directory.remotes())
        found = (replace(job, remote=members.get(job.image_id, job.remote)) for job in jobs)
        return zip_units(found, self._directory)

    def close(self, *, complete: bool) -> None:
        """Remove the archive once everything is there."""
        if complete:
            self._path.unlink(missing_ok=True)

    @property
    def _state(self) -> Known:
        """What the host says of the archive now; asked once."""
        if self._known is None:
            self._known = known_of(self.host, self.archive.remote, self.policy)
        return self._known

    @property
    def _path(self) -> Path:
        """Where this very archive is kept: another one has another name."""
        state = f"{self._state.size} {self._state.validator}"
        mark = hashlib.blake2b(state.encode(), digest_size=4).hexdigest()
        return self.folder / f"{self.prefix}_{mark}_{self.archive.remote.path}"


class AtHand(Folder):
    """A host's archive that lies on this disk, under the name and addresses of that host.

    Args:
        origin: The host.
        folder: Where the archive lies.
    """

    def __init__(self, origin: Host, folder: Path) -> None:
        super().__init__(folder, _log.warning)
        self.key = origin.key
        self._origin = origin

    def url(self, remote: Remote) -> str:
        """Return where the file is at its own host."""
        return self._origin.url(remote)

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: what lies here is the archive, not its members."""
        return None
