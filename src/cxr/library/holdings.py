"""What a host holds of a release, as a run sees it: which images there are, and how they come."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from cxr.datasets import Dataset
from cxr.hosts import Format, Host
from cxr.library.connecting import retry_policy
from cxr.library.request import Asked
from cxr.library.scratch import Scratch
from cxr.library.tar_holdings import TarMembers
from cxr.library.wanted import Wanted
from cxr.library.zip_holdings import WholeZip, ZipMembers
from cxr.model import Remote
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.retry import call_with_retries
from cxr.transfer.unit import Job, Unit
from cxr.transfer.zip_directory import NoRangesError, read_directory


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


def holdings_of(asked: Asked, host: Host, scratch: Scratch) -> Holdings:
    """Return how the images are had from a host; a zip's directory is read for it.

    Args:
        asked: What is asked for.
        host: Of whom.
        scratch: Where a directory is kept until a run begins.

    Raises:
        RequestError: the directory could not be had.
    """
    if not host.archives:
        return Files(host, None, verify=asked.config.download.verify_checksums)
    folder = asked.layout.archives(asked.source)
    policy = retry_policy(asked.config)
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


def by_image(dataset: Dataset, remotes: Iterable[Remote]) -> dict[str, Remote]:
    """Return the images among a host's files, by their ids; the first of an id counts."""
    files: dict[str, Remote] = {}
    for remote in remotes:
        image_id = dataset.image_id_of(remote.path)
        if image_id is not None:
            files.setdefault(image_id, remote)
    return files
