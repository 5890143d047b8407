"""Keeping a library apart from the folder that it is made from."""

import os
from collections.abc import Iterable
from pathlib import Path

from cxr.errors import UsageError
from cxr.library.layout import Layout
from cxr.model import Remote


def without_own_files(listing: Iterable[Remote], origin: Path, layout: Layout) -> list[Remote]:
    """Return a folder's files without those of a library that lies below it.

    Args:
        listing: What the folder holds.
        origin: The folder.
        layout: The library.

    Raises:
        UsageError: the folder is the library, or one of the library's own.
    """
    root = Path(os.path.realpath(origin))
    own = [Path(os.path.realpath(folder)) for folder in layout.own]
    base = Path(os.path.realpath(layout.base))
    if root == base or any(root.is_relative_to(folder) for folder in own):
        raise UsageError(
            f"{origin} belongs to the library in {layout.base}, which cannot be made from itself.",
            think="The folder that holds your copy stays as it is; a library is kept beside it.",
            next_step="Name the folder of the copy, or another library with --base-dir.",
        )
    places = (*own, base / layout.terms.name)
    below = [place.relative_to(root).as_posix() for place in places if place.is_relative_to(root)]
    if not below:
        return list(listing)
    folders = tuple(f"{place}/" for place in below)
    return [one for one in listing if one.path not in below and not one.path.startswith(folders)]
