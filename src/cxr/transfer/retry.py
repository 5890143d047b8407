"""When a request is made again, and when it is given up. What can succeed is retried, and nothing else."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from cxr.http import TransientError

LONGEST_PAUSE = 900.0
"""Seconds that a host may ask us to wait; a run does not sleep for longer."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently.

    Attributes:
        attempts: Tries in all, counted since the last progress.
        delay: Seconds before the second try, at most; twice as many before each one after it.
        patience: Seconds since the last progress after which there is no further try.
        longest: Seconds between two tries, at most, unless the host asks for more.
    """

    attempts: int = 3
    delay: float = 5.0
    patience: float = 3600.0
    longest: float = 300.0

    def back_off(self, failures: int) -> float:
        """Return the seconds to wait at most after so many failures."""
        return min(self.longest, self.delay * 2.0 ** min(failures - 1, 30))

    def wait(self, failures: int, retry_after: float | None, random: Random) -> float:
        """Return the seconds before the next try.

        Anywhere between nothing and the exponential back-off, so that those who failed together do not come
        back together; and not before the host wants it.

        Args:
            failures: Tries that failed so far.
            retry_after: What the host asked for.
            random: Where chance comes from.
        """
        return max(retry_after or 0.0, random.uniform(0, self.back_off(failures)))


@dataclass(frozen=True, slots=True)
class Tries:
    """What became of something so far.

    Attributes:
        failures: Tries that failed since the last progress.
        since: When the first of them failed; ``None`` before one has.
    """

    failures: int = 0
    since: float | None = None

    def failed(self, now: float, *, counts: bool = True) -> "Tries":
        """Return it with one failure more, or, where that one says nothing about the thing itself, not."""
        since = now if self.since is None else self.since
        return replace(self, failures=self.failures + counts, since=since)

    def exhausted(self, policy: RetryPolicy, now: float) -> bool:
        """Say whether there is no further try."""
        since = now if self.since is None else self.since
        return self.failures >= policy.attempts or now - since >= policy.patience


@dataclass(slots=True)
class _Calls:
    """The tries of one call."""

    policy: RetryPolicy
    random: Random
    tries: Tries = field(default_factory=Tries)

    def wait(self, error: TransientError) -> float:
        """Return the seconds before the next try.

        Raises:
            TransientError: the one given, where there is no further try.
        """
        now = time.monotonic()
        self.tries = self.tries.failed(now)
        asked = error.retry_after or 0.0
        if self.tries.exhausted(self.policy, now) or asked > LONGEST_PAUSE:
            raise error
        return self.policy.wait(self.tries.failures, error.retry_after, self.random)


def call_with_retries(
    action: Callable[[], Result],
    policy: RetryPolicy,
    stop: threading.Event | None = None,
    *,
    progress: Callable[[], object] | None = None,
    random: Random | None = None,
) -> Result:
    """Do something until it succeeds, or there is no further try.

    Args:
        action: What to do; called again after each `TransientError`.
        policy: How often and how patiently.
        stop: Ends the waiting when it is set; so does a signal whose handler raises.
        progress: Returns something else whenever part of the work is done for good: tries count from then on.
        random: Where chance comes from.

    Raises:
        TransientError: the last one; there was no further try.
    """
    calls = _Calls(policy, random or Random())  # noqa: S311  no secret comes of it
    stop = stop or threading.Event()
    before = progress() if progress else None
    while True:
        try:
            return action()
        except TransientError as error:
            if progress and (now := progress()) != before:
                before, calls.tries = now, Tries()
            if stop.wait(calls.wait(error)):
                raise
