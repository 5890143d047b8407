"""Files of the library that no row of the index speaks of."""

import os
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from cxr import checks, datasets
from cxr.index.places import caption_paths, image_paths
from cxr.library.naming import as_indexed
from cxr.library.open import Library
from cxr.model import Issue
from cxr.stores.replacing import PART

# What systems put into every folder that somebody has looked at; names with a dot are hidden anyway.
_LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "lost+found"})


def orphans(library: Library, sources: tuple[str, ...] | None = None) -> Iterator[tuple[str, Issue]]:
    """Yield the place of each image and caption that the index does not know, with an issue that says so.

    A stem begins with its dataset's key. A file that bears none is somebody else's: a warning, and only where
    the whole library is looked at. Hidden files, what systems leave behind and parts are nobody's concern.

    Args:
        library: Open.
        sources: Datasets whose files are meant; ``None`` for all.
    """
    layout, database = library.layout, library.database
    yield from _unknown(library, layout.images, image_paths(database), "image_without_row", sources)
    yield from _unknown(library, layout.captions, caption_paths(database), "caption_without_row", sources)


def _unknown(
    library: Library, folder: Path, indexed: Iterator[str], code: str, sources: tuple[str, ...] | None
) -> Iterator[tuple[str, Issue]]:
    """Yield the files of one folder that are not among those of the index, sorted by name."""
    wanted = tuple(f"{source}_" for source in (datasets.keys() if sources is None else sources))
    # Names alone, sorted, and a byte for each that says whether it is known: two thirds of what a set takes.
    names = sorted(name for name in _visible(folder) if sources is None or name.startswith(wanted))
    known = bytearray(len(names))
    before = f"{as_indexed(library.layout, folder)}/"
    for path in indexed:
        if path.startswith(before):
            name = path[len(before) :]
            at = bisect_left(names, name)
            if at < len(names) and names[at] == name:
                known[at] = True
    for name in (name for name, is_known in zip(names, known, strict=True) if not is_known):
        named = name.startswith(wanted)
        yield before + name, checks.issue_without_row(code if named else "file_without_row")


def _visible(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            hidden = name.startswith(".") or name.endswith(PART) or name.lower() in _LITTER
            if not hidden:
                yield name
