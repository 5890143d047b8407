"""`cxr cleanup`: what interrupted runs left behind."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cxr.library.open import Library
from cxr.stores.writing import writing

_LEFTOVERS = ("*.part", ".*.tmp")


@dataclass(frozen=True, slots=True)
class CleanupSummary:
    """What was removed.

    Attributes:
        files: How many.
        bytes: Their size.
        kept: Leftovers that are too young.
    """

    files: int
    bytes: int
    kept: int

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


def cleanup(library: Library, hours: float) -> CleanupSummary:
    """Remove parts of files that nobody works on any more; images, captions and tables are never touched.

    Args:
        library: Open for writing, so that no run is under way.
        hours: Leave what was changed within so many hours.

    Raises:
        StorageError: a file cannot be removed.
    """
    oldest = time.time() - hours * 3600
    files = size = kept = 0
    for path in sorted(set(_leftovers(library))):
        status = path.lstat()
        if status.st_mtime > oldest:
            kept += 1
            continue
        with writing(path):
            path.unlink()
        files += 1
        size += status.st_size
    return CleanupSummary(files, size, kept)


def _leftovers(library: Library) -> Iterator[Path]:
    layout = library.layout
    yield from (path for path in layout.temp.rglob("*") if not path.is_dir() or path.is_symlink())
    for folder in (layout.images, layout.captions, layout.metadata):
        for pattern in _LEFTOVERS:
            yield from folder.glob(pattern)
    if layout.raw.is_dir():
        for pattern in _LEFTOVERS:
            yield from layout.raw.rglob(pattern)
