"""The seek index of a tar.gz: where its members are, and points from which they can be read.

It is written on while the archive streams (`seek_file`). Nothing in it is of the machine or the user, so that
it can be given to whoever has the same archive. It holds pieces of the images, 32 KiB a point: their terms go
with it.

What its records say, by their kind:

``A``
    The archive, JSON: name, size or null, validator, head and tail (SHA-256 of the first and last bytes).
``M``
    Members, JSON: name, start of the first header, offset and number of the bytes, for each.
``P``
    A point: compressed, inflated, member (64 bits each), CRC-32 (32), bits (8), and the window.
``E``
    There are no further members. No content.
"""

import json
import struct
from bisect import bisect_right
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Any, Final

from cxr.hosts import Archive
from cxr.logs import get_logger
from cxr.stores.storage_errors import writing
from cxr.transfer.point_finder import Found
from cxr.transfer.seek_file import Record, append, records
from cxr.transfer.seek_point import START, WINDOW, Point
from cxr.transfer.tar_members import Member

_POINT: Final = struct.Struct("<QQQIB")
_MOST: Final = 1_000_000  # members: of an archive with more, the others are looked for anew each time
_MOST_NAMES: Final = 64 << 20  # characters that their names have together
_LARGEST: Final = 1 << 60  # no position is beyond

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which archive it is.

    Attributes:
        name: At the host.
        size: In bytes; ``None`` where the host does not say.
        validator: What the host said of its state; empty for nothing.
        head: SHA-256 of its first bytes, in hex.
        tail: SHA-256 of its last bytes, among them the CRC-32 and the length of what it inflates to; empty
            where they have not been seen.
    """

    name: str
    size: int | None
    validator: str
    head: str
    tail: str = ""

    def is_of(self, other: "Identity") -> bool:
        """Return whether it is the same archive. Validators may differ: each server has its own."""
        same_size = self.size == other.size or None in {self.size, other.size}
        same_state = self.validator == other.validator or bool(self.tail and self.tail == other.tail)
        return self.head == other.head and same_size and same_state


def index_path(folder: Path, archive: Archive) -> Path:
    """Return where an archive's index lies."""
    return folder / (archive.remote.path.replace("/", "_") + ".seek-index")


def window_of(folder: Path, archive: Archive) -> int | None:
    """Return how many compressed bytes are between two points at most; ``None`` without a complete index."""
    index = SeekIndex(index_path(folder, archive))
    if not index.complete or index.identity is None:
        return None
    places = [point.compressed for point in (START, *index.points)]
    places.append(max(index.identity.size or 0, places[-1]))
    return max(after - before for before, after in pairwise(places))


class SeekIndex:
    """What is known of one archive. What cannot be read of the file does not count; the log says why.

    Attributes:
        identity: Of the archive; ``None`` as long as nothing is known of it.
        members: Those seen, from the first on without a gap, in the tar's order.
        points: In the archive's order; its beginning is always one, and is not among them.
        complete: There are no further members.

    Args:
        path: Where the file is, or will be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()
        try:
            for record in records(path):
                self._take(record)
        except (
            ValueError,
            TypeError,
            KeyError,
            OverflowError,
            RecursionError,
            struct.error,
            OSError,
        ) as error:
            # What came before the damage counts; what is behind it will be written anew.
            _log.warning("part of a seek index is left out", file=path.name, reason=str(error))

    @property
    def next_header(self) -> int:
        """Where in the tar the first header is that has not been seen."""
        return self.members[-1].end if self.members else 0

    def best(self, offset: int) -> Point:
        """Return the last point from which a byte of the tar can be reached."""
        at = self._after(offset)
        return self.points[at - 1] if at else START

    def compressed(self, offset: int) -> int:
        """Return where in the archive a byte of the tar is; rather a little later than too early."""
        before, at = self.best(offset), self._after(offset)
        if at == len(self.points):
            return before.compressed + offset - before.inflated
        after = self.points[at]
        whole = after.compressed - before.compressed
        share = (offset - before.inflated) / (after.inflated - before.inflated)
        return before.compressed + int(whole * (share + 1 / 16))

    def found(self, point: Point) -> Found:
        """Return one of the points with its window, which is read from the file.

        Raises:
            OSError: the file cannot be read any more.
        """
        if point.is_start:
            return Found(point)
        with self._path.open("rb") as file:
            file.seek(self._windows[self._after(point.inflated) - 1])
            return Found(point, file.read(WINDOW))

    def add(self, member: Member) -> None:
        """Take note of the next member; `save` writes it down."""
        self._names += len(member.name)
        if self._has_room:
            self.members.append(member)

    def save(self, identity: Identity, found: Found | None = None, *, complete: bool = False) -> None:
        """Write down what is new.

        Args:
            identity: The archive's.
            found: A point behind all others.
            complete: There are no further members.

        Raises:
            StorageError: it cannot be written.
        """
        new = []
        if rows := [_row(member) for member in self.members[self._written :]]:
            new.append((b"M", json.dumps(rows, separators=(",", ":")).encode()))
        if found is not None:
            new.append((b"P", _packed(found)))
        if complete and not self.complete and self._has_room:
            new.append((b"E", b""))
        if not new:
            return
        if not self._end:
            new.insert(0, (b"A", json.dumps(asdict(identity)).encode()))
        self._names -= sum(len(member.name) for member in self.members[self._written :])
        del self.members[self._written :]
        for record in append(self._path, self._end, new):
            self._take(record)

    def forget(self) -> None:
        """Remove the file, and know nothing.

        Raises:
            StorageError: it cannot be removed.
        """
        with writing(self._path), suppress(FileNotFoundError):
            self._path.unlink()
        self._forget()

    def _forget(self) -> None:
        self.identity: Identity | None = None
        self.members: list[Member] = []
        self.points: list[Point] = []
        self.complete = False
        self._windows: list[int] = []
        self._names = 0  # characters of the members' names
        self._written = 0  # members that the file has
        self._end = 0  # of the file's last record

    @property
    def _has_room(self) -> bool:
        return len(self.members) < _MOST and self._names <= _MOST_NAMES

    def _after(self, offset: int) -> int:
        return bisect_right(self.points, offset, key=lambda point: point.inflated)

    def _take(self, record: Record) -> None:
        """Learn what a record says.

        Raises:
            ValueError: what it says cannot be.
        """
        kind, content = record.kind, record.content
        if kind == b"A" and self.identity is None:
            self.identity = _identity(json.loads(content))
        elif kind == b"M":
            self._take_members(content)
        elif kind == b"P":
            self._take_point(record)
        elif kind == b"E":
            self.complete = True
        else:
            raise ValueError(f"a record of the kind {kind!r} is out of place")
        self._end = record.end

    def _take_members(self, content: bytes) -> None:
        found = []
        least = self.next_header
        for name, start, offset, size in json.loads(content):
            if type(name) is not str or not {type(start), type(offset), type(size)} <= {int}:
                raise ValueError("one of its members is none")
            member = Member(name, start, offset, size)
            if not least <= member.start < member.offset <= _LARGEST or not 0 <= member.size <= _LARGEST:
                raise ValueError("its members overlap")
            found.append(member)
            least = member.end
        self.members += found
        self._names += sum(len(member.name) for member in found)
        self._written = len(self.members)

    def _take_point(self, record: Record) -> None:
        point = _unpacked(record.content)
        last = self.points[-1] if self.points else START
        window = len(record.content) - _POINT.size
        if (
            point.compressed <= last.compressed
            or point.inflated <= last.inflated
            or window not in {0, WINDOW}
        ):
            raise ValueError("its points are not in order")
        self.points.append(point)
        self._windows.append(record.at + _POINT.size)


def _identity(said: dict[str, Any]) -> Identity:
    identity = Identity(**said)
    texts = (identity.name, identity.validator, identity.head, identity.tail)
    if type(identity.size) not in {int, NoneType} or not all(isinstance(text, str) for text in texts):
        raise ValueError("what it says of its archive is of another kind")
    return identity


def _row(member: Member) -> tuple[str, int, int, int]:
    return member.name, member.start, member.offset, member.size


def _packed(found: Found) -> bytes:
    point = found.point
    return _POINT.pack(point.compressed, point.inflated, point.member, point.crc, point.bits) + found.window


def _unpacked(content: bytes) -> Point:
    compressed, inflated, member, crc, bits = _POINT.unpack_from(content)
    if bits > 7 or member > inflated or max(compressed, inflated) > _LARGEST:
        raise ValueError("one of its points cannot be")
    if (member == inflated) != (len(content) == _POINT.size):
        raise ValueError("one of its points has no window, or one too many")
    return Point(compressed, bits, inflated, member, crc)
