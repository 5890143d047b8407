"""Progress as it is drawn on a terminal, or said now and then elsewhere. Both write to stderr only."""

import sys
import time
from typing import TextIO

from cxr.cli._words import count, duration, printable, size
from cxr.progress import Progress, Silence

_EVERY = 10.0  # seconds between plain lines: enough for a batch log, too few to fill it


def choose(*, quiet: bool, stream: TextIO | None = None) -> Progress:
    """Return what suits the stream (stderr by default): silence, bars on a terminal, lines elsewhere."""
    where = stream or sys.stderr
    if quiet:
        return Silence()
    if not where.isatty():
        return Lines(where)
    from cxr.cli._bars import Drawn

    return Drawn(where)


class Tracker:
    """Counts what a phase did, and says how fast and how long yet."""

    def __init__(self, what: str, files: int | None, bytes_expected: int | None, now: float) -> None:
        self.what = what
        self.files_expected = files
        self.bytes_expected = bytes_expected
        self.began = now
        self.files = self.bytes = self.failed = 0

    def add(self, files: int, bytes_moved: int, failed: int) -> None:
        """Add what ended."""
        self.files += files
        self.bytes += bytes_moved
        self.failed += failed

    def line(self, now: float) -> str:
        """Return what the phase is called and its `facts`."""
        return f"{self.what}: {self.facts(now)}"

    def facts(self, now: float) -> str:
        """Return ``1,200 of 5,000 files, 1.4 GB, 620 files a minute, 6 min left, 2 failed``."""
        of = "" if self.files_expected is None else f" of {self.files_expected:,}"
        parts = [f"{self.files:,}{of} files"]
        if self.bytes:
            parts.append(size(self.bytes))
        rate = self.files_a_minute(now)
        if rate is not None:
            parts.append(f"{rate:,.0f} files a minute")
        left = self.seconds_left(now)
        if left:
            parts.append(f"{duration(left)} left")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        return ", ".join(parts)

    def files_a_minute(self, now: float) -> float | None:
        """Return the mean rate, ``None`` in the first second."""
        passed = now - self.began
        return self.files / passed * 60 if passed >= 1 and self.files else None

    def seconds_left(self, now: float) -> float | None:
        """Return the time left at the mean rate, ``None`` where it cannot be known."""
        rate = self.files_a_minute(now)
        if rate is None or self.files_expected is None:
            return None
        return max(self.files_expected - self.files, 0) / rate * 60


class Lines:
    """Plain lines: when a phase begins and ends, and every ten seconds between."""

    def __init__(self, stream: TextIO, every: float = _EVERY) -> None:
        self._stream = stream
        self._every = every
        self._phase: Tracker | None = None
        self._said = 0.0

    def start(self, what: str, files: int | None, size: int | None) -> None:
        """Say what begins."""
        self.finish()
        self._said = time.monotonic()
        self._phase = Tracker(what, files, size, self._said)
        self.say(what if files is None else f"{what}: {count(files, 'file')} to go")

    def advance(self, *, files: int = 0, size: int = 0, failed: int = 0) -> None:
        """Count, and say so when it is time."""
        if self._phase is None:
            return
        self._phase.add(files, size, failed)
        now = time.monotonic()
        if now - self._said >= self._every:
            self._said = now
            self.say(self._phase.line(now))

    def say(self, line: str) -> None:
        """Write the line."""
        self._stream.write(printable(line) + "\n")
        self._stream.flush()

    def finish(self) -> None:
        """Say what the phase came to."""
        if self._phase is not None and self._phase.files:
            self.say(self._phase.line(time.monotonic()))
        self._phase = None
