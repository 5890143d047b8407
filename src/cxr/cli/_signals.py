"""How a run is stopped from outside: Ctrl-C, SIGTERM, a closed terminal, ``--max-time``.

Each becomes a `KeyboardInterrupt` in the main thread; the library then keeps what is finished and raises
`InterruptedRunError`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from cxr.cli._words import duration, parse_duration
from cxr.errors import UsageError

_LONGEST = 365 * 86_400
"""Seconds in a year; the system's timers refuse times that are much longer."""


class StopRequested(KeyboardInterrupt):
    """The run was asked to stop by something other than Ctrl-C.

    Args:
        why: What asked, as the start of a sentence.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def install() -> None:
    """Let SIGTERM and SIGHUP stop a run as Ctrl-C does; a SIGHUP that ``nohup`` ignores stays ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)


@contextmanager
def time_limit(text: str | None) -> Iterator[None]:
    """Stop what runs inside after ``11h50m``; ``None`` sets no limit.

    Raises:
        UsageError: the text is not a time.
    """
    if text is None:
        yield
        return
    try:
        seconds = parse_duration(text)
        if seconds > _LONGEST:
            raise ValueError(text)  # noqa: TRY301  no time that can be waited for
    except ValueError:
        raise UsageError(
            f"--max-time {text} is not a time.",
            next_step="Write it with units, up to a year: 11h50m, 90m, 2d, 45s.",
        ) from None

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise StopRequested(f"The time of --max-time ({duration(seconds)}) is over")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise StopRequested(f"{signal.Signals(number).name} was received")
