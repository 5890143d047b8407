"""Files of the library that no row of the index speaks of."""

import os
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
    # Names alone, and of them those that turn out to be known taken away: 716,000 take some 100 MB.
    names = {name for name in _visible(folder) if sources is None or name.startswith(wanted)}
    before = f"{as_indexed(library.layout, folder)}/"
    for path in indexed:
        if path.startswith(before):
            names.discard(path[len(before) :])
    for name in sorted(names):
        known = name.startswith(wanted)
        yield before + name, checks.issue_without_row(code if known else "file_without_row")


def _visible(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            hidden = name.startswith(".") or name.endswith(PART) or name.lower() in _LITTER
            if not hidden:
                yield name
