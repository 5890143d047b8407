"""The file of a seek index: records that are whole, and right, or do not count.

It begins with `_MAGIC`, of which the last byte is the version. A record is its kind (one byte), the length of
its content and the CRC-32 of both (32 bits each, little-endian), and the content. It is only written on, so
that a kill costs what was not written yet, and what was written is written once.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cxr.stores.storage_errors import writing

_MAGIC: Final = b"cxr seek index\n\1"
_HEAD: Final = struct.Struct("<cII")
_LONGEST: Final = 64 << 20  # bytes of a record


class Record(NamedTuple):
    """One record.

    Attributes:
        kind: One byte.
        content: What it says.
        at: Where in the file the content begins.
    """

    kind: bytes
    content: bytes
    at: int = 0

    @property
    def end(self) -> int:
        """Where in the file the next record begins."""
        return self.at + len(self.content)


def records(path: Path) -> Iterator[Record]:
    """Yield the records of a file up to the first that is not whole and right; none without a file.

    Raises:
        ValueError: it is no seek index, or one of another version.
        OSError: it cannot be read.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("it is no seek index, or one of another version of cxr")
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            kind, length, crc = _HEAD.unpack(head)
            at = file.tell()
            content = file.read(length) if length <= _LONGEST else b""
            if len(content) != length or zlib.crc32(content, zlib.crc32(kind)) != crc:
                return
            yield Record(kind, content, at)


def append(path: Path, end: int, new: Sequence[tuple[bytes, bytes]]) -> list[Record]:
    """Write records behind those that are there, and return them.

    Args:
        path: The file; it is made where ``end`` is 0.
        end: Where the last record ends. What a killed run left behind it goes.
        new: Kind and content of each.

    Raises:
        StorageError: it cannot be written. What was there before is as it was.
    """
    written, data = [], b"" if end else _MAGIC
    for kind, content in new:
        head = _HEAD.pack(kind, len(content), zlib.crc32(content, zlib.crc32(kind)))
        written.append(Record(kind, content, end + len(data) + len(head)))
        data += head + content
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123  a descriptor, not a path
            file.truncate(end)
            file.seek(end)
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
    return written
