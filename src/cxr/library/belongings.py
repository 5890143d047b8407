"""Which files of a library came from a dataset: their names say it."""

import os
from collections.abc import Iterator
from pathlib import Path

from cxr.library.layout import Layout

KINDS = ("images", "captions", "tables", "pictures", "archives", "parts")


def belongings(layout: Layout, source: str, kind: str) -> Iterator[Path]:
    """Yield the library's own files of a dataset, of one of `KINDS`; they may be removed meanwhile."""
    if kind == "images":
        yield from _named(layout.images, source)
        yield from _named(layout.quarantine, source)
    elif kind == "captions":
        yield from _named(layout.captions, source)
    elif kind == "tables":
        yield from _files_below(layout.raw / source)
    elif kind == "archives":
        yield from _files_below(layout.archives(source))
    elif kind == "pictures":
        yield from (path for path in (layout.contact_sheet(source),) if path.is_file())
    else:
        yield from _named(layout.temp, source)


def _named(folder: Path, source: str) -> Iterator[Path]:
    """Yield the files of a folder that bear a dataset's prefix, as every stem does, finished or under way."""
    if not folder.is_dir():
        return
    prefixes = (f"{source}_", f".{source}_")
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(prefixes)]
    for name in names:
        path = folder / name
        if not path.is_dir() or path.is_symlink():
            yield path


def _files_below(folder: Path) -> Iterator[Path]:
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    yield from (path for path in found if not path.is_dir() or path.is_symlink())
