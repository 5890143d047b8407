"""Large files that are written in pieces and take their name only when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.stores.storage_errors import writing

PART = ".part"
"""What the name of a file under way ends in; ``cxr cleanup`` knows it by that."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; it becomes ``path`` when the block ends well, else it is removed.

    It lies in the same folder as ``NAME.part``, so that renaming is atomic. A kill leaves the part behind,
    for the next writer to overwrite and for ``cxr cleanup`` to remove; ``path`` is then as it was.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    part = path.with_name(path.name + PART)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            # On the disk before it bears the name: a power cut must not leave an empty file in its place.
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
