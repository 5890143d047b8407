"""Which archive of a host has which of the wanted images, told as cheaply as possible."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Final

from cxr.hosts import Archive, Format, Host
from cxr.http import RequestError
from cxr.model import Failure, Fetched
from cxr.transfer.archive_source import ArchiveSource
from cxr.transfer.gzip_stream import GzipStream
from cxr.transfer.retry import RetryPolicy, call_with_retries
from cxr.transfer.seek_index import SeekIndex, index_path
from cxr.transfer.tar_members import TarError, next_member
from cxr.transfer.tar_unit import TarUnit
from cxr.transfer.tar_wanted import is_alike, last_part
from cxr.transfer.unit import Job

_MOST: Final = 100  # headers before the first file: of folders, as a rule
_SAMPLE: Final = 64 << 10  # bytes of an archive that show its first file's name


def tar_units(
    host: Host, jobs: Iterable[Job], index_folder: Path, policy: RetryPolicy | None = None
) -> Iterator[TarUnit]:
    """Yield one unit for each archive from which images are wanted, in the archives' order.

    An image is looked for where a seek index says that it is; else where its path says so, as
    ``images_003/...`` does; else in the last archive that does not begin with a higher name, since names are
    published in order. Where it turns out not to be there, the archives beside follow. All others, the
    nearest first, do so only where neither its path nor the order of names says where it is: an image that
    the host does not have would else cost every archive.

    Args:
        host: Whose tar.gz archives are taken.
        jobs: The images. All are held: an archive is read once for all of its own.
        index_folder: Where seek indexes are kept; it need not be there.
        policy: How often the beginning of an archive is asked for.
    """
    archives = [archive for archive in host.archives if archive.format is Format.TAR_GZ]
    shares: list[list[Job]] = [[] for _ in archives]
    anywhere: set[int] = set()  # archives with an image that may be in any other as well
    route = _Route(host, archives, index_folder, policy or RetryPolicy())
    for number, is_near, job in route.assigned(jobs):
        shares[number].append(job)
        if not is_near:
            anywhere.add(number)
    for number, share in enumerate(shares):
        if share:
            others = sorted(set(range(len(archives))) - {number}, key=lambda other: abs(other - number))
            if number not in anywhere:
                others = [other for other in others if abs(other - number) == 1]
            yield TarUnit(
                archives[number], tuple(share), index_folder, tuple(archives[other] for other in others)
            )


class _Route:
    """What is known of the archives before they are read."""

    def __init__(
        self, host: Host, archives: Sequence[Archive], index_folder: Path, policy: RetryPolicy
    ) -> None:
        self._host = host
        self._archives = archives
        self._policy = policy
        self._first: dict[int, str] = {}
        self._known: dict[str, list[tuple[int, str]]] = {}
        for number, archive in enumerate(archives):
            members = SeekIndex(index_path(index_folder, archive)).members
            if members:
                self._first[number] = last_part(members[0].name)
            for member in members:
                self._known.setdefault(last_part(member.name), []).append((number, member.name))

    def assigned(self, jobs: Iterable[Job]) -> Iterator[tuple[int, bool, Job]]:
        """Yield each image with the number of its archive, and whether that can be wrong by one at most."""
        unnamed = []
        for job in jobs:
            known, named = self._known_place(job.remote.path), self._named_place(job.remote.path)
            number = named if known is None else known
            if number is None:
                unnamed.append(job)
            else:
                yield number, named is not None and abs(named - number) <= 1, job
        if unnamed:
            starts = self._starts()
            names = [name for name, _ in starts]
            is_near = len(starts) == len(self._archives)
            for job in unnamed:
                at = bisect_right(names, last_part(job.remote.path))
                yield starts[max(0, at - 1)][1], is_near, job

    def _known_place(self, path: str) -> int | None:
        places = self._known.get(last_part(path), [])
        exact = {number for number, name in places if self._archives[number].prefix + name == path}
        alike = exact or {number for number, name in places if is_alike(path, name)}
        return alike.pop() if len(alike) == 1 else None

    def _named_place(self, path: str) -> int | None:
        for number, archive in enumerate(self._archives):
            if archive.prefix and path.startswith(archive.prefix):
                return number
        return None

    def _starts(self) -> list[tuple[str, int]]:
        """Return the archives' first names, ascending, with their numbers; else the first archive alone."""
        starts = []
        for number, archive in enumerate(self._archives):
            name = self._first.get(number) or self._first_name(archive)
            if name:
                starts.append((name, number))
        in_order = all(before < after for before, after in pairwise(starts))
        return starts if starts and in_order else [("", 0)]

    def _first_name(self, archive: Archive) -> str:
        """Return the first file's name; empty where the archive is none, or cannot be had now."""
        try:
            return call_with_retries(lambda: _first_name(self._host, archive), self._policy)
        except (RequestError, TarError):
            return ""


def _first_name(host: Host, archive: Archive) -> str:
    source = ArchiveSource(host, archive.remote, _Nobody(), patience=0.0)
    with closing(source):
        source.seek(0, _SAMPLE)
        stream = GzipStream(source, f"{archive.remote.path} at {host.key}")
        for _ in range(_MOST):
            member = next_member(stream)
            if member is None:
                break
            if not member.fault:
                return last_part(member.name)
            stream.skip(member.end - stream.position)
    return ""


class _Nobody:
    """Whom nothing needs to be told."""

    stopping = False

    def moved(self, size: int) -> None:
        """Ignore it."""

    def kept(self, size: int) -> None:
        """Ignore it."""

    def done(self, job: Job, result: Fetched | Failure) -> None:
        """Ignore it."""
