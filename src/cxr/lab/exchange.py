"""What passes between a client and a simulated host: the request, the reply, and what came of both."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import Literal, NamedTuple

_REMEMBERED = 200_000  # exchanges; a lab may run for weeks


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        method: ``GET``, ``HEAD``, ``POST``.
        path: Without the query, percent signs resolved.
        query: Each key once.
        headers: Names in lower case.
        body: Its bytes.
        origin: Where the server that took it is reached: ``http://127.0.0.1:7777``.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str


class FilePart(NamedTuple):
    """Bytes ``start`` to before ``end`` of a file on disk."""

    path: Path
    start: int
    end: int


class Fault(NamedTuple):
    """What goes wrong while a body is sent.

    Attributes:
        kind: ``close`` ends the connection, ``reset`` breaks it (RST), ``stall`` sends nothing more.
        share: After which share of the body, 0 to 1.
        failure: The switch that did it.
    """

    kind: Literal["close", "reset", "stall"]
    share: float
    failure: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answers.

    Attributes:
        status: HTTP's.
        headers: Without Content-Length, which follows from the body.
        body: Bytes, or a part of a file.
        fault: What goes wrong on the way, if anything.
        failure: The switch that made the reply what it is; empty where the host did as it should.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | FilePart = b""
    fault: Fault | None = None
    failure: str = ""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.end - self.body.start if isinstance(self.body, FilePart) else len(self.body)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it.

    Attributes:
        server: Which server of the host: ``kaggle`` or ``kaggle-storage``, ``box`` or ``box-download``,
            ``physionet`` or ``physionet-bulk``.
        method: The request's.
        path: Without the query.
        query: As it came; it may hold a signature.
        headers: Of the request, names in lower case.
        status: Of the reply; 0 where the client had left before it.
        length: Bytes that the reply's body has.
        sent: Bytes of it that were handed to the network.
        client_left: The client closed or broke the connection before the last byte was handed over.
        failure: The switch that struck, or empty.
    """

    server: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int
    length: int
    sent: int
    client_left: bool
    failure: str

    @property
    def range(self) -> str:
        """The Range header, or empty."""
        return self.headers.get("range", "")

    @property
    def broken(self) -> bool:
        """A switch made the answer go wrong."""
        return bool(self.failure)


class Accounts:
    """All exchanges of one host; threads share it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._exchanges: deque[Exchange] = deque(maxlen=_REMEMBERED)
        self._sent: Counter[str] = Counter()
        self._count = 0
        self._under_way = 0

    def reset(self) -> None:
        """Forget what was taken down, what is under way included: it is waited for likewise."""
        with self._changed:
            self._settle()
            self._exchanges.clear()
            self._sent.clear()
            self._count = 0

    def begin(self) -> None:
        """Take down that a request came."""
        with self._changed:
            self._under_way += 1
            self._count += 1

    def end(self, exchange: Exchange | None) -> None:
        """Take down what came of it; ``None`` where it could not be answered."""
        with self._changed:
            self._under_way -= 1
            if exchange is not None:
                self._exchanges.append(exchange)
            self._changed.notify_all()

    def moved(self, path: str, size: int) -> None:
        """Take down that so many more bytes of a body are sent, or fewer than was said before."""
        with self._changed:
            self._sent[path] += size

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges that are over, oldest first; the last 200,000.

        A client may have its last byte before that is taken down here, so what is under way is waited for,
        two seconds at most.
        """
        with self._changed:
            self._settle()
            return tuple(self._exchanges)

    @property
    def count(self) -> int:
        """How many requests came."""
        with self._changed:
            return self._count

    @property
    def bytes_by_path(self) -> Mapping[str, int]:
        """Bytes of bodies that were sent up to now, by path."""
        with self._changed:
            return {path: size for path, size in self._sent.items() if size}

    @property
    def bytes_sent(self) -> int:
        """Bytes of bodies that were sent up to now."""
        with self._changed:
            return self._sent.total()

    def _settle(self) -> None:
        self._changed.wait_for(lambda: self._under_way == 0, timeout=2)
