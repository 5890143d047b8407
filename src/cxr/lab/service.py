"""What a simulated server is: what it answers, how fast, and where its accounts are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from cxr.lab.exchange import Accounts, Reply, Request


@dataclass(frozen=True, slots=True)
class Pace:
    """How a server answers.

    Attributes:
        latency: Seconds before each answer.
        bytes_per_second: Of one connection; ``None`` for as fast as can be.
        stall: Seconds for which a stalled connection is held at most.
    """

    latency: float = 0.0
    bytes_per_second: float | None = None
    stall: float = 120.0


@dataclass(frozen=True, slots=True)
class Service:
    """What the threads of a server share.

    Attributes:
        name: Of the server in the accounts.
        answer: What it answers.
        accounts: Where each exchange is taken down.
        pace: How fast.
        closing: Set when the server is to end.
    """

    name: str
    answer: Callable[[Request], Reply]
    accounts: Accounts
    pace: Pace = field(default_factory=Pace)
    closing: Event = field(default_factory=Event)
