"""Images that are members of tar.gz archives at a host: had while these stream, or by seek index."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cxr.hosts import Host
from cxr.library.file_sizes import known_of
from cxr.library.wanted import Wanted
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.seek_index import window_of
from cxr.transfer.tar_route import tar_units
from cxr.transfer.unit import Job, Unit


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
                whole = known_of(self.host, archive.remote, self.policy).size
                share = size * number // max(1, wanted.total())
                window = window_of(self.index_folder, archive)
                reading += whole if window is None else min(whole, share + number * window)
        return reading

    def open(self, moved: Callable[[int], None]) -> Host:  # noqa: ARG002  the protocol's argument
        """Return the host."""
        return self.host

    def units(self, jobs: Iterable[Job]) -> Iterator[Unit]:
        """Yield a unit an archive."""
        return tar_units(self.host, jobs, self.index_folder, self.policy)

    def close(self, *, complete: bool) -> None:
        """Do nothing: nothing lies about."""
