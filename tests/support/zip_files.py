"""Zip files by hand, as zipfile would never write them, so that what is hostile or rare can be tried."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

UTF8 = 1 << 11
ENCRYPTED = 1
LATER = 1 << 3
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True)
class Member:
    """One member; what is given beside name and content is put in place of what would be right."""

    name: bytes
    content: bytes = b""
    method: int = 0
    flags: int = 0
    mode: int = 0o100644
    attributes: int = 0
    offset: int | None = None
    compressed: int | None = None
    size: int | None = None
    crc32: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_extra: bytes = b""
    local_flags: int | None = None
    local_method: int | None = None
    zip64: bool = False
    disk: int = 0
    raw: bytes | None = None
    after: bytes = b""

    @property
    def bytes(self) -> bytes:
        """What stands in the archive."""
        if self.raw is not None:
            return self.raw
        return deflated(self.content) if self.method == 8 else self.content


def deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def local(member: Member) -> bytes:
    raw = member.bytes
    name = member.name if member.local_name is None else member.local_name
    flags = member.flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    crc32, compressed = zlib.crc32(member.content), len(raw)
    size = len(member.content) if member.local_size is None else member.local_size
    extra, later = member.local_extra, b""
    if flags & LATER:
        later = struct.pack("<4s3L", b"PK\7\x08", crc32, compressed, size)
        crc32 = compressed = size = 0
    elif member.zip64:
        extra = struct.pack("<2H2Q", 1, 16, size, compressed) + extra
        compressed = size = FULL32
    lengths = (len(name), len(extra))
    head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0, crc32, compressed, size, *lengths)
    return head + name + extra + raw + later + member.after


def central(member: Member, offset: int) -> bytes:
    crc32 = zlib.crc32(member.content) if member.crc32 is None else member.crc32
    compressed = len(member.bytes) if member.compressed is None else member.compressed
    size = len(member.content) if member.size is None else member.size
    offset = offset if member.offset is None else member.offset
    extra = struct.pack("<2H2x", 0x5455, 2)  # another field comes first
    if member.zip64 or max(size, compressed, offset) >= FULL32:
        extra += struct.pack("<2H3Q", 1, 24, size, compressed, offset)
        size = compressed = offset = FULL32
    attributes = member.mode << 16 | member.attributes
    lengths = (len(member.name), len(extra), 3)
    return (
        struct.pack(
            "<4s6H3L", b"PK\1\2", 3 << 8 | 20, 20, member.flags, member.method, 0, 0, crc32, compressed, size
        )
        + struct.pack("<5H2L", *lengths, member.disk, 0, attributes, offset)
        + member.name
        + extra
        + b"odd"  # a comment
    )


@dataclass(frozen=True)
class Ending:
    """How an archive ends; what is given is put in place of what would be right."""

    comment: bytes = b""
    zip64: bool = False
    count: int | None = None
    size: int | None = None
    offset: int | None = None
    disk: int = 0

    def bytes(self, count: int, size: int, offset: int) -> bytes:
        """Return what follows a directory of so many members and bytes at this offset."""
        place = offset + size
        count = count if self.count is None else self.count
        size = size if self.size is None else self.size
        offset = offset if self.offset is None else self.offset
        wide = b""
        if self.zip64:
            wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, self.disk, 0, count, count, size, offset)
            wide += struct.pack("<4sLQL", b"PK\6\7", 0, place, 1)
            count, size, offset = FULL16, FULL32, FULL32
        count &= FULL16
        end = (b"PK\5\6", self.disk, 0, count, count, size, offset, len(self.comment))
        return wide + struct.pack("<4s4H2LH", *end) + self.comment


def archive(members: Iterable[Member], ending: Ending | None = None, before: bytes = b"") -> bytes:
    """Return a zip file.

    Args:
        members: In the order in which they stand in it.
        ending: How it ends.
        before: Bytes before it, which its own offsets do not count.
    """
    body, directory = bytearray(), bytearray()
    count = 0
    for member in members:
        directory += central(member, len(body))
        body += local(member)
        count += 1
    return before + bytes(body + directory) + (ending or Ending()).bytes(count, len(directory), len(body))
