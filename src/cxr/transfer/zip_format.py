"""What stands in a zip file beside its members' bytes: the end, the directory, a header before each member.

After PKWARE's APPNOTE 6.3.10: local header 4.3.7, directory 4.3.12, its end 4.3.14 to 4.3.16, ZIP64 sizes
4.5.3. Only bytes are read here. Whatever they are, the answer is a value or a `ZipFormatError`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_MEMBER: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")

TAIL: Final = _END.size + 0xFFFF + _LOCATOR.size + _END64.size
"""As many last bytes of an archive as its end can take: the comment may have 65,535."""
LOCAL_HEADER: Final = _LOCAL.size
"""Bytes of a local header before the name and the extra fields."""
MAXIMUM_EXTRA: Final = 0xFFFF
"""As many bytes as a header's extra fields can take."""

_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF


class ZipFormatError(Exception):
    """These bytes are not the zip file that they should be.

    Args:
        code: Stable name, such as ``directory_damaged``.
        reason: What is wrong, for people, without the archive's name.
    """

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class End:
    """What the end of an archive says about its directory.

    Attributes:
        start: Where the directory begins in the file.
        size: Its bytes.
        members: How many it lists, as announced.
        exact: Whether ``members`` is the whole number; without ZIP64 it has 16 bits, whatever they are.
    """

    start: int
    size: int
    members: int
    exact: bool


class Header(NamedTuple):
    """One member, as the directory has it.

    Attributes:
        name: As stored.
        flags: General purpose bits (APPNOTE 4.4.4).
        method: How it is compressed (4.4.5).
        crc32: Of its inflated bytes.
        compressed: Bytes in the archive.
        size: Bytes when inflated.
        offset: Of its local header.
        attributes: External attributes: those of Unix in the upper half, those of DOS in the lower.
    """

    name: bytes
    flags: int
    method: int
    crc32: int
    compressed: int
    size: int
    offset: int
    attributes: int


class LocalHeader(NamedTuple):
    """The fixed part of what stands before a member's bytes; see `Header`."""

    flags: int
    method: int
    crc32: int
    compressed: int
    size: int
    name_size: int
    extra_size: int


def find_end(tail: bytes, size: int) -> End:
    """Return what the end of an archive says.

    A comment may hold anything, another end too. An end counts where its comment reaches the file's last byte
    and its directory has room before it. Two such ends would be two archives in one, of which each program
    sees the one or the other: that is refused.

    Args:
        tail: The last `TAIL` bytes of the file, or all there are.
        size: The whole file's size.

    Raises:
        ZipFormatError: there is no end, or it cannot be right, or there are two.
    """
    places = _ends(tail)
    if not places:
        raise ZipFormatError(
            "archive_cut", "it has no directory at its end: it was cut off, or is no zip file"
        )
    found, wrong = [], []
    for place in places:
        try:
            found.append(_read_end(tail, place, size - len(tail)))
        except ZipFormatError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    if len(found) > 1:
        raise ZipFormatError("directory_damaged", "it has two directories, of which either may be meant")
    return found[0]


def _ends(tail: bytes) -> list[int]:
    places = []
    place = tail.rfind(b"PK\5\6")
    while place >= 0:
        if place + _END.size <= len(tail):
            comment = _END.unpack_from(tail, place)[-1]
            if place + _END.size + comment == len(tail):
                places.append(place)
        place = tail.rfind(b"PK\5\6", 0, place + 3)
    return places


def _read_end(tail: bytes, place: int, before: int) -> End:
    _, disk, first, here, members, size, offset, _ = _END.unpack_from(tail, place)
    record = _end64_place(tail, place, before)
    end = place
    if record is not None:
        wide = _END64.unpack_from(tail, record)[4:]
        for small, large, full in zip(
            (disk, first, here, members, size, offset), wide, (_FULL16,) * 4 + (_FULL32,) * 2, strict=True
        ):
            if small not in (full, large & full):
                raise _damaged("the two records at its end contradict each other")
        disk, first, here, members, size, offset = wide
        end = record
    if disk or first or here != members:
        raise ZipFormatError("unsupported", "it is one part of an archive that was split over several files")
    # Programs differ in where they look for a directory that is not directly before the end. So archives
    # behind other bytes, such as a program that extracts them, are not read.
    if before + end - size != offset or size < members * _MEMBER.size:
        raise _damaged("the place and size of its directory cannot be right")
    return End(offset, size, members, exact=record is not None)


def _end64_place(tail: bytes, end: int, before: int) -> int | None:
    """Return where the ZIP64 record of an end lies in ``tail``, ``None`` where there is none."""
    locator = end - _LOCATOR.size
    if locator < 0 or tail[locator : locator + 4] != b"PK\6\7":
        return None
    place: int = _LOCATOR.unpack_from(tail, locator)[2] - before
    if 0 <= place <= locator - _END64.size and tail[place : place + 4] == b"PK\6\6":
        length = _END64.unpack_from(tail, place)[1]
        if place + 12 + length == locator:
            return place
    raise _damaged("its ZIP64 record is not where it should be")


def headers(directory: bytes, end: End) -> Iterator[Header]:
    """Yield each member of a directory, in its order.

    Raises:
        ZipFormatError: it is not what the archive's end says, or breaks off.
    """
    place = count = 0
    while place < len(directory):
        if place + _MEMBER.size > len(directory):
            raise _damaged("its directory breaks off")
        fields = _MEMBER.unpack_from(directory, place)
        if fields[0] != b"PK\1\2":
            raise _damaged(f"its directory has no member where number {count + 1:,} should be")
        name_end = place + _MEMBER.size + fields[10]
        extra_end = name_end + fields[11]
        name = directory[place + _MEMBER.size : name_end]
        place = extra_end + fields[12]
        if place > len(directory):
            raise _damaged("its directory breaks off")
        count += 1
        yield _header(fields, name, directory[name_end:extra_end])
    if end.members not in ((count,) if end.exact else (count & _FULL16, min(count, _FULL16))):
        raise _damaged(f"its directory lists {count:,} members, and {end.members:,} are announced")


def _header(fields: tuple[int, ...], name: bytes, extra: bytes) -> Header:
    flags, method, crc32, compressed, size = fields[3], fields[4], *fields[7:10]
    disk, attributes, offset = fields[13], *fields[15:17]
    wide = iter(_wide(extra))
    try:
        # ZIP64 has those fields alone that do not fit, in this order.
        size = next(wide) if size == _FULL32 else size
        compressed = next(wide) if compressed == _FULL32 else compressed
        offset = next(wide) if offset == _FULL32 else offset
    except StopIteration:
        raise _damaged("a member of more than 4 GiB has no ZIP64 sizes") from None
    if disk not in (0, _FULL16):
        raise ZipFormatError("unsupported", "it is one part of an archive that was split over several files")
    return Header(name, flags, method, crc32, compressed, size, offset, attributes)


def _wide(extra: bytes) -> tuple[int, ...]:
    """Return the 8-byte numbers of the ZIP64 field among extra fields."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            content = extra[place + 4 : place + 4 + length]
            return struct.unpack_from(f"<{len(content) // 8}Q", content)
        place += 4 + length
    return ()


def local_header(data: bytes) -> LocalHeader | None:
    """Return what the `LOCAL_HEADER` bytes before a member say, ``None`` where they are no such header."""
    signature, _, flags, method, _, _, crc32, compressed, size, name_size, extra_size = _LOCAL.unpack(data)
    if signature != b"PK\3\4":
        return None
    return LocalHeader(flags, method, crc32, compressed, size, name_size, extra_size)


def _damaged(reason: str) -> ZipFormatError:
    return ZipFormatError("directory_damaged", reason)
