"""Which unit is tried next: those that are due, none beside another of the same exclusive name."""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from cxr.transfer.retry import Tries
from cxr.transfer.unit import Job, Unit


@dataclass(slots=True)
class Task:
    """A unit on its way through several attempts.

    Attributes:
        unit: What is to be tried.
        left: Images that are not decided, by id; more than the unit's own where others have theirs elsewhere.
        places: Where to look for them afterwards.
        attempts: How often it was tried.
        tries: What became of it since the last progress.
        progressed: The attempt under way brought something that stays.
        seen: What the whole run had brought when it failed last; -1 before it has.
    """

    unit: Unit
    left: dict[str, Job]
    places: Iterator[Unit] = field(default_factory=lambda: iter(()))
    attempts: int = 0
    tries: Tries = field(default_factory=Tries)
    progressed: bool = False
    seen: int = -1

    @classmethod
    def of(cls, unit: Unit) -> "Task":
        """Begin with a unit."""
        return cls(unit, {job.image_id: job for job in unit.jobs})

    def begin(self) -> None:
        """Begin an attempt."""
        self.attempts += 1
        self.progressed = False

    def returned(self) -> None:
        """Take notice that it was not begun."""
        self.attempts -= 1

    def failed(self, now: float, progress: int, *, excused: bool) -> None:
        """Take notice of an attempt that did not hold, and leave out what it brought.

        Args:
            now: Seconds on a clock that never jumps.
            progress: What the whole run has brought.
            excused: It is not one of the tries that there are, if others got something meanwhile.
        """
        counts = not excused or progress == self.seen
        self.tries = (Tries() if self.progressed else self.tries).failed(now, counts=counts)
        self.seen = progress
        self.unit = _only(self.unit, self.left)

    def following(self) -> "Task | None":
        """Return the task that looks in the next place for what is left; ``None`` after the last place."""
        places = chain(self.places, _only(self.unit, self.left).elsewhere())
        for unit in places:
            if any(job.image_id in self.left for job in unit.jobs):
                return Task(_only(unit, self.left), self.left, places)
        return None


def _only(unit: Unit, left: Mapping[str, Job]) -> Unit:
    """Return the unit for those of its images that are left."""
    done = frozenset(job.image_id for job in unit.jobs if job.image_id not in left)
    return unit.without(done) if done else unit


class Schedule:
    """Units that wait for their turn.

    Args:
        units: All there are; taken as late as possible.
        window: Tasks that are here or under way at most, unless more come of one.
    """

    def __init__(self, units: Iterator[Unit], window: int) -> None:
        self._units = units
        self._window = window
        self._is_exhausted = False
        self._ready: deque[Task] = deque()
        self._held: dict[str, deque[Task]] = {}
        self._delayed: list[tuple[float, int, Task]] = []
        self._count = 0
        self._number = 0

    def next(self, now: float) -> Task | None:
        """Return the next task whose turn it is, ``None`` where none is; it is under way until `ended`."""
        while self._delayed and self._delayed[0][0] <= now:
            self._ready.append(heapq.heappop(self._delayed)[2])
        while True:
            task = self._ready.popleft() if self._ready else self._fresh()
            if task is None:
                return None
            name = task.unit.exclusive
            if not name:
                return task
            if name not in self._held:
                self._held[name] = deque()
                return task
            self._held[name].append(task)

    def ended(self, task: Task) -> None:
        """Take notice that an attempt is over: others of its exclusive name may go."""
        self._count -= 1
        if name := task.unit.exclusive:
            self._ready.extend(self._held.pop(name))

    def again(self, task: Task, due: float = 0.0) -> None:
        """Take a task in that is to be tried at ``due``, or next."""
        self._count += 1
        if due:
            self._number += 1
            heapq.heappush(self._delayed, (due, self._number, task))
        else:
            self._ready.appendleft(task)

    @property
    def due(self) -> float | None:
        """When the next delayed task may go; ``None`` where none is delayed."""
        return self._delayed[0][0] if self._delayed else None

    @property
    def is_done(self) -> bool:
        """Whether nothing waits, nothing is under way and nothing is to come."""
        return self._is_exhausted and not self._count

    def _fresh(self) -> Task | None:
        if self._is_exhausted or self._count >= self._window:
            return None
        unit = next(self._units, None)
        if unit is None:
            self._is_exhausted = True
            return None
        self._count += 1
        return Task.of(unit)
