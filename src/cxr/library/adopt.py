"""`cxr index`: a library over images that stay where the user has them, unread and unchanged."""

from cxr.hosts import Host
from cxr.images.formats import sniff
from cxr.ledger.read import finished
from cxr.library.book import Book
from cxr.library.captioning import Captions
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.run import DownloadSummary, recorded
from cxr.model import Record, Remote
from cxr.progress import Progress

_HEAD = 4096


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
    held = finished(library.database, summary.source)
    captions = Captions(library, prepared)
    for record in prepared.records():
        remote = prepared.remote(record)
        reason = "" if prepared.published.tables else _why_no_image(prepared.host, remote)
        if record.image_id in held:
            summary.already += 1
        elif reason:
            book.skipped(record, remote, reason)
            summary.skipped += 1
        else:
            captions.ensure(record, rewrite=False)
            book.adopted(record, remote)
            summary.adopted += 1
        progress.advance(files=1)


def _why_no_image(host: Host, remote: Remote) -> str:
    """Return why a file is no image, or nothing; a file that cannot be read is left to validation."""
    try:
        with host.open(remote) as blocks:
            head = next(blocks, b"")[:_HEAD]
    except OSError:
        return ""
    if not head or sniff(head) is not None:
        return ""
    return "it does not begin as any image format does"
