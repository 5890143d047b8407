"""`cxr index`: a library over images that stay where the user has them, unread and unchanged."""

from cxr.index.read import out_of_date, places_elsewhere
from cxr.ledger.read import finished
from cxr.library.book import Book
from cxr.library.captioning import Captions
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.refusals import Refusals
from cxr.library.run import DownloadSummary, recorded
from cxr.library.skipping import why_no_image
from cxr.model import Remote
from cxr.progress import Progress


def adopt(library: Library, prepared: Prepared, progress: Progress) -> DownloadSummary:
    """Index the selected images where they are: rows point there, captions are written, nothing is copied.

    Tables and listings alone are read, but for the first bytes of files that no table names, which tell
    images from other files. What the library holds itself keeps its row.

    Raises:
        InterruptedRunError: it was stopped; what was indexed is kept.
        StorageError: the library's disk is full or read-only.
    """
    summary = DownloadSummary.of(prepared)
    with recorded(library, prepared, "index", summary) as book:
        progress.start(prepared.dataset.TITLE, summary.selected, None)
        try:
            _adopt_all(library, prepared, progress, book, summary)
        finally:
            progress.finish()
    return summary


def _adopt_all(
    library: Library, prepared: Prepared, progress: Progress, book: Book, summary: DownloadSummary
) -> None:
    database, source = library.database, summary.source
    own = finished(database, source)
    known = places_elsewhere(database, source)
    stale = out_of_date(database, source, prepared.reading)
    captions = Captions(library, prepared)
    refused = Refusals(database, prepared)
    for record in prepared.records():
        remote = prepared.remote(record)
        refused.check(record, remote)
        same_place = known.get(record.image_id) == _place(prepared, remote)
        if record.image_id in own or (same_place and record.image_id not in stale):
            captions.ensure(record)
            summary.already += 1
        elif reason := _why_not(prepared, remote):
            book.skipped(record, remote, reason)
            summary.skipped += 1
        else:
            captions.write(record, image_quality=stale.get(record.image_id, "") if same_place else "")
            book.adopted(record, remote)
            summary.adopted += 1
        progress.advance(files=1)


def _place(prepared: Prepared, remote: Remote) -> str:
    """Return where a file lies, as the index has it."""
    return str(prepared.host.local_path(remote) or prepared.host.url(remote))


def _why_not(prepared: Prepared, remote: Remote) -> str:
    """Return why a file cannot be adopted, or nothing."""
    place = prepared.host.local_path(remote)
    if place is not None and not _is_utf8(str(place)):
        return "its path is not UTF-8, which the index cannot hold: rename it, or let `cxr download` copy it"
    return "" if prepared.published.tables else why_no_image(prepared.host, remote)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
