"""`cxr download`: bring the selected images in, and write down what came of each."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cxr.index.read import out_of_date, places_elsewhere
from cxr.ledger.read import Finished, finished
from cxr.library.book import Book
from cxr.library.captioning import Captions
from cxr.library.naming import image_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.published import keep_tables
from cxr.library.refusals import Refusals
from cxr.library.run import DownloadSummary, recorded
from cxr.library.skipping import why_no_image
from cxr.model import Failure, Fetched, Record, Remote
from cxr.progress import Progress
from cxr.transfer.decide import Action, decide
from cxr.transfer.fetch import fetch, verify_found
from cxr.transfer.unit import Job
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
    # A repair is no download that `--resume` could take up again.
    verb = "download" if again is None else "repair"
    with recorded(library, prepared, verb, summary) as book:
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
        self.out_of_date = out_of_date(library.database, summary.source, prepared.reading)

    def go(self, again: AbstractSet[str] | None) -> None:
        keep_tables(self.library, self.prepared)
        tasks = self._tasks() if again is None else self._tasks_again(again)
        workers = self.prepared.request.workers or self.library.config.download.concurrent_downloads
        for task, result in in_threads(self._carry_out, tasks, workers):
            self._write_down(task, result)

    def _tasks_again(self, image_ids: AbstractSet[str]) -> Iterator[_Task]:
        for record in self.prepared.records():
            if record.image_id in image_ids:
                remote = self.prepared.remote(record)
                yield _Task(record, Job(record.image_id, remote, image_name(record, remote)), Action.FETCH)

    def _tasks(self) -> Iterator[_Task]:
        """Yield what is to be done; write down at once what is complete."""
        source, database = self.summary.source, self.library.database
        known = finished(database, source)
        elsewhere = places_elsewhere(database, source)
        on_disk = self.store.listing()
        refused = Refusals(database, self.prepared)
        for record in self.prepared.records():
            remote = self.prepared.remote(record)
            refused.check(record, remote)
            name = image_name(record, remote)
            entry = known.get(record.image_id)
            action = decide(entry.size if entry else None, on_disk.get(name))
            if record.image_id in elsewhere:
                self._leave(record)
            elif action is Action.KEEP and entry is not None:
                self._keep(record, entry)
            elif reason := self._why_no_image(remote):
                self._skip(record, remote, reason)
            else:
                yield _Task(record, Job(record.image_id, remote, name), action)

    def _why_no_image(self, remote: Remote) -> str:
        """Return why a file that no table names is no image, or nothing."""
        if self.prepared.published.tables or not self.prepared.files:
            return ""
        return why_no_image(self.prepared.host, remote)

    def _keep(self, record: Record, entry: Finished) -> None:
        if record.image_id in self.out_of_date:
            self.captions.write(record, image_quality=self.out_of_date[record.image_id])
            self.book.kept(record, entry)
        self._leave(record)

    def _leave(self, record: Record) -> None:
        self.captions.ensure(record)
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
            self.captions.write(task.record)
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
