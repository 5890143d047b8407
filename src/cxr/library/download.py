"""`cxr download`: bring the selected images in, and write down what came of each."""

import os
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass

from cxr.errors import HostError
from cxr.hosts import Host
from cxr.http import RequestError
from cxr.index.read import out_of_date, places_elsewhere
from cxr.ledger.read import Finished, finished
from cxr.library.all_there import all_there
from cxr.library.book import Book
from cxr.library.captioning import Captions
from cxr.library.connecting import retry_policy
from cxr.library.naming import image_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.library.published import keep_tables
from cxr.library.refusals import Refusals
from cxr.library.run import DownloadSummary, recorded
from cxr.library.shrinking import named_as_written, require_one_form, shrink_of
from cxr.library.skipping import why_no_image
from cxr.model import Failure, Fetched, Record, Remote
from cxr.progress import Progress
from cxr.transfer.decide import Action, decide
from cxr.transfer.engine import Engine
from cxr.transfer.fetch import verify_found
from cxr.transfer.movers import movers_for
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
        UsageError: the release's file names would collide with those of another one, or the library has
            images of the dataset in another form.
    """
    summary = DownloadSummary.of(prepared)
    require_one_form(library, summary.source, prepared.request.shrink)
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
        self.workers = prepared.request.workers or library.config.download.concurrent_downloads
        self._under_way: dict[str, Record] = {}

    def go(self, again: AbstractSet[str] | None) -> None:
        keep_tables(self.library, self.prepared)
        stale, done = self.out_of_date.keys(), self.prepared.done
        if again is None and all_there(self.library, self.prepared, self.captions, stale=stale, done=done):
            self.summary.already = self.summary.selected
            self.progress.advance(files=self.summary.selected)
            return
        tasks = self._tasks() if again is None else self._tasks_again(again)
        host = self._opened()
        engine = Engine(
            host,
            self.store,
            connections=self.workers,
            policy=retry_policy(self.library.config),
            movers=self._movers(host),
            moved=self._moved,
        )
        units = self.prepared.holdings.units(self._jobs(tasks))
        with closing(engine.run(units)) as results:
            for job, result in results:
                self._write_down(self._under_way.pop(job.image_id), result)
        self.prepared.holdings.close(complete=not self.summary.failed)

    def _opened(self) -> Host:
        """Return the host that units are carried out with.

        Raises:
            HostError: what has to be there first could not be had.
        """
        try:
            return self.prepared.holdings.open(self._moved)
        except RequestError as error:
            raise HostError(
                f"The archive of {self.prepared.dataset.TITLE} could not be had from "
                f"{self.prepared.host.key}: {error.reason}",
                think="It has to come whole, since the host gives no parts of it now.",
                next_step="Try the same command again later: the host may give parts again.",
            ) from error

    def _moved(self, size: int) -> None:
        self.summary.received += size
        self.progress.advance(size=size)

    def _movers(self, host: Host) -> int:
        """Return how many further processes move the bytes."""
        to_come = self.summary.selected - self.prepared.already
        size = self.prepared.size - self.prepared.size_already
        return movers_for(size, os.cpu_count() or 1) if host.ceiling and to_come else 0

    def _jobs(self, tasks: Iterable[_Task]) -> Iterator[Job]:
        """Yield what has to be fetched; what lies in the library and is right is written down at once."""
        for task, found in in_threads(self._verify, tasks, self.workers):
            self._under_way[task.record.image_id] = task.record
            if found is None:
                yield task.job
            else:
                self._write_down(self._under_way.pop(task.record.image_id), found)

    def _verify(self, task: _Task) -> tuple[_Task, Fetched | None]:
        if task.action is not Action.VERIFY:
            return task, None
        return task, verify_found(self.prepared.host, self.store, task.job)

    def _tasks_again(self, image_ids: AbstractSet[str]) -> Iterator[_Task]:
        for record in self.prepared.records():
            if record.image_id in image_ids:
                remote = self.prepared.remote(record)
                yield _Task(record, self._job(record, remote), Action.FETCH)

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
            job = self._job(record, remote)
            entry = known.get(record.image_id)
            action = decide(entry.size if entry else None, on_disk.get(job.name))
            if record.image_id in elsewhere:
                self._leave(record)
            elif action is Action.KEEP and entry is not None:
                self._keep(record, entry)
            elif reason := self._why_no_image(remote):
                self._skip(record, remote, reason)
            else:
                yield _Task(record, job, action)

    def _job(self, record: Record, remote: Remote) -> Job:
        shrink = self.prepared.request.shrink
        name = named_as_written(image_name(record, remote), shrink, remote)
        return Job(record.image_id, remote, name, shrink_of(shrink, remote))

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

    def _write_down(self, record: Record, result: Fetched | Failure) -> None:
        if isinstance(result, Fetched):
            self.captions.write(record)
            self.book.fetched(record, result)
            self.summary.downloaded += 1
            self.summary.bytes += result.size
            # What comes over a network was told while it came.
            self.progress.advance(files=1, size=0 if self.prepared.host.ceiling else result.size)
        else:
            self.book.failed(record, result)
            self.summary.failed += 1
            self.progress.advance(files=1, failed=1)
