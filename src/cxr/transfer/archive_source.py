"""The bytes of an archive at a host from any position on, over as many connections as that takes."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from cxr.hosts import Content, Host
from cxr.http import RefusedError, TransientError
from cxr.model import Remote
from cxr.transfer.unit import Report
from cxr.transfer.zip_member import StoppedError

EDGE: Final = 4096
"""First and last bytes of an archive by which it is known again where a host tells nothing else."""

FIRST: Final = 1 << 18
"""Bytes that are asked for at first: who wants ten images must not have the host send for hours."""

_ENOUGH: Final = 64 << 20  # bytes after which all the rest is asked for: a stop wastes little in comparison
_PROGRESS: Final = 64 << 10  # bytes that have to come between two broken connections
_TRIES: Final = 4  # broken connections in a row
_LONGEST: Final = 60.0  # seconds that a host may ask for while what was inflated so far waits in memory
_TICK: Final = 0.1


class ArchiveSource:
    """Reads an archive forward, and from elsewhere when asked to. A broken connection is replaced.

    Attributes:
        position: Of the next byte.
        size: The archive's bytes; ``None`` as long as the host has not said it.
        validator: What the host says of the archive's state; empty where it says nothing that holds.
        head: Its first `EDGE` bytes, as far as they have been seen.
        finished: The last byte has been read.

    Args:
        host: Where it is.
        remote: Which.
        report: Told of every block that comes, and asked whether to stop before each.
        patience: Seconds to wait before a broken connection is replaced, the first time; twice as many each
            time after. With 0 only what can be replaced at once is, and everything else is raised.
    """

    def __init__(self, host: Host, remote: Remote, report: Report, *, patience: float) -> None:
        self.position = 0
        self.size: int | None = None
        self.validator = ""
        self.head = b""
        self.finished = False
        self._host = host
        self._remote = remote
        self._report = report
        self._patience = patience
        self._open = ExitStack()
        self._blocks: Iterator[bytes] | None = None
        self._begun = 0
        self._expected = FIRST
        self._end: int | None = None
        self._failures = 0
        self._failed_at = 0
        self._md5 = hashlib.md5(usedforsecurity=False) if remote.checksum.startswith("md5:") else None

    @property
    def whole_md5(self) -> str:
        """``md5:<hex>`` of the archive, if its bytes came from first to last in one go; else empty."""
        return f"md5:{self._md5.hexdigest()}" if self._md5 and self.finished else ""

    def close(self) -> None:
        """Cut the connection."""
        self._blocks = None
        self._open.close()

    def seek(self, position: int, expected: int = FIRST) -> None:
        """Go on from another position.

        Args:
            position: Of the next byte.
            expected: How many bytes from there will be wanted. Where they do not suffice, as many again are
                asked for, and so on.
        """
        self.close()
        if position != self.position:
            self._md5 = None
        self.position = self._begun = self._failed_at = position
        self.finished = False
        self._expected = expected

    def probe(self) -> None:
        """Learn size, validator and the first bytes.

        Raises:
            TransientError: the host gives nothing now.
            RefusedError: the host gives nothing.
        """
        self._raise_if_stopping()
        with self._host.open(self._remote, 0, EDGE) as content:
            self.head = self._first_bytes(content)
            self.size, self.validator = content.size, content.validator

    def last_bytes(self) -> bytes:
        """Ask for the last `EDGE` bytes, beside what is being read; none where the size is not known.

        Raises:
            TransientError: the host gives nothing now.
            RefusedError: the host gives nothing.
        """
        if self.size is None:
            return b""
        start = max(0, self.size - EDGE)
        with self._host.open(self._remote, start, self.size, self.validator) as content:
            return b"".join(self._counted(content, 0)) if content.start == start else b""

    def read(self) -> bytes:
        """Return the next bytes; none at the archive's end.

        Raises:
            TransientError: the connection does not hold.
            RefusedError: the host gives nothing, or (``archive_changed``) another archive.
            StoppedError: the run is being stopped.
        """
        while not self.finished:
            self._raise_if_stopping()
            try:
                block = self._next_block()
            except TransientError as error:
                self._recover(error)
                continue
            if block:
                return self._taken(block)
        return b""

    def _taken(self, block: bytes) -> bytes:
        if self._md5 is not None:
            self._md5.update(block)
        if self.position == len(self.head) < EDGE:
            self.head += block[: EDGE - len(self.head)]
        self.position += len(block)
        return block

    def _next_block(self) -> bytes:
        if self._blocks is None:
            if self.position == self.size:
                self.finished = True
                return b""
            self._connect()
        assert self._blocks is not None
        block = next(self._blocks, b"")
        if not block:
            self.close()
            # More than was asked for comes from a host that gives no parts, less where there is no more.
            self.finished = self.position == self.size or self.position != self._end
        return block

    def _connect(self) -> None:
        had = self.position - self._begun
        self._end = None if had >= _ENOUGH else self.position + max(had, self._expected)
        content = self._open_at(self.validator if self.position else "")
        if self.position and not self._is_the_rest(content):
            content = self._open_again(content)
        self.size = self.size if content.size is None else content.size
        self.validator = content.validator or self.validator
        self._blocks = self._counted(content, self.position - content.start)

    def _open_at(self, validator: str) -> Content:
        self.close()
        return self._open.enter_context(self._host.open(self._remote, self.position, self._end, validator))

    def _is_the_rest(self, content: Content) -> bool:
        same_state = content.validator == self.validator or not (content.validator and self.validator)
        return content.start == self.position and self._has_size(content) and same_state

    def _has_size(self, content: Content) -> bool:
        return self.size is None or content.size in (None, self.size)

    def _open_again(self, content: Content) -> Content:
        """Open what is the same archive nevertheless: validators do not hold, or the host gives no parts.

        Raises:
            RefusedError: it is another one by now.
        """
        if content.start:
            self.close()
            content = self._open.enter_context(self._host.open(self._remote, 0, EDGE))
        if not self._has_size(content) or self._first_bytes(content) != self.head:
            raise RefusedError(
                "archive_changed",
                f"{self._remote.path} at {self._host.key} was replaced by another while it was read; the "
                "same command again reads the new one",
            )
        self.validator = ""
        content = self._open_at("")
        if content.start not in (0, self.position):
            raise TransientError("wrong_range", f"{self._remote.path}: other bytes came than were asked for")
        return content

    def _first_bytes(self, content: Content) -> bytes:
        """Return as many first bytes of the archive as are known, `EDGE` where none are."""
        wanted, found = len(self.head) or EDGE, b""
        for block in self._counted(content, 0):
            found += block
            if len(found) >= wanted:
                break
        return found[:wanted]

    def _counted(self, content: Content, skip: int) -> Iterator[bytes]:
        """Yield blocks without the first ``skip`` bytes, which a host without parts gives again."""
        for block in content:
            self._report.moved(len(block))
            self._raise_if_stopping()
            if skip < len(block):
                yield block[skip:]
            skip = max(0, skip - len(block))

    def _recover(self, error: TransientError) -> None:
        """Wait until the connection may be replaced; what was inflated so far is still good.

        Raises:
            TransientError: the one given; that is for others to decide.
            StoppedError: the run is being stopped.
        """
        self.close()
        if self.position - self._failed_at >= _PROGRESS:
            self._failures = 0
        nothing_yet = self.position == self._begun
        self._failures += 1
        self._failed_at = self.position
        wait = max(self._patience * 2 ** (self._failures - 1), error.retry_after or 0.0)
        impatient = not self._patience and (error.throttled or wait or self._failures > 1)
        if nothing_yet or impatient or self._failures >= _TRIES or wait > _LONGEST:
            raise error
        until = time.monotonic() + wait
        while time.monotonic() < until:
            self._raise_if_stopping()
            time.sleep(_TICK)

    def _raise_if_stopping(self) -> None:
        if self._report.stopping:
            raise StoppedError
