"""Who carries units out: threads of this process or of others. They try once, tell, and decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from cxr.model import Failure, Fetched
from cxr.transfer.unit import Job, Unit


class Decided(NamedTuple):
    """An image came, or cannot be had."""

    ticket: int
    job: Job
    result: Fetched | Failure


class Ended(NamedTuple):
    """An attempt is over.

    Attributes:
        ticket: Of the unit, as it was given.
        error: What ended it; ``None`` where it was carried through.
        kept: Bytes that it left on the disk for the next attempt to go on from.
        began: When it began, on `time.monotonic`.
    """

    ticket: int
    error: Exception | None
    kept: int
    began: float


class Returned(NamedTuple):
    """A unit that waited comes back without having been tried, since fewer are allowed now."""

    ticket: int


Event = Decided | Ended | Returned


@dataclass(slots=True)
class Told:
    """What happened since it was last asked for.

    Attributes:
        moved: Bytes that came over all connections.
        events: The others, in their order.
        lines: What was logged in another process, for `cxr.logs.pass_on`.
    """

    moved: int = 0
    events: list[Event] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)


class Workers(Protocol):
    """Whoever carries units out."""

    def allow(self, attempts: int) -> None:
        """Begin no attempt while so many are under way; if that is fewer than before, return what waits."""
        ...

    @property
    def room(self) -> int:
        """How many more units should be given now."""
        ...

    def give(self, ticket: int, unit: Unit) -> None:
        """Have a unit tried once, as soon as it may begin."""
        ...

    def wait(self, seconds: float) -> Told:
        """Return what happened, at the latest after so many seconds. Signals are heeded meanwhile."""
        ...

    def close(self) -> None:
        """Cut short what is under way, and end every thread and process."""
        ...
