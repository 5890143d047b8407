"""Logs of one JSON object a line, to which whole lines are appended or nothing."""

import os
from collections.abc import Iterable
from pathlib import Path

from cxr.stores.storage_errors import writing

_TAIL = 1 << 16


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines, and drop the beginning of a line that a killed run left at the end.

    Raises:
        StorageError: the disk is full, or the file cannot be written; it is then as it was.
    """
    data = "".join(f"{line}\n" for line in lines).encode()
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            end = _whole_lines(descriptor)
            try:
                os.ftruncate(descriptor, end)
                _write_all(descriptor, data, end)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)


def _whole_lines(descriptor: int) -> int:
    """Return the size of a file without what follows its last line end."""
    end = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - _TAIL)
        block = os.pread(descriptor, end - begin, begin)
        if (found := block.rfind(b"\n")) >= 0:
            return begin + found + 1
        end = begin
    return 0


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
