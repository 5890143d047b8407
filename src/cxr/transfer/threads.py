"""Threads of this process that carry units out."""

import threading
import time
from collections import deque

from cxr.hosts import Host
from cxr.model import Failure, Fetched
from cxr.stores import Store
from cxr.transfer.unit import Job, Unit
from cxr.transfer.workers import Decided, Ended, Event, Returned, Told

AHEAD = 32
"""Units that wait beside those under way, so that small files need not wait for whoever hands them out."""
_LISTEN = 0.05
"""Seconds after which what happened is told even though nothing is urgent. Telling each file at once would
cost a change of threads for each."""
_PATIENCE = 5.0
"""Seconds that threads are given to end. One that hangs in the system is left: it is a daemon."""


class Threads:
    """Up to ``most`` threads.

    Args:
        host: Where from.
        store: Where to.
        most: How many attempts there will ever be at a time.
        ahead: How many units may wait for a thread.
    """

    def __init__(self, host: Host, store: Store, most: int, *, ahead: int = AHEAD) -> None:
        self._host = host
        self._store = store
        self._most = most
        self._ahead = ahead
        self._may_begin = threading.Condition()
        self._waiting: deque[tuple[int, Unit]] = deque()
        self._allowed = 0
        self._active = 0
        self._told: deque[Event] = deque()
        self._urgent = threading.Event()
        self._reports: list[_Report] = []
        self._moved = 0
        self.stopping = False

    def allow(self, attempts: int) -> None:
        """Begin no attempt while so many are under way; if that is fewer than before, return what waits."""
        with self._may_begin:
            before, self._allowed = self._allowed, min(attempts, self._most)
            if self._allowed < before:
                self._told.extend(Returned(ticket) for ticket, _ in self._waiting)
                self._waiting.clear()
                self._urgent.set()
            elif self._allowed > before:
                self._staff()
                self._may_begin.notify_all()

    @property
    def room(self) -> int:
        """How many more units should be given now."""
        return self._allowed + self._ahead - self._active - len(self._waiting)

    def give(self, ticket: int, unit: Unit) -> None:
        """Have a unit tried once, as soon as it may begin."""
        with self._may_begin:
            self._waiting.append((ticket, unit))
            self._staff()
            if self._active < self._allowed:
                self._may_begin.notify()

    def wait(self, seconds: float) -> Told:
        """Return what happened, at the latest after so many seconds."""
        self._urgent.wait(min(seconds, _LISTEN) if self._active or self._waiting else seconds)
        self._urgent.clear()
        moved = sum(report.bytes_moved for report in self._reports)
        told = Told(moved - self._moved)
        self._moved = moved
        while self._told:
            told.events.append(self._told.popleft())
        return told

    def close(self) -> None:
        """Cut the connections in use and end the threads; what they had begun is left as it is."""
        with self._may_begin:
            self.stopping = True
            self._waiting.clear()
            self._may_begin.notify_all()
            in_use = self._active
        if in_use:
            self._host.close()
        deadline = time.monotonic() + _PATIENCE
        for report in self._reports:
            report.thread.join(max(0.0, deadline - time.monotonic()))

    def _staff(self) -> None:
        while len(self._reports) < min(self._allowed, self._active + len(self._waiting)):
            report = _Report(self)
            self._reports.append(report)
            report.thread.start()

    def tell(self, event: Event) -> None:
        """Take notice of an event, from any thread."""
        self._told.append(event)

    def serve(self, report: "_Report") -> None:
        """Carry out one unit after the other, in a thread of its own."""
        ended: Ended | None = None
        while (taken := self._next(ended)) is not None:
            ended = self._attempt(report, *taken)

    def _next(self, ended: Ended | None) -> tuple[int, Unit] | None:
        """Tell the end of one attempt and wait until another may begin; ``None`` when there is none more."""
        with self._may_begin:
            if ended is not None:
                self._active -= 1
                self._told.append(ended)
                if len(self._waiting) <= self._ahead // 2 or ended.error is not None:
                    self._urgent.set()
            while not self.stopping and not (self._waiting and self._active < self._allowed):
                self._may_begin.wait()
            if self.stopping:
                return None
            self._active += 1
            return self._waiting.popleft()

    def _attempt(self, report: "_Report", ticket: int, unit: Unit) -> Ended:
        report.ticket, report.bytes_kept = ticket, 0
        began, error = time.monotonic(), None
        try:
            unit.attempt(self._host, self._store, report)
        except Exception as caught:  # noqa: BLE001  whatever went wrong belongs to this unit
            error = caught
        return Ended(ticket, error, report.bytes_kept, began)


class _Report:
    """What one thread tells. Its sums are written by that thread alone and read by others."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self.thread = threading.Thread(target=threads.serve, args=(self,), name="cxr-fetch", daemon=True)
        self.ticket = -1
        self.bytes_moved = 0
        self.bytes_kept = 0

    def moved(self, size: int) -> None:
        self.bytes_moved += size

    def kept(self, size: int) -> None:
        self.bytes_kept += size

    def done(self, job: Job, result: Fetched | Failure) -> None:
        self._threads.tell(Decided(self.ticket, job, result))

    @property
    def stopping(self) -> bool:
        return self._threads.stopping
