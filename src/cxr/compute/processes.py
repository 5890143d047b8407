"""The map over several processes; the death of one costs one item.

Each worker has a pipe of its own with one item in it at a time and one waiting, so that it is always known
which item a dead worker was at. (`concurrent.futures` gives up the whole pool.)
"""

import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from cxr.compute.worker import READY, serve
from cxr.errors import CxrError

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2
"""Items in a worker's pipe: the one it is at, and one so that it need not wait for the next."""
_SMALL = 16 << 10
"""Bytes that surely fit into an empty pipe."""
_STARTS = 3
"""So many workers in a row that die before they are up end the run."""
_PATIENCE = 5.0
"""Seconds that a worker is given to end by itself."""


class WorkerDiedError(Exception):
    """A worker process died on an item: killed for memory, or a decoder crashed. It ends no run."""


class _Worker:
    """One process, its pipe, and the items in it."""

    def __init__(self, context: SpawnContext, function: Callable[[Any], Any]) -> None:
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, function), daemon=True)
        with _without_interrupts():
            self.process.start()
        theirs.close()  # so that the pipe ends when the process does
        self.items: deque[Any] = deque()
        self.is_up = False

    def give(self, item: Any) -> bool:
        """Put an item into the pipe, unless it is large and others are there, and return whether it was.

        (Two processes that both wait for the other to empty a full pipe wait forever.)

        Raises:
            OSError: the process is gone; the item was not taken.
            Exception: the item cannot be pickled.
        """
        message = pickle.dumps(item)
        if self.items and len(message) > _SMALL:
            return False
        self.connection.send_bytes(message)
        self.items.append(item)
        return True

    def end(self, patience: float) -> None:
        """Close the pipe, which ends the process, and make sure that it ends."""
        self.connection.close()
        self.process.join(patience)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold back SIGINT in this thread, and for good in a process that is started meanwhile.

    A Ctrl-C goes to all processes of the terminal; this one alone decides what it means.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def map_processes(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, window: int
) -> Iterator[tuple[Item, Result | Exception]]:
    """Yield each item with its result, or the exception that took its place, as they are done.

    Raises:
        CxrError: workers die before they are given anything.
    """
    pool = _Pool(function, workers=min(workers, window))
    patience = 0.0
    try:
        yield from pool.run(iter(items), window)
        patience = _PATIENCE
    finally:
        pool.close(patience)


class _Pool:
    """The workers, and the items that wait for one."""

    def __init__(self, function: Callable[[Any], Any], *, workers: int) -> None:
        self._function = function
        self._size = workers
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[Connection, _Worker] = {}
        self._waiting: deque[Any] = deque()
        self._false_starts = 0

    def run(self, items: Iterator[Any], window: int) -> Iterator[tuple[Any, Any]]:
        """Yield each item with its outcome, taking more only while less than ``window`` are here."""
        is_exhausted = False
        while True:
            while not is_exhausted and self._load() < window:
                try:
                    self._waiting.append(next(items))
                except StopIteration:
                    is_exhausted = True
            yield from self._hand_out()
            if not self._load():
                if is_exhausted:
                    return
                continue
            for connection in wait(list(self._workers)):
                assert isinstance(connection, Connection)
                yield from self._receive(self._workers[connection])

    def _load(self) -> int:
        return len(self._waiting) + sum(len(worker.items) for worker in self._workers.values())

    def _hand_out(self) -> Iterator[tuple[Any, Exception]]:
        """Start workers as needed and fill the pipes of those that are up; yield what cannot be sent."""
        while len(self._workers) < self._size and len(self._workers) < self._load():
            worker = _Worker(self._context, self._function)
            self._workers[worker.connection] = worker
        for depth in range(1, _AHEAD + 1):
            for worker in list(self._workers.values()):
                if self._waiting and worker.is_up and len(worker.items) < depth:
                    yield from self._give(worker, self._waiting.popleft())

    def _give(self, worker: _Worker, item: Any) -> Iterator[tuple[Any, Exception]]:
        try:
            if not worker.give(item):
                self._waiting.appendleft(item)
        except OSError:
            self._waiting.appendleft(item)  # it died meanwhile; `wait` will tell
        except Exception as error:  # noqa: BLE001  an item may break in any way when it is pickled
            yield item, error

    def _receive(self, worker: _Worker) -> Iterator[tuple[Any, Any]]:
        try:
            answer = pickle.loads(worker.connection.recv_bytes())  # noqa: S301  from our own process
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        except Exception as error:  # noqa: BLE001  a result may break in any way when it is unpickled
            yield worker.items.popleft(), error
            return
        if answer == READY:
            worker.is_up = True
            self._false_starts = 0
            return
        _, outcome = answer
        yield worker.items.popleft(), outcome

    def _bury(self, worker: _Worker) -> Iterator[tuple[Any, Exception]]:
        """Give a dead worker's first item back as failed, and the others to whoever is free."""
        del self._workers[worker.connection]
        worker.process.join(_PATIENCE)
        code = worker.process.exitcode
        worker.end(_PATIENCE)
        if not worker.is_up:
            self._count_false_start(code)
        if worker.items:
            yield worker.items.popleft(), _died(code)
        self._waiting.extendleft(reversed(worker.items))

    def _count_false_start(self, code: int | None) -> None:
        self._false_starts += 1
        if self._false_starts >= _STARTS:
            raise CxrError(
                f"Worker processes end before they begin ({_ending(code)}).",
                think="The machine may be out of memory or processes.",
                next_step="Try again with fewer workers, or `--engine serial`.",
            )

    def close(self, patience: float) -> None:
        """End all workers: those that wait end by themselves, others are killed after that many seconds."""
        for worker in self._workers.values():
            if not patience:
                worker.process.kill()
            worker.end(patience)
        self._workers.clear()


def _died(code: int | None) -> WorkerDiedError:
    return WorkerDiedError(f"the process died on it ({_ending(code)}): out of memory, or a decoder crashed")


def _ending(code: int | None) -> str:
    if code is None:
        return "exit code unknown"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
