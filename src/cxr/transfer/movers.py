"""Further processes that carry units out, where one core cannot keep up with the network.

In one process, hashing and writing run beside each other, but the interpreter's lock lets only one thread at
a time do the rest: files come at the speed of one core, small ones above all.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait

from cxr.errors import CxrError
from cxr.hosts import Host
from cxr.http import TransientError
from cxr.logs import pass_on
from cxr.stores import Store
from cxr.transfer.mover import AHEAD, Allow, Start, Stop, Try
from cxr.transfer.unit import Unit
from cxr.transfer.workers import Decided, Ended, Told

_MUCH = 200 << 20  # bytes in all: for less, starting processes does not pay
_DEATHS = 3
"""So many movers that die one after the other, without an image between, end the run."""
_PATIENCE = 2.0
"""Seconds that movers are given to end by themselves."""
_CODE = "import sys; sys.path[:] = sys.argv[2:]; from cxr.transfer.mover import main; main(int(sys.argv[1]))"


def movers_for(total: int, cores: int) -> int:
    """Return how many further processes pay: two or none.

    Args:
        total: Bytes in all.
        cores: Of this machine.
    """
    return 2 if total >= _MUCH and cores > 1 else 0


class _Mover:
    """One process, the socket to it, and what it is at."""

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.connection = Connection(ours.detach())
            # Not multiprocessing's own start: it would run the caller's script again in the new process.
            with _without_signals():
                self.process = subprocess.Popen(  # noqa: S603  this interpreter, and its own search path
                    [sys.executable, "-c", _CODE, str(theirs.fileno()), *sys.path],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        self.tickets: set[int] = set()
        self._given: list[tuple[int, Unit]] = []
        self.allowed = 0
        self._send(start)

    @property
    def room(self) -> int:
        return self.allowed + AHEAD - len(self.tickets) if self.allowed else 0

    def allow(self, attempts: int) -> None:
        if attempts != self.allowed:
            self.flush()
            self.allowed = attempts
            self._send(Allow(attempts))

    def give(self, ticket: int, unit: Unit) -> None:
        self.tickets.add(ticket)
        self._given.append((ticket, unit))

    def flush(self) -> None:
        """Send what was given: together, since a message costs more than a unit."""
        if self._given:
            given, self._given = self._given, []
            self._send(Try(given))

    def stop(self) -> None:
        self._send(Stop())

    def _send(self, message: Start | Try | Allow | Stop) -> None:
        with suppress(OSError):  # it is dead already; `wait` will tell
            self.connection.send(message)

    def end(self, deadline: float) -> int:
        """Make sure that it ends soon after that time at the latest, and return how it ended."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.connection.close()
        return self.process.wait()


@contextmanager
def _without_signals() -> Iterator[None]:
    """Hold back signals in this thread, and for good in a process that is started meanwhile.

    A Ctrl-C, a closed terminal and the end of a batch job reach every process; this one alone decides.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Movers:
    """So many processes with threads of their own.

    Args:
        host: Where from; pickled once a process.
        store: Where to; likewise.
        processes: How many.
        most: How many attempts there will ever be at a time.
    """

    def __init__(self, host: Host, store: Store, *, processes: int, most: int) -> None:
        self._start = Start(host, store, most)
        self._allowed = 0
        self._deaths = 0
        self._movers: dict[Connection, _Mover] = {}
        self._processes = processes

    def allow(self, attempts: int) -> None:
        """Begin no attempt while so many are under way; if that is fewer than before, return what waits."""
        self._allowed = attempts
        for number, mover in enumerate(self._movers.values()):
            mover.allow(attempts // self._processes + (number < attempts % self._processes))

    @property
    def room(self) -> int:
        """How many more units should be given now."""
        self._complete()
        return sum(max(0, mover.room) for mover in self._movers.values())

    def give(self, ticket: int, unit: Unit) -> None:
        """Have a unit tried once, by the process with most room for it."""
        max(self._movers.values(), key=lambda mover: mover.room).give(ticket, unit)

    def wait(self, seconds: float) -> Told:
        """Return what happened, at the latest after so many seconds.

        Raises:
            CxrError: processes die one after the other.
        """
        for mover in self._movers.values():
            mover.flush()
        told = Told()
        for connection in wait(list(self._movers), seconds):
            assert isinstance(connection, Connection)
            self._receive(self._movers[connection], told)
        return told

    def close(self) -> None:
        """End every process, within two seconds."""
        for mover in self._movers.values():
            mover.stop()
        deadline = time.monotonic() + _PATIENCE
        for mover in self._movers.values():
            mover.end(deadline)
        self._movers.clear()

    def _complete(self) -> None:
        if self._allowed and len(self._movers) < self._processes:
            while len(self._movers) < self._processes:
                mover = _Mover(self._start)
                self._movers[mover.connection] = mover
            self.allow(self._allowed)

    def _receive(self, mover: _Mover, told: Told) -> None:
        try:
            more: Told = mover.connection.recv()
        except (EOFError, OSError):
            told.events.extend(self._bury(mover))
            return
        pass_on(more.lines)
        told.moved += more.moved
        told.events.extend(more.events)
        mover.tickets.difference_update(
            event.ticket for event in more.events if not isinstance(event, Decided)
        )
        if any(isinstance(event, Decided) for event in more.events):
            self._deaths = 0

    def _bury(self, mover: _Mover) -> Iterator[Ended]:
        """Return what a dead process was at, as attempts that failed."""
        del self._movers[mover.connection]
        ending = _ending(mover.end(time.monotonic() + _PATIENCE))
        self._deaths += 1
        if self._deaths >= _DEATHS:
            raise CxrError(
                f"Processes that fetch die one after the other ({ending}).",
                think="The machine may be out of memory.",
                next_step="Run the same command again with fewer workers, such as `--workers 2`: it goes on "
                "where it stopped.",
            )
        for ticket in mover.tickets:
            error = TransientError("mover_died", f"the process that fetched it died ({ending})")
            yield Ended(ticket, error, 0, 0.0)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
