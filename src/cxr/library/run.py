"""What every run over images has in common: its summary, its row in the database, and how it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from cxr.errors import CxrError, InterruptedRunError
from cxr.ledger.runs import RunOutcome
from cxr.library.book import Book
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.refresh import refresh_files
from cxr.library.requests import to_json
from cxr.logs import get_logger

_log = get_logger(__name__)


@dataclass(slots=True)
class DownloadSummary:
    """What a run did.

    Attributes:
        source: Key of the dataset.
        release: Key of the release.
        published: Records that the tables name.
        present: Of these, records with a file at the host.
        selected: Of these, records that were asked for.
        downloaded: Images that came in now.
        adopted: Images that stay where they are, indexed now: new ones, and those whose tables changed.
        already: Images that were complete before.
        skipped: Files that are no images.
        failed: Images that could not be had.
        bytes: Bytes of the images that came in now.
        received: Bytes that came over the network for them.
        host: Key of the host.
        seconds: Wall time.
        table_problems: Rows of the tables that could not be used as they stand.
        unmatched: Images of the folder that no table names.
        patients_missing: Patients asked for of whom no record is present.
    """

    source: str
    release: str
    published: int
    present: int
    selected: int
    downloaded: int = 0
    adopted: int = 0
    already: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    received: int = 0
    host: str = ""
    seconds: float = 0.0
    table_problems: int = 0
    unmatched: int = 0
    patients_missing: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 when some images failed, else 0."""
        return 1 if self.failed else 0

    @property
    def ended(self) -> int:
        """Images whose outcome is known."""
        return self.downloaded + self.adopted + self.already + self.skipped + self.failed

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, prepared: Prepared) -> "DownloadSummary":
        """Begin the summary of a run."""
        return cls(
            source=prepared.request.source,
            release=prepared.release.key,
            published=prepared.total,
            present=prepared.present,
            selected=prepared.counts.selected,
            host=prepared.host.key,
            table_problems=len(prepared.problems),
            unmatched=prepared.unmatched,
            patients_missing=prepared.counts.patients_missing,
        )


@contextmanager
def recorded(library: Library, prepared: Prepared, verb: str, summary: DownloadSummary) -> Iterator[Book]:
    """Keep the book of one run, and write how the run ended however it ends.

    Raises:
        InterruptedRunError: in place of the KeyboardInterrupt that stopped it.
    """
    started = time.monotonic()
    book = Book.begin(library, prepared, verb)
    _log.info("run begins", verb=verb, via=prepared.host.key, **to_json(prepared.request))
    for problem in prepared.problems:
        _log.warning("table", source=summary.source, **asdict(problem))
    try:
        yield book
    except KeyboardInterrupt:
        _end(book, RunOutcome.INTERRUPTED, summary, started)
        raise InterruptedRunError(
            f"Stopped: {summary.ended:,} of {summary.selected:,} images were done.",
            think="Everything finished is kept; nothing half-written counts as done.",
            next_step="The same command goes on where it stopped.",
        ) from None
    except CxrError as error:
        _log.error("run ends", source=summary.source, error=str(error), verb=verb)
        _end(book, RunOutcome.ERROR, summary, started)
        raise
    except Exception:
        _end(book, RunOutcome.ERROR, summary, started)
        raise
    _end(book, RunOutcome.FAILURES if summary.failed else RunOutcome.DONE, summary, started)


def _end(book: Book, outcome: RunOutcome, summary: DownloadSummary, started: float) -> None:
    summary.seconds = round(time.monotonic() - started, 3)
    _log.info("run ends", outcome=str(outcome), **summary.to_json())
    book.end(outcome, summary.to_json())
    refresh_files(book.library)
