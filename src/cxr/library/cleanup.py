"""`cxr cleanup`: what interrupted runs left behind."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cxr.library.open import Library
from cxr.stores.storage_errors import writing

_LEFTOVERS = ("*.part", ".*.tmp")


@dataclass(slots=True)
class CleanupSummary:
    """What was removed, or would be.

    Attributes:
        files: How many.
        bytes: Their size.
        kept: Leftovers that are too young.
        names: Of the files, below the base directory.
    """

    files: int = 0
    bytes: int = 0
    kept: int = 0
    names: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


def cleanup(library: Library, hours: float, *, dry_run: bool = False) -> CleanupSummary:
    """Remove parts of files that nobody works on any more; images, captions and tables are never touched.

    Args:
        library: Open for writing, so that no run is under way; for a dry run, to read.
        hours: Leave what was changed within so many hours.
        dry_run: Remove nothing, and return what would go.

    Raises:
        StorageError: a file cannot be removed.
    """
    oldest = time.time() - hours * 3600
    summary = CleanupSummary()
    for path in sorted(set(_leftovers(library))):
        with suppress(FileNotFoundError):  # during a dry run another cxr may be at work
            status = path.lstat()
            if status.st_mtime > oldest:
                summary.kept += 1
                continue
            if not dry_run:
                with writing(path):
                    path.unlink()
            summary.files += 1
            summary.bytes += status.st_size
            summary.names.append(str(path.relative_to(library.layout.base)))
    return summary


def _leftovers(library: Library) -> Iterator[Path]:
    layout = library.layout
    yield from (path for path in layout.temp.rglob("*") if not path.is_dir() or path.is_symlink())
    for folder in (layout.images, layout.captions, layout.metadata):
        for pattern in _LEFTOVERS:
            yield from folder.glob(pattern)
    for folder in (layout.raw, layout.metadata / "archives"):
        if folder.is_dir():
            for pattern in _LEFTOVERS:
                yield from folder.rglob(pattern)
