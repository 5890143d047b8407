"""`cxr download`: bring the selected images in, and write down what came of each."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cxr.index.collisions import Collisions
from cxr.index.read import places_elsewhere
from cxr.ledger.read import Finished, finished
from cxr.library.book import Book
from cxr.library.captioning import Captions
from cxr.library.naming import image_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.published import keep_tables
from cxr.library.run import DownloadSummary, recorded
from cxr.library.skipping import why_no_image
from cxr.model import Failure, Fetched, Record, Remote
from cxr.progress import Progress
from cxr.transfer.decide import Action, decide
from cxr.transfer.fetch import Job, fetch, verify_found
from cxr.transfer.window import in_threads


@dataclass(frozen=True, slots=True)
class _Task:
    """One image that is to be fetched, or verified where it was found."""

    record: Record
    job: Job
    action: Action


def download(
    library: Library, prepared: Prepared, progress: Progress, *, again: AbstractSet[str] | None = None
) -> DownloadSummary:
    """Bring every selected image into the library that is not there already.

    An image that cannot be had is a row of the ledger with its reason; the run goes on.

    Args:
        library: Open for writing.
        prepared: What to bring.
        progress: Who watches.
        again: Bring these images alone, whether they are there or not.

    Raises:
        InterruptedRunError: it was stopped; what was finished is kept.
        StorageError: the library's disk is full or read-only; what was finished is kept.
        UsageError: the release's file names would collide with those of another one.
    """
    summary = DownloadSummary.of(prepared)
    with recorded(library, prepared, "download", summary) as book:
        progress.start(prepared.dataset.TITLE, summary.selected, prepared.size or None)
        try:
            _Run(library, prepared, progress, book, summary).go(again)
        finally:
            progress.finish()
    return summary


class _Run:
    """The parts of one download that its steps share."""

    def __init__(
        self, library: Library, prepared: Prepared, progress: Progress, book: Book, summary: DownloadSummary
    ) -> None:
        self.library = library
        self.prepared = prepared
        self.progress = progress
        self.book = book
        self.summary = summary
        self.store = library.store()
        self.captions = Captions(library, prepared)

    def go(self, again: AbstractSet[str] | None) -> None:
        tables_changed = keep_tables(self.library, self.prepared)
        tasks = self._tasks(refresh=tables_changed) if again is None else self._tasks_again(again)
        workers = self.prepared.request.workers or self.library.config.download.concurrent_downloads
        for task, result in in_threads(self._carry_out, tasks, workers):
            self._write_down(task, result)

    def _tasks_again(self, image_ids: AbstractSet[str]) -> Iterator[_Task]:
        for record in self.prepared.records():
            if record.image_id in image_ids:
                remote = self.prepared.remote(record)
                yield _Task(record, Job(record.image_id, remote, image_name(record, remote)), Action.FETCH)

    def _tasks(self, *, refresh: bool) -> Iterator[_Task]:
        """Yield what is to be done; write down at once what is complete."""
        known = finished(self.library.database, self.summary.source)
        elsewhere = places_elsewhere(self.library.database, self.summary.source)
        on_disk = self.store.listing()
        may_be_others = bool(self.prepared.files) and not self.prepared.published.tables
        collisions = Collisions(self.library.database, self.summary.source, self.summary.release)
        for record in self.prepared.records():
            collisions.refuse(record)
            remote = self.prepared.remote(record)
            name = image_name(record, remote)
            entry = known.get(record.image_id)
            action = decide(entry.size if entry else None, on_disk.get(name))
            if action is Action.KEEP or record.image_id in elsewhere:
                self._keep(record, entry if refresh else None)
            elif may_be_others and (reason := why_no_image(self.prepared.host, remote)):
                self._skip(record, remote, reason)
            else:
                yield _Task(record, Job(record.image_id, remote, name), action)

    def _keep(self, record: Record, changed: Finished | None) -> None:
        self.captions.ensure(record, rewrite=changed is not None)
        if changed is not None:
            self.book.kept(record, changed)
        self.summary.already += 1
        self.progress.advance(files=1)

    def _skip(self, record: Record, remote: Remote, reason: str) -> None:
        self.book.skipped(record, remote, reason)
        self.summary.skipped += 1
        self.progress.advance(files=1)

    def _carry_out(self, task: _Task) -> tuple[_Task, Fetched | Failure]:
        host = self.prepared.host
        if task.action is Action.VERIFY and (found := verify_found(host, self.store, task.job)) is not None:
            result: Fetched | Failure = found
        else:
            result = fetch(host, self.store, task.job)
        if isinstance(result, Fetched):
            self.captions.ensure(task.record, rewrite=task.action is Action.FETCH)
        return task, result

    def _write_down(self, task: _Task, result: Fetched | Failure) -> None:
        if isinstance(result, Fetched):
            self.book.fetched(task.record, result)
            self.summary.downloaded += 1
            self.summary.bytes += result.size
            self.progress.advance(files=1, size=result.size)
        else:
            self.book.failed(task.record, result)
            self.summary.failed += 1
            self.progress.advance(files=1, failed=1)
