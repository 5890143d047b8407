"""What runs in a mover, a further process that carries units out in its threads and tells its parent.

It lives no longer than its parent: whoever writes beside a new run would write into its files.
"""

import ctypes
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from cxr.hosts import Host
from cxr.logs import keep_logs
from cxr.stores import Store
from cxr.transfer.threads import Threads
from cxr.transfer.unit import Unit
from cxr.transfer.workers import Ended, Told

AHEAD = 32
"""Units that wait in a mover, so that it need not wait for its parent."""
_LISTEN = 0.2
"""Seconds between two looks at what moved, where nothing ends."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


class Start(NamedTuple):
    """The first message: what the others are about."""

    host: Host
    store: Store
    threads: int


class Try(NamedTuple):
    """Have units tried once, each with its ticket."""

    units: Sequence[tuple[int, Unit]]


class Allow(NamedTuple):
    """Begin no attempt while so many are under way."""

    attempts: int


class Stop(NamedTuple):
    """Cut short what is under way, and end."""


def main(descriptor: int) -> None:
    """Serve the parent at the other end of a socket until it says so, or is gone."""
    _die_with_the_parent()
    connection = Connection(descriptor)
    logged = keep_logs()
    try:
        start: Start = connection.recv()
        message: Try | Allow | Stop
        threads = Threads(start.host, start.store, start.threads, ahead=AHEAD)
        threading.Thread(target=_tell, args=(threads, logged, connection), daemon=True).start()
        while not isinstance(message := connection.recv(), Stop):
            if isinstance(message, Try):
                for ticket, unit in message.units:
                    threads.give(ticket, unit)
            else:
                threads.allow(message.attempts)
        threads.close()
    except (EOFError, OSError, pickle.UnpicklingError):
        pass  # the parent is gone, or was interrupted in a message: not one more byte
    os._exit(0)


def _die_with_the_parent() -> None:
    """Have Linux kill this process when its parent dies; elsewhere the end of the pipe tells a bit later."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _tell(threads: Threads, logged: Callable[[], list[Mapping[str, Any]]], connection: Connection) -> None:
    while True:
        told = threads.wait(_LISTEN)
        told.lines = logged()  # after the events: what an attempt said comes no later than its end
        if told.moved or told.events or told.lines:
            try:
                connection.send_bytes(_pickled(told))
            except OSError:
                return


def _pickled(told: Told) -> bytes:
    """Pickle what is to be told; an exception that does not survive the way is told in words."""
    told.events = [_sendable(event) if isinstance(event, Ended) else event for event in told.events]
    return pickle.dumps(told)


def _sendable(ended: Ended) -> Ended:
    try:
        pickle.loads(pickle.dumps(ended.error))  # noqa: S301  our own bytes
    except Exception:  # noqa: BLE001  an exception may break in any way when it is pickled
        return ended._replace(error=RuntimeError(f"{type(ended.error).__name__}: {ended.error}"))
    return ended
