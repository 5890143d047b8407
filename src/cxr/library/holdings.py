"""What a host holds of a release, as a run sees it: which images there are, and how they come."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from cxr.datasets import Dataset
from cxr.hosts import Format, Host
from cxr.library.connecting import retry_policy
from cxr.library.listing import Listing, write_listing
from cxr.library.request import Asked
from cxr.library.scratch import Scratch
from cxr.library.table_paths import has_tables
from cxr.library.tar_holdings import TarMembers
from cxr.library.wanted import Wanted
from cxr.library.zip_holdings import WholeZip, ZipMembers
from cxr.model import Remote
from cxr.stores.replacing import replacing
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import call_with_retries
from cxr.transfer.unit import Job, Unit
from cxr.transfer.zip_directory import NoRangesError, read_directory

_FRESH: Final = 7 * 86_400  # seconds; releases do not change, but a list may have been taken on a bad day


class Holdings(Protocol):
    """How the images of one release are had from one host."""

    @property
    def files(self) -> Mapping[str, Remote] | None:
        """What is there, by image id; ``None`` where nobody can tell before it is read."""
        ...

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:
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

    def open(self, moved: Callable[[int], None]) -> Host:
        """Return the host that units are carried out with, once what they need is there.

        Args:
            moved: Told of bytes that come for that.

        Raises:
            RequestError: it could not be had.
        """
        ...

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield units that bring the images."""
        ...

    def close(self, *, complete: bool) -> None:
        """End the run; ``complete`` when every image that it was for is there."""
        ...


@dataclass(frozen=True, slots=True)
class Files:
    """Each image is a file of its own.

    Attributes:
        host: Where they are.
        files: What it has.
        verify: Compare the checksums that the host publishes.
    """

    host: Host
    files: Mapping[str, Remote] | None
    verify: bool = True
    bytes_beside: int = 0
    notes: Sequence[str] = ()

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the images' own bytes."""
        return size

    def open(self, moved: Callable[[int], None]) -> Host:  # noqa: ARG002  the protocol's argument
        """Return the host."""
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit an image."""
        return (FileUnit(job, verify=self.verify) for job in jobs)

    def close(self, *, complete: bool) -> None:
        """Do nothing: nothing lies about."""


@dataclass(frozen=True, slots=True)
class ListedFiles:
    """Each image is a file of its own, and the host lists them with their checksums.

    Attributes:
        host: Where they are.
        files: The images.
        found: The file that keeps the list for now.
        cache: Where the library keeps it.
        verify: Compare the checksums that the host publishes.
        notes: What a person should know before saying yes.
    """

    host: Host
    files: Listing
    found: Path
    cache: Path
    verify: bool
    notes: list[str] = field(default_factory=list)
    bytes_beside: int = 0

    @property
    def others(self) -> Mapping[str, Remote]:
        """The files that are no images, by path."""
        return self.files.others

    def bytes_to_read(self, wanted: Wanted, size: int) -> int:  # noqa: ARG002  the protocol's argument
        """Return the images' own bytes."""
        return size

    def open(self, moved: Callable[[int], None]) -> Host:  # noqa: ARG002  the protocol's argument
        """Return the host; the library has its list from now on."""
        if not is_fresh(self.cache):
            with replacing(self.cache) as part:
                shutil.copyfile(self.found, part)
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit an image."""
        return (FileUnit(job, verify=self.verify) for job in jobs)

    def close(self, *, complete: bool) -> None:
        """Do nothing: nothing lies about."""


def is_fresh(cache: Path) -> bool:
    """Say whether a host's list was written lately enough to be taken instead of asking again."""
    try:
        return time.time() - cache.stat().st_mtime < _FRESH
    except OSError:
        return False


def holdings_of(asked: Asked, host: Host, scratch: Scratch) -> Holdings:
    """Return how the images are had from a host; a zip's directory or the host's list is read for it.

    Args:
        asked: What is asked for.
        host: Of whom.
        scratch: Where a directory is kept until a run begins.

    Raises:
        RequestError: the directory or list could not be had.
    """
    folder = asked.layout.archives(asked.source)
    policy = retry_policy(asked.config)
    if not host.archives and has_tables(asked.dataset):
        return _listed(asked, host, scratch)
    if not host.archives:
        return Files(host, None, verify=asked.config.download.verify_checksums)
    first = host.archives[0]
    if first.format is Format.TAR_GZ:
        return TarMembers(host, folder, policy)
    name = f"{host.key}_{first.remote.path}"
    cache = folder / f"{name}.directory"
    found = scratch.folder / cache.name
    with suppress(OSError):  # the library is only read before a run
        shutil.copyfile(cache, found)
    try:
        directory = call_with_retries(lambda: read_directory(host, first.remote, cache=found), policy)
    except NoRangesError:
        members = partial(by_image, asked.dataset)
        prefix, verify = f"{asked.source}_{host.key}", asked.config.download.verify_checksums
        return WholeZip(host, first, asked.layout.temp, prefix, policy, members, verify)
    return ZipMembers(host, by_image(asked.dataset, directory.remotes()), directory, found, cache)


def _listed(asked: Asked, host: Host, scratch: Scratch) -> ListedFiles:
    """Return the files of a host, by the list that the library keeps or by a new one."""
    address = hashlib.blake2b(host.url(Remote("")).encode(errors="replace"), digest_size=4).hexdigest()
    name = f"{host.key}_{asked.release.key}_{address}.listing"
    cache, found = asked.layout.archives(asked.source) / name, scratch.folder / name
    if is_fresh(cache):
        try:
            shutil.copyfile(cache, found)  # the library is only read before a run
        except OSError:  # half a list would be a list of half the images
            found.unlink(missing_ok=True)
    if not found.exists():
        call_with_retries(lambda: write_listing(found, host.list()), retry_policy(asked.config))
    verify = asked.config.download.verify_checksums
    return ListedFiles(host, Listing(found, asked.dataset.image_id_of), found, cache, verify)


def by_image(dataset: Dataset, remotes: Iterable[Remote]) -> dict[str, Remote]:
    """Return the images among a host's files, by their ids; the first of an id counts."""
    files: dict[str, Remote] = {}
    for remote in remotes:
        image_id = dataset.image_id_of(remote.path)
        if image_id is not None:
            files.setdefault(image_id, remote)
    return files
