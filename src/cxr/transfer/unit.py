"""What the engine moves: a unit is some images that one connection brings, in one attempt or several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from cxr.hosts import Host
from cxr.images.placement import Shrink
from cxr.model import Failure, Fetched, Remote
from cxr.stores import Store


@dataclass(frozen=True, slots=True)
class Job:
    """One image to be had.

    Attributes:
        image_id: Which.
        remote: What the host calls it; for a member of an archive, its path in the published tree.
        name: Its file name in the store.
        shrink: What is made of it on the way; ``None`` keeps its bytes.
    """

    image_id: str
    remote: Remote
    name: str
    shrink: Shrink | None = None


class Report(Protocol):
    """What an attempt tells while it runs, from its own thread."""

    def moved(self, size: int) -> None:
        """So many more bytes came over the connection."""
        ...

    def kept(self, size: int) -> None:
        """So many more bytes are on the disk, and the next attempt goes on from there."""
        ...

    def done(self, job: Job, result: Fetched | Failure) -> None:
        """One image is decided."""
        ...

    @property
    def stopping(self) -> bool:
        """The run is being stopped: return soon, and leave what is not done."""
        ...


class Unit(Protocol):
    """Some images that are had over one connection. It can be pickled: another process may carry it out."""

    @property
    def jobs(self) -> Sequence[Job]:
        """The images that are wanted."""
        ...

    @property
    def size(self) -> int:
        """Bytes that will have to come, about; 0 where nobody knows."""
        ...

    @property
    def exclusive(self) -> str:
        """Units with the same name here, unless it is empty, are never under way together."""
        ...

    def attempt(self, host: Host, store: Store, report: Report) -> None:
        """Try once. Each image that is had, or that cannot be had, is reported; others are left.

        Raises:
            TransientError: the connection did not hold; what was reported stays reported.
            RefusedError: the host gives none of those that are left.
            StorageError: the store cannot be written.
        """
        ...

    def without(self, done: frozenset[str]) -> Self:
        """Return the unit for those jobs alone whose image ids are not among ``done``."""
        ...

    def elsewhere(self) -> Iterator["Unit"]:
        """Yield units that look for these images in other places, after an attempt that did not find them.

        An image in none of them is not at this host.
        """
        ...
