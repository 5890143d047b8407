"""The engine: carries units out, as many at a time as the host bears, until each image came or cannot be had.

Workers try and tell (`cxr.transfer.workers`). Everything is decided here, in the thread that consumes the
results.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from random import Random

from structlog.typing import FilteringBoundLogger

from cxr.errors import AccessError, CxrError
from cxr.hosts import Host
from cxr.http import RefusedError, RequestError, TransientError
from cxr.logs import get_logger
from cxr.model import Failure, Fetched
from cxr.stores import Store
from cxr.transfer.budget import START, Budget, Change
from cxr.transfer.movers import Movers
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.schedule import Schedule, Task
from cxr.transfer.standing import Standing
from cxr.transfer.threads import AHEAD, Threads
from cxr.transfer.unit import Job, Unit
from cxr.transfer.workers import Decided, Ended, Returned, Workers

Result = tuple[Job, Fetched | Failure]

_TICK = 1.0
"""Seconds between two looks at the clock, at most."""
_WORTH = 1 << 16
"""Bytes that an attempt must bring to count as progress: with less, a failing host could go on for ever."""
_TOO_MANY = frozenset({429, 503})
_NO_ACCESS = frozenset({401, 403})

_log = get_logger(__name__)


class Engine:
    """One run over units of one host.

    Args:
        host: Where from. It is closed when the run is cut short.
        store: Where to.
        connections: How many the user allows. The host's own ceiling holds, too.
        policy: How often and how patiently something is tried again.
        movers: How many further processes carry the units out; 0 for threads of this one.
        moved: Told of bytes that came, in the thread that consumes the results.
        log: Where the run speaks.
        random: Where the chance in waiting times comes from.
    """

    def __init__(  # noqa: PLR0913  two sides, what is allowed, and who listens
        self,
        host: Host,
        store: Store,
        *,
        connections: int,
        policy: RetryPolicy,
        movers: int = 0,
        moved: Callable[[int], None] | None = None,
        log: FilteringBoundLogger | None = None,
        random: Random | None = None,
    ) -> None:
        now = time.monotonic()
        self._host = host
        self._policy = policy
        self._moved = moved or (lambda _: None)
        self._log = log or _log
        self._random = random or Random()  # noqa: S311  no secret comes of it
        cap = min(connections, host.ceiling) if host.ceiling else connections
        self._budget = Budget(cap, now, start=START if host.ceiling else cap)
        self._standing = Standing(host.key, policy.patience, now)
        self._workers: Workers
        if movers and host.ceiling:
            self._workers = Movers(host, store, processes=movers, most=cap)
        else:
            self._workers = Threads(host, store, cap)
        self._window = 2 * cap + AHEAD
        self._under_way: dict[int, Task] = {}
        self._tickets = 0
        self._paused_until = now
        self._no_access: list[Result] = []

    def run(self, units: Iterable[Unit]) -> Generator[Result, None, None]:
        """Yield each image with what came of it, as it is known. An engine runs once.

        Closing the iterator, or an exception in whoever consumes it, cuts short what is under way and ends
        every thread and process.

        Args:
            units: Taken as late as possible, in the calling thread.

        Raises:
            AccessError: the host refuses everything that is asked of it.
            HostError: the host or the network gave up.
            StorageError: the store cannot be written.
            CxrError: processes die one after the other, or nothing works for a reason that nobody foresaw.
        """
        schedule = Schedule(iter(units), self._window)
        try:
            while True:
                self._hand_out(schedule)
                if schedule.is_done:
                    break
                yield from self._listen(schedule)
            self._standing.end()
            yield from self._no_access
        except AccessError:
            raise
        except Exception:
            if self._standing.progress:  # it is not that nothing is allowed
                yield from self._no_access
            raise
        finally:
            self._workers.close()

    def _hand_out(self, schedule: Schedule) -> None:
        now = time.monotonic()
        if now < self._paused_until:
            self._workers.allow(0)
            return
        self._workers.allow(1 if self._standing.suspect else self._budget.limit)
        while self._has_room() and (task := schedule.next(now)) is not None:
            self._tickets += 1
            self._under_way[self._tickets] = task
            task.begin()
            self._workers.give(self._tickets, task.unit)

    def _has_room(self) -> bool:
        """Return whether another unit should be handed out: one is enough to see whether a host is back."""
        return not self._under_way if self._standing.suspect else self._workers.room > 0

    def _listen(self, schedule: Schedule) -> Iterator[Result]:
        """Wait for what happens next, and yield what follows from it."""
        busy = len(self._under_way) >= self._budget.limit
        told = self._workers.wait(self._seconds(schedule))
        if told.moved:
            self._moved(told.moved)
        self._tell(self._budget.observe(time.monotonic(), told.moved, busy=busy))
        for event in told.events:
            if isinstance(event, Decided):
                yield from self._decided(event)
            else:
                task = self._under_way.pop(event.ticket)
                schedule.ended(task)
                if isinstance(event, Returned):
                    task.returned()
                    schedule.again(task)
                else:
                    yield from self._ended(schedule, task, event)
                self._hand_out(schedule)

    def _seconds(self, schedule: Schedule) -> float:
        """Return for how long there is nothing to decide unless something happens."""
        now = time.monotonic()
        due = self._paused_until if now < self._paused_until else schedule.due
        return _TICK if due is None else max(0.0, min(_TICK, due - now))

    def _decided(self, event: Decided) -> Iterator[Result]:
        task = self._under_way[event.ticket]
        job = task.left.pop(event.job.image_id, None)
        if job is None:
            return
        task.progressed = True
        self._standing.progressed(time.monotonic())
        yield from self._no_access
        self._no_access.clear()
        yield job, event.result

    def _ended(self, schedule: Schedule, task: Task, event: Ended) -> Iterator[Result]:
        error = event.error
        if isinstance(error, TransientError):
            yield from self._broke(schedule, task, event, error)
        elif isinstance(error, CxrError):
            raise error
        elif not task.left:
            return
        elif error is None:
            yield from self._not_found(schedule, task)
        elif isinstance(error, RequestError):
            yield from self._refused(task, error)
        else:
            self._log.error("unexpected", host=self._host.key, images=len(task.left), exc_info=error)
            yield from self._rows(task, "unexpected", f"{type(error).__name__}: {error}")
            self._standing.unexpected(error)

    def _broke(self, schedule: Schedule, task: Task, event: Ended, error: TransientError) -> Iterator[Result]:
        """Try what is left later again, or give it up."""
        now = time.monotonic()
        if event.kept >= _WORTH:
            task.progressed = True
            self._standing.progressed(now)
        if error.throttled:
            self._slow_down(now, event.began, error)
        self._standing.failed(error, now)
        if not task.left:
            return
        task.failed(now, self._standing.progress, excused=error.status in _TOO_MANY)
        if not task.tries.exhausted(self._policy, now):
            wait = self._policy.wait(task.tries.failures, error.retry_after, self._random)
            self._log.info("again", **self._about(task, error), seconds=round(wait, 1))
            schedule.again(task, now + wait)
            return
        tried = "once" if task.attempts == 1 else f"{task.attempts} times"
        yield from self._rows(task, error.code, f"{error.reason} (tried {tried})")
        since = task.tries.since or now
        if self._standing.gave_up(error, since=since, began=event.began, now=now) and self._standing.suspect:
            failures = task.tries.failures + self._standing.suspicions
            self._pause(now, self._policy.back_off(failures), error.reason)

    def _slow_down(self, now: float, began: float, error: TransientError) -> None:
        """Ask for less of a host that has too much to do, and leave it alone for as long as it asks."""
        said = f"HTTP status {error.status}" if error.status else error.code
        self._tell(self._budget.throttled(now, began, f"the host asks for less ({said})"))
        if error.retry_after:
            self._pause(now, error.retry_after, error.reason)

    def _pause(self, now: float, seconds: float, reason: str) -> None:
        if now + seconds > self._paused_until:
            self._paused_until = now + seconds
            self._log.info("pause", host=self._host.key, seconds=round(seconds, 1), reason=reason)

    def _refused(self, task: Task, error: RequestError) -> Iterator[Result]:
        """Give up what is left. Where it may be that nothing is allowed any more, wait whether that is so."""
        rows = self._rows(task, error.code, error.reason)
        if isinstance(error, RefusedError) and error.status in _NO_ACCESS:
            self._no_access.extend(rows)
            self._standing.refused(error)
        else:
            yield from rows

    def _not_found(self, schedule: Schedule, task: Task) -> Iterator[Result]:
        """Look elsewhere for what an attempt did not find."""
        following = task.following()
        if following is None:
            yield from self._rows(task, "missing", "it is not there")
        else:
            schedule.again(following)

    def _rows(self, task: Task, code: str, reason: str) -> Iterator[Result]:
        host = self._host
        for job in task.left.values():
            where = f"{job.remote.path} at {host.key}"
            yield job, Failure(job.image_id, code, f"{where}: {reason}", host.url(job.remote))

    def _about(self, task: Task, error: RequestError) -> dict[str, object]:
        first = next(iter(task.left.values()))
        return {
            "host": self._host.key,
            "file": first.remote.path,
            "images": len(task.left),
            "code": error.code,
            "reason": error.reason,
        }

    def _tell(self, change: Change | None) -> None:
        if change is not None:
            self._log.info(
                "budget",
                host=self._host.key,
                connections=change.now,
                before=change.before,
                reason=change.reason,
            )
