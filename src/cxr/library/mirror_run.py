"""What a run of `cxr mirror` is asked for, what it did, and how it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from cxr.errors import InterruptedRunError
from cxr.ledger.runs import RunOutcome
from cxr.library.mirror_book import MirrorBook
from cxr.library.mirror_place import Destination
from cxr.library.mirror_there import There
from cxr.library.open import Library
from cxr.library.prepare import Prepared


@dataclass(frozen=True, slots=True)
class MirrorRequest:
    """What is to be mirrored, and how.

    Attributes:
        prepared: Which images, and from where.
        to: Where to.
        metadata_only: No images.
        reports: The archive of all reports, too.
        verify: Read again what is there, and bring what is not as published.
        there: What is there, where it was listed for the plan.
    """

    prepared: Prepared
    to: Destination
    metadata_only: bool = False
    reports: bool = False
    verify: bool = False
    there: There | None = None


@dataclass(slots=True)
class MirrorSummary:
    """What a run did.

    Attributes:
        source: Key of the dataset.
        release: Key of the release.
        host: Key of the host.
        to: The destination, as people read it.
        tree: The release's folder there; empty where its files lie at the top.
        suffix: What the names of its images end in.
        selected: Images that were asked for.
        copied: Images that came in now.
        found: Images that lay there and are right: read or, where the store vouches for them, not.
        already: Images that the ledger and the listing have, unread.
        failed: Images that could not be had.
        metadata: Files that are no images and are in place.
        metadata_failed: Those that could not be had.
        repaired: Files that lay there, were not as published, and were brought again.
        bytes: Bytes of everything that came in now.
        received: Bytes that came over the network for the images.
        images_there: Images at the destination, from all runs.
        seconds: Wall time.
    """

    source: str
    release: str
    host: str
    to: str
    tree: str
    selected: int
    suffix: str = ""
    copied: int = 0
    found: int = 0
    already: int = 0
    failed: int = 0
    metadata: int = 0
    metadata_failed: int = 0
    repaired: int = 0
    bytes: int = 0
    received: int = 0
    images_there: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """1 when a file failed, else 0."""
        return 1 if self.failed or self.metadata_failed else 0

    @property
    def ended(self) -> int:
        """Images whose outcome is known."""
        return self.copied + self.found + self.already + self.failed

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)

    def named(self, name: str) -> None:
        """Take notice of an image's name."""
        self.suffix = self.suffix or PurePosixPath(name).suffix


@contextmanager
def recorded(state: Library, prepared: Prepared, summary: MirrorSummary) -> Iterator[MirrorBook]:
    """Keep the book of one run, and write how the run ended however it ends.

    Raises:
        InterruptedRunError: in place of the KeyboardInterrupt that stopped it.
    """
    started = time.monotonic()
    book = MirrorBook.begin(state, prepared)
    outcome = RunOutcome.ERROR
    try:
        yield book
        outcome = RunOutcome.FAILURES if summary.exit_code else RunOutcome.DONE
    except KeyboardInterrupt:
        outcome = RunOutcome.INTERRUPTED
        raise InterruptedRunError(
            f"Stopped: {summary.ended:,} of {summary.selected:,} images were done.",
            think="Everything finished is kept; nothing half-written has its name.",
            next_step="The same command goes on where it stopped.",
        ) from None
    finally:
        summary.seconds = round(time.monotonic() - started, 3)
        book.flush()
        summary.images_there = book.images()
        book.end(outcome, summary.to_json())
