"""Writing down what came of each image: index, ledger and download log, in batches."""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cxr import datasets
from cxr.index.rows import IndexRow
from cxr.index.write import write_problems, write_records
from cxr.ledger.read import Finished
from cxr.ledger.runs import RunOutcome, begin_run, end_run
from cxr.ledger.write import Outcome, write_outcomes
from cxr.library.naming import as_indexed, caption_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.refresh import mark_stale
from cxr.library.requests import to_json
from cxr.logs import get_logger
from cxr.model import Failure, Fetched, Record, Remote, Status, Transfer
from cxr.stores.appending import append_lines

_log = get_logger(__name__)

_BATCH = 500
_SECONDS = 5.0


@dataclass(slots=True)
class Book:
    """Collects outcomes and writes them when a batch is full or some seconds have passed.

    Attributes:
        library: Where to.
        prepared: The request that is being carried out.
        run: Number of the run.
    """

    library: Library
    prepared: Prepared
    run: int
    _rows: list[IndexRow] = field(default_factory=list)
    _outcomes: list[Outcome] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, library: Library, prepared: Prepared, verb: str) -> "Book":
        """Open the book of a run; the problems of the tables are its first entry."""
        source = prepared.request.source
        run = begin_run(library.database, verb, source, to_json(prepared.request))
        write_problems(library.database, source, prepared.problems)
        return cls(library, prepared, run)

    def fetched(self, record: Record, fetched: Fetched) -> None:
        """Write down an image whose bytes are in the library."""
        self._rows.append(self._row_in_library(record, fetched))
        self._outcomes.append(Outcome(record.image_id, self.prepared.host.key, fetched))
        self._written()

    def kept(self, record: Record, finished: Finished) -> None:
        """Write the row of an image again that is complete already: what is published about it changed.

        Whence and when its bytes came stays as it was.
        """
        was = Fetched(*finished, url="", how=Transfer.FOUND, seconds=0.0)
        self._rows.append(replace(self._row_in_library(record, was), downloaded_at=""))
        self._written()

    def adopted(self, record: Record, remote: Remote) -> None:
        """Write down an image whose bytes stay where the user has them."""
        place = self.prepared.host.local_path(remote)
        url = self.prepared.host.url(remote)
        self._rows.append(
            self._row(
                record,
                image_path=url if place is None else str(place),
                status=Status.ADOPTED,
                size=remote.size,
                source_url=url,
                downloaded_at="",
            )
        )
        self._written()

    def skipped(self, record: Record, remote: Remote, reason: str) -> None:
        """Write down a visible file that is not an image."""
        url = self.prepared.host.url(remote)
        place = self.prepared.host.local_path(remote)
        self._rows.append(
            self._row(
                record,
                image_path=url if place is None else str(place),
                caption_path="",
                status=Status.SKIPPED,
                status_reason=reason,
                size=remote.size,
                source_url=url,
                downloaded_at="",
            )
        )
        self._written()

    def failed(self, record: Record, failure: Failure) -> None:
        """Write down an image that could not be had."""
        self._outcomes.append(Outcome(record.image_id, self.prepared.host.key, failure))
        _log.error("image failed", source=record.source, **asdict(failure))
        self._written()

    def flush(self) -> None:
        """Write what was collected, in one transaction, then append it to the download log."""
        self._flushed = time.monotonic()
        if not self._rows and not self._outcomes:
            return
        database, source = self.library.database, self.prepared.request.source
        with database.transaction():
            mark_stale(database)
            write_records(database, self._rows, datasets.labeller)
            write_outcomes(database, source, self.run, self._outcomes)
        self._append_log()
        self._rows.clear()
        self._outcomes.clear()

    def end(self, outcome: RunOutcome, counts: dict[str, Any]) -> None:
        """Write what is left and how the run ended."""
        self.flush()
        end_run(self.library.database, self.run, outcome, counts)

    def _row_in_library(self, record: Record, fetched: Fetched) -> IndexRow:
        return self._row(
            record,
            image_path=as_indexed(self.library.layout, self.library.layout.images / fetched.name),
            status=Status.DOWNLOADED,
            size=fetched.size,
            sha256=fetched.sha256,
            width=fetched.width,
            height=fetched.height,
            bit_depth=fetched.bit_depth,
            source_url=fetched.url,
            original=fetched.original,
            pixel_processing=self._processing(record, fetched),
        )

    def _row(self, record: Record, **about_the_file: Any) -> IndexRow:
        dataset = self.prepared.dataset
        caption = as_indexed(self.library.layout, self.library.layout.captions / caption_name(record))
        own = {
            "caption_path": caption,
            "downloaded_at": _now(),
            "pixel_processing": self.prepared.release.pixel_processing,
        }
        return IndexRow(
            record=record,
            licence=dataset.TERMS.licence,
            attribution=record.attribution or dataset.ATTRIBUTION,
            reading=self.prepared.reading,
            **(own | about_the_file),
        )

    def _processing(self, record: Record, fetched: Fetched) -> str:
        """Return what was done to the pixels, by the dataset's authors and by us."""
        theirs = self.prepared.release.pixel_processing
        if self.prepared.request.shrink is None:
            return theirs
        if fetched.original is not None:
            ours = fetched.original.processing
        else:  # it is there already, and only its row is written again
            ours = str(
                self.library.database.value(
                    "SELECT coalesce(max(o.processing), '') FROM images i JOIN originals o ON o.image = i.id "
                    "WHERE i.source = ? AND i.image_id = ?",
                    (record.source, record.image_id),
                )
            )
        return "; ".join(filter(None, (theirs, ours and f"by cxr: {ours}")))

    def _written(self) -> None:
        full = len(self._rows) + len(self._outcomes) >= _BATCH
        if full or time.monotonic() - self._flushed > _SECONDS:
            self.flush()

    def _append_log(self) -> None:
        if not self._outcomes:
            return
        log = self.library.layout.download_log
        lines = [json.dumps(_log_line(self.prepared.request.source, one)) for one in self._outcomes]
        append_lines(log, lines)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _log_line(source: str, outcome: Outcome) -> dict[str, object]:
    common: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "source": source,
        "image_id": outcome.image_id,
        "host": outcome.host,
    }
    result = outcome.result
    if isinstance(result, Failure):
        return common | {"outcome": "failed", "code": result.code, "reason": result.reason, "url": result.url}
    return common | {
        "outcome": "downloaded",
        "how": str(result.how),
        "name": result.name,
        "bytes": result.size,
        "sha256": result.sha256,
        "seconds": round(result.seconds, 4),
        "url": result.url,
    }
