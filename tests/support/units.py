"""Units that do as a test says, and a host that only has a name: what the engine decides is tried on them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from cxr.hosts import Host
from cxr.model import Fetched, Remote, Transfer
from cxr.stores.local import LocalStore
from cxr.transfer.unit import Job, Report


class Named:
    """A host of which nothing is asked."""

    key = "somewhere"

    def __init__(self, ceiling: int = 16) -> None:
        self.ceiling = ceiling
        self.closed = threading.Event()

    def url(self, remote: Remote) -> str:
        return f"https://somewhere.example/{remote.path}"

    def close(self) -> None:
        self.closed.set()


@dataclass
class Attempts:
    """What happened, over all units of a test."""

    begun: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> None:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.under_way -= 1


@dataclass
class Scripted:
    """A unit whose attempt is a function of the test's.

    Attributes:
        jobs: Its images.
        script: Given the unit, the report and the number of the attempt, from 0; called in a worker's thread.
        log: Where attempts are noted.
        exclusive: As for any unit.
        places: What `elsewhere` yields.
        number: How often it was tried.
    """

    jobs: Sequence[Job]
    script: Callable[["Scripted", Report, int], None]
    log: Attempts = field(default_factory=Attempts)
    exclusive: str = ""
    places: Sequence["Scripted"] = ()
    number: list[int] = field(default_factory=lambda: [0])

    @property
    def size(self) -> int:
        return 0

    def attempt(self, host: Host, store: LocalStore, report: Report) -> None:
        with self.log:
            self.log.begun.append((time.monotonic(), tuple(job.image_id for job in self.jobs)))
            number, self.number[0] = self.number[0], self.number[0] + 1
            self.script(self, report, number)

    def without(self, done: frozenset[str]) -> "Scripted":
        left = tuple(job for job in self.jobs if job.image_id not in done)
        return Scripted(left, self.script, self.log, self.exclusive, self.places, self.number)

    def elsewhere(self) -> Iterator["Scripted"]:
        yield from self.places


def job(image_id: object) -> Job:
    """Return an image to be had."""
    return Job(str(image_id), Remote(f"images/{image_id}.png"), f"{image_id}.png")


def came(one: Job) -> Fetched:
    """Return what it is when an image came."""
    return Fetched(one.name, 1, "0" * 64, f"https://somewhere.example/{one.name}", Transfer.RECEIVED, 0.0)


def succeed(unit: Scripted, report: Report, _: int) -> None:
    """Report every image as there."""
    for one in unit.jobs:
        report.done(one, came(one))
