"""What a host holds of a release, as a run sees it: which images there are, and how they come."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from cxr.datasets import Dataset
from cxr.hosts import Archive, Format, Host
from cxr.hosts import folder as folder_host
from cxr.http import RequestError
from cxr.library.connecting import retry_policy
from cxr.library.request import Asked
from cxr.library.scratch import Scratch
from cxr.model import Remote
from cxr.stores.atomic import write_bytes
from cxr.stores.storage_errors import writing
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import RetryPolicy, call_with_retries
from cxr.transfer.save import save
from cxr.transfer.seek_index import window_of
from cxr.transfer.tar_route import tar_units
from cxr.transfer.unit import Job, Unit
from cxr.transfer.zip_directory import NoRangesError, ZipDirectory, read_directory
from cxr.transfer.zip_unit import zip_units


class Wanted(Counter[str]):
    """Images still to come, counted by the first folder of their published paths."""

    def add(self, published_path: str) -> None:
        """Count one image."""
        self[published_path.partition("/")[0]] += 1

    def in_folder(self, prefix: str) -> int:
        """Return how many are below ``images_001/``; all of them where the tables name no such folder."""
        named = self[prefix.rstrip("/")]
        return named if named or any(_is_numbered(folder) for folder in self) else self.total()


def _is_numbered(folder: str) -> bool:
    return any(character.isdecimal() for character in folder)


class Holdings(Protocol):
    """How the images of one release are had from one host."""

    @property
    def files(self) -> Mapping[str, Remote] | None:
        """What is there, by image id; ``None`` where nobody can tell before it is read."""
        ...

    def bytes_to_read(self, wanted: "Wanted", size: int) -> int:
        """Return what has to come from the host for so many images of so many bytes, at most."""
        ...

    @property
    def bytes_beside(self) -> int:
        """Bytes that the run needs on the disk beside the images."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of this way before saying yes."""
        ...

    def open(self) -> Host:
        """Return the host that units are carried out with, once what they need is there."""
        ...

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield units that bring the images."""
        ...


@dataclass(frozen=True, slots=True)
class Files:
    """Each image is a file of its own."""

    host: Host
    files: Mapping[str, Remote] | None
    bytes_beside: int = 0
    notes: Sequence[str] = ()

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the images' own bytes."""
        return size

    def open(self) -> Host:
        """Return the host."""
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit an image."""
        return (FileUnit(job) for job in jobs)


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
    notes: Sequence[str] = ()

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the images' own bytes: PNG and JPEG hardly shrink in a zip."""
        return size

    def open(self) -> Host:
        """Return the host; the library has the archive's directory from now on."""
        if self.found != self.cache and self.found.is_file():
            with writing(self.cache):
                self.cache.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.cache, self.found.read_bytes())
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
        return here

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit for each run of neighbouring members."""
        assert self._directory is not None
        return zip_units(jobs, self._directory)


@dataclass(frozen=True, slots=True)
class TarMembers:
    """Images are members of tar.gz archives, had while these stream, or by seek index."""

    host: Host
    index_folder: Path
    policy: RetryPolicy
    files: None = None
    bytes_beside: int = 0

    @property
    def notes(self) -> Sequence[str]:
        """Say what members deep in a tar cost, and what a broken stream does."""
        deep = "Its archives can only be read from their beginning: an image deep in one costs all before it."
        if find_spec("indexed_gzip") is not None:
            return (f"{deep} A seek index is kept in metadata/archives, and saves that the next time.",)
        restart = (
            "A run that is killed reads the archive under way from its beginning again; with the seek index "
        )
        return (deep, f"{restart}of `pip install 'cxr[targz]'` it goes on where it was.")

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:
        """Return the sizes of the archives that hold wanted images: these may be their last members.

        With a seek index it is the images' own bytes and a window of the index for each.
        """
        reading = 0
        for archive in self.host.archives:
            number = wanted.in_folder(archive.prefix)
            if number:
                whole = size_of(self.host, archive.remote, self.policy)
                share = size * number // max(1, wanted.total())
                window = window_of(self.index_folder, archive)
                reading += whole if window is None else min(whole, share + number * window)
        return reading

    def open(self) -> Host:
        """Return the host."""
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit an archive."""
        return tar_units(self.host, jobs, self.index_folder)


def holdings_of(asked: Asked, host: Host, scratch: Scratch) -> Holdings:
    """Return how the images are had from a host; a zip's directory is read for it.

    Args:
        asked: What is asked for.
        host: Of whom.
        scratch: Where a directory is kept while there is no library.

    Raises:
        RequestError: the directory could not be had.
    """
    if not host.archives:
        return Files(host, None)
    folder = asked.layout.archives(asked.source)
    policy = retry_policy(asked.config)
    first = host.archives[0]
    if first.format is Format.TAR_GZ:
        return TarMembers(host, folder, policy)
    name = f"{host.key}_{first.remote.path}"
    cache = folder / f"{name}.directory"
    found = cache if asked.layout.metadata.is_dir() else scratch.folder / cache.name
    try:
        directory = call_with_retries(lambda: read_directory(host, first.remote, cache=found), policy)
    except NoRangesError:
        return WholeZip(host, first, asked.layout.temp / f"{asked.source}_{name}", policy)
    return ZipMembers(host, by_image(asked.dataset, directory.remotes()), directory, found, cache)


def size_of(host: Host, remote: Remote, policy: RetryPolicy) -> int:
    """Return a file's size in bytes, 0 where the host does not say."""

    def ask() -> int:
        with host.open(remote, 0, 1) as content:
            return content.size or 0

    try:
        return call_with_retries(ask, policy)
    except RequestError:  # a link that is gone: the run will say so of each image behind it
        return 0


def by_image(dataset: Dataset, remotes: Iterable[Remote]) -> dict[str, Remote]:
    """Return the images among a host's files, by their ids; the first of an id counts."""
    files: dict[str, Remote] = {}
    for remote in remotes:
        image_id = dataset.image_id_of(remote.path)
        if image_id is not None:
            files.setdefault(image_id, remote)
    return files
