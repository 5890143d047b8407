"""`cxr mirror`: the published tree of a release at another place, unchanged and verified."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from cxr.errors import HostError
from cxr.hosts import Host
from cxr.http import RequestError
from cxr.ledger.read import Finished, finished
from cxr.library.connecting import retry_policy
from cxr.library.mirror_book import MirrorBook
from cxr.library.mirror_failures import failures_put
from cxr.library.mirror_others import Others
from cxr.library.mirror_place import checks_arrivals, refuse_public
from cxr.library.mirror_run import MirrorRequest, MirrorSummary, recorded
from cxr.library.mirror_there import There
from cxr.library.mirror_tree import failed_list, others, tree_of
from cxr.library.open import Library
from cxr.library.published import keep_tables
from cxr.model import Failure, Fetched, Transfer
from cxr.progress import Progress
from cxr.stores import Store, Stored
from cxr.transfer.decide import Action, decide
from cxr.transfer.engine import Engine
from cxr.transfer.fetch import verify_found
from cxr.transfer.movers import movers_for
from cxr.transfer.unit import Job
from cxr.transfer.window import in_threads


def mirror(state: Library, request: MirrorRequest, progress: Progress) -> MirrorSummary:
    """Bring the release's other files and then every selected image to the destination, as published.

    A file that cannot be had is a row of the ledger with its reason; the run goes on. What lies there and is
    not in the ledger is read, and taken up where it is right.

    Args:
        state: Open for writing.
        request: What to bring, and where to.
        progress: Who watches.

    Raises:
        InterruptedRunError: it was stopped; what was finished is kept.
        TermsError: the destination is public, and the dataset's terms forbid that.
        StorageError: the destination cannot be written; what was finished is kept.
        AccessError: the host does not let us in.
        HostError: the host or the network gave up.
    """
    prepared, tree = request.prepared, tree_of(request.prepared.release)
    summary = MirrorSummary(
        source=prepared.request.source,
        release=prepared.release.key,
        host=prepared.host.key,
        to=request.to.text,
        tree=tree.root,
        selected=0 if request.metadata_only else prepared.counts.selected,
    )
    store = request.to.store(state.layout)
    refuse_public(store, summary.source, tree.roots)
    failed = failed_list(tree, summary.source)
    with failures_put(store, failed, state.layout.failed_images), recorded(state, prepared, summary) as book:
        run = _Mirror(state, request, store, progress=progress, book=book, summary=summary)
        try:
            run.go()
        finally:
            progress.finish()
    return summary


@dataclass(frozen=True, slots=True)
class _Task:
    """One image that is to be fetched, or verified where it was found."""

    job: Job
    action: Action
    known: Finished | None


class _Mirror:
    """One run."""

    def __init__(  # noqa: PLR0913  what is asked, two sides, who listens and what is written
        self,
        state: Library,
        request: MirrorRequest,
        store: Store,
        *,
        progress: Progress,
        book: MirrorBook,
        summary: MirrorSummary,
    ) -> None:
        self.state, self.request, self.prepared = state, request, request.prepared
        self.progress, self.book, self.summary = progress, book, summary
        self.tree = tree_of(self.prepared.release)
        self.store, self.believed = store, checks_arrivals(store)
        self.policy = retry_policy(state.config)
        self.workers = self.prepared.request.workers or state.config.download.concurrent_downloads
        self.known: Mapping[str, Finished] = finished(state.database, summary.source)
        self.there = request.there or There(())
        self.md5s: dict[str, str] = {}
        self._verified: dict[str, Action] = {}

    def go(self) -> None:
        """List what is there, unless the plan did, then bring what is not."""
        if self.request.there is None:
            self.there = There(self._listed())
        keep_tables(self.state, self.prepared)
        self._bring_others()
        if not self.request.metadata_only:
            self._bring_images(self._opened())

    def _listed(self) -> Iterator[Stored]:
        for file in self.request.to.stored(self.tree.roots, self.state.layout):
            if file.md5 and not self.known:
                self.md5s[file.name] = file.md5
            yield file

    def _opened(self) -> Host:
        prepared = self.prepared
        try:
            return prepared.holdings.open(self._moved)
        except RequestError as error:
            raise self._not_had(f"The archive of {prepared.dataset.TITLE} could not be had", error) from error

    def _not_had(self, what: str, error: RequestError) -> HostError:
        return HostError(
            f"{what} from {self.prepared.host.key}: {error.reason}",
            next_step="Try the same command again later: it goes on where it stopped.",
        )

    # --- Files that are no images -------------------------------------------------------------------------

    def _bring_others(self) -> None:
        title = self.prepared.dataset.TITLE
        try:
            wanted = list(others(self.prepared, self.tree, reports=self.request.reports))
        except RequestError as error:
            raise self._not_had(f"The list of the files of {title} could not be had", error) from error
        self.progress.start(f"{title}, metadata", len(wanted), None)
        bringing = Others(self.prepared, self.store, self.state.layout.temp, self.policy)
        for other in wanted:
            known = self._entry(other.name, other.name)
            action = self._action(other.name, known)
            if action is Action.KEEP:
                self._tell_other(failed=False)
                continue
            found = bringing.right(other, known) if action is Action.VERIFY else None
            result = found or bringing.bring(other)
            self.book.write(other.name, result)
            if found is None and isinstance(result, Fetched):
                self._brought(result, action)
            self._tell_other(failed=isinstance(result, Failure))
        self.book.flush()

    def _tell_other(self, *, failed: bool) -> None:
        self.summary.metadata_failed += failed
        self.summary.metadata += not failed
        self.progress.advance(files=1, failed=int(failed))

    # --- Images -------------------------------------------------------------------------------------------

    def _bring_images(self, host: Host) -> None:
        prepared = self.prepared
        self.progress.start(prepared.dataset.TITLE, self.summary.selected, prepared.size)
        engine = Engine(
            host,
            self.store,
            connections=self.workers,
            policy=self.policy,
            movers=self._movers(host),
            moved=self._moved,
        )
        units = prepared.holdings.units(self._jobs())
        with closing(engine.run(units)) as results:
            for job, result in results:
                self._write_down(job, result, self._verified.pop(job.image_id, Action.FETCH))
        prepared.holdings.close(complete=not self.summary.failed)

    def _movers(self, host: Host) -> int:
        """Return how many further processes move the bytes."""
        size = self.prepared.size - self.prepared.size_already
        return movers_for(size, os.cpu_count() or 1) if host.ceiling and size else 0

    def _jobs(self) -> Iterator[Job]:
        """Yield what has to be fetched; what lies there and is right is written down at once."""
        for task, found in in_threads(self._verify, self._tasks(), self.workers):
            if found is not None:
                self.book.write(task.job.image_id, found)
                self.summary.found += 1
                self.progress.advance(files=1)
                continue
            if task.action is Action.VERIFY:
                self._verified[task.job.image_id] = task.action
            yield task.job

    def _tasks(self) -> Iterator[_Task]:
        prepared = self.prepared
        for record in prepared.records():
            remote = prepared.remote(record)
            name = self.tree.image(record, remote)
            self.summary.named(name)
            known = self._entry(record.image_id, name)
            action = self._action(name, known)
            if action is Action.KEEP:
                self.summary.already += 1
                self.progress.advance(files=1)
            else:
                yield _Task(Job(record.image_id, remote, name), action, known)

    def _verify(self, task: _Task) -> tuple[_Task, Fetched | None]:
        if task.action is not Action.VERIFY:
            return task, None
        if not self.request.verify and (unread := self._unread(task.job)) is not None:
            return task, unread
        found = verify_found(self.prepared.host, self.store, task.job)
        if found is not None and task.known is not None and not task.job.remote.checksum:
            found = found if found.sha256 == task.known.sha256 else None
        return task, found

    def _unread(self, job: Job) -> Fetched | None:
        """Return an image that need not be read: the destination itself says what the host publishes of it.

        That is the MD5 of its listing, or the SHA-256 beside an object where the store has checked that.
        """
        remote, size = job.remote, self.there.size(job.name)
        kind, _, published = remote.checksum.lower().partition(":")
        if size is None or not published or remote.size not in (None, size):
            return None
        if kind == "md5" and self.md5s.get(job.name) == published:
            return Fetched(job.name, size, "", self.prepared.host.url(remote), Transfer.FOUND, 0.0)
        if kind == "sha256" and self.believed and self.store.kept_sha256(job.name) == published:
            return Fetched(job.name, size, published, self.prepared.host.url(remote), Transfer.FOUND, 0.0)
        return None

    def _write_down(self, job: Job, result: Fetched | Failure, action: Action) -> None:
        self.book.write(job.image_id, result)
        if isinstance(result, Fetched):
            self.summary.copied += 1
            self._brought(result, action)
            # What comes over a network was told while it came.
            self.progress.advance(files=1, size=0 if self.prepared.host.ceiling else result.size)
        else:
            self.summary.failed += 1
            self.progress.advance(files=1, failed=1)

    # --- Both ---------------------------------------------------------------------------------------------

    def _entry(self, key: str, name: str) -> Finished | None:
        """Return what the ledger has of a file, if it has it under this name."""
        entry = self.known.get(key)
        return entry if entry is not None and entry.name == name else None

    def _action(self, name: str, known: Finished | None) -> Action:
        """Decide by ledger and listing; ``--verify`` reads what the ledger would leave unread."""
        action = decide(known.size if known else None, self.there.size(name))
        if action is Action.KEEP and self.request.verify:
            return Action.VERIFY
        return action

    def _brought(self, result: Fetched, action: Action) -> None:
        self.summary.bytes += result.size
        self.summary.repaired += action is Action.VERIFY

    def _moved(self, size: int) -> None:
        self.summary.received += size
        self.progress.advance(size=size)
