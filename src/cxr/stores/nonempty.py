"""Which files of a folder are not empty; of a large folder that is asked while other work goes on."""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from cxr.stores.entries import entries

MANY: Final = 20_000
"""From so many files on their sizes are asked for by another process: each costs the system microseconds."""
_CODE: Final = """
import os, sys
for one in os.scandir(sys.argv[1]):
    if one.is_file() and not one.stat().st_size:
        sys.stdout.buffer.write(os.fsencode(one.name) + b"\\0")
"""


class NonEmpty:
    """The files of one folder, as they are when this is made.

    Args:
        folder: Where they lie.
        many: From how many on another process asks.

    Raises:
        OSError: the folder cannot be read.
    """

    def __init__(self, folder: Path, *, many: int = MANY) -> None:
        self._names = {one.name for one in entries(folder) if one.is_file()}
        self._empty: Future[set[str]] | None = None
        if len(self._names) < many:
            self._names -= _empty(folder)
        else:
            with_another = ThreadPoolExecutor(1, "sizes")
            self._empty = with_another.submit(_empty_by_another, folder)
            with_another.shutdown(wait=False)

    def __contains__(self, name: object) -> bool:
        if (empty := self._empty) is not None:
            self._names -= empty.result()
            self._empty = None
        return name in self._names


def _empty_by_another(folder: Path) -> set[str]:
    try:
        asked = subprocess.run(  # noqa: S603  this interpreter, and code of ours
            [sys.executable, "-I", "-S", "-c", _CODE, folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return _empty(folder)
    return {os.fsdecode(name) for name in asked.stdout.split(b"\0") if name}


def _empty(folder: Path) -> set[str]:
    return {one.name for one in entries(folder) if one.is_file() and not one.stat().st_size}
