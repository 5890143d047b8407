"""How many connections a host is asked for at a time: more while that is faster, fewer when it asks for less.

It grows as TCP's congestion window does: doubling at first, then by one; a host that has too much to do cuts
it down at once.
"""

from dataclasses import dataclass

START = 8
"""Connections to begin with, where so many are allowed."""
WINDOW = 1.0
"""Seconds over which throughput is measured before it decides anything."""

_SHARE = 0.4  # of what a raise would bring if the host kept up: less, and it brought nothing
_SHRINK = 0.6
_REST, _LONGEST_REST = 2, 64  # windows without a raise, after one that brought nothing or was too much


@dataclass(frozen=True, slots=True)
class Change:
    """A budget that changed.

    Attributes:
        before: Connections until now.
        now: Connections from now on.
        reason: Why, for the log.
    """

    before: int
    now: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Raise:
    """What a raise is judged by: connections and bytes a second before it."""

    limit: int
    rate: float


class Budget:
    """The connections to one host.

    Args:
        cap: What the host tolerates and the user allows; at least 1.
        now: Seconds on a clock that never jumps, as everywhere here.
        start: What it begins with, where so many are allowed.

    Attributes:
        limit: How many attempts may be under way, from 1 to ``cap``.
    """

    def __init__(self, cap: int, now: float, *, start: int = START) -> None:
        self.limit = min(cap, start)
        self._cap = cap
        self._begun = now
        self._moved = 0
        self._raise: _Raise | None = None
        self._doubling = True
        self._resting = 0
        self._rest = _REST
        self._shrunk_at = float("-inf")
        self._too_many = 0

    def observe(self, now: float, moved: int, *, busy: bool) -> Change | None:
        """Take notice of bytes that came; return the change that follows, if one does.

        Args:
            now: The time.
            moved: Bytes since the last call.
            busy: As many attempts are under way as there may be. Where they are not, throughput says nothing
                about the limit, and the measuring begins anew.
        """
        self._moved += moved
        seconds = now - self._begun
        if busy and seconds < WINDOW:
            return None
        rate = self._moved / seconds if busy else None
        self._begun, self._moved = now, 0
        return None if rate is None else self._judge(rate)

    def throttled(self, now: float, began: float, reason: str) -> Change | None:
        """Shrink, since the host has too much to do; but once for all that were under way together.

        Args:
            now: The time.
            began: When the attempt began that the host refused.
            reason: What the host said, for the log.
        """
        self._begun, self._moved = now, 0
        if began <= self._shrunk_at:
            return None
        self._rest_now()
        self._shrunk_at = now
        self._too_many = self.limit
        return self._change(max(1, min(self.limit - 1, round(self.limit * _SHRINK))), reason)

    def _judge(self, rate: float) -> Change | None:
        last, self._raise = self._raise, None
        if last is not None and rate < last.rate * (1 + _SHARE * (self.limit / last.limit - 1)):
            self._rest_now()
            return None
        if last is not None and self.limit >= self._too_many:
            self._rest = _REST  # what was too much once is not any more
        if self.limit == self._cap:
            return None
        if self._resting > 0:
            self._resting -= 1
            return None
        self._raise = _Raise(self.limit, rate)
        step = self.limit if self._doubling else 1
        return self._change(min(self._cap, self.limit + step), "throughput grows" if last else "to try more")

    def _rest_now(self) -> None:
        """Leave the limit where it is for a while, each time for longer."""
        self._doubling = False
        self._raise = None
        self._resting = self._rest
        self._rest = min(2 * self._rest, _LONGEST_REST)

    def _change(self, limit: int, reason: str) -> Change | None:
        before, self.limit = self.limit, limit
        return Change(before, limit, reason) if limit != before else None
