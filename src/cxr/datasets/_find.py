"""Finding a dataset's tables among the paths of a folder."""

from collections.abc import Iterable
from pathlib import PurePosixPath

_COMPRESSED = ".gz"


def by_name(paths: Iterable[str]) -> dict[str, str]:
    """Return, for each file name in small letters and without ``.gz``, the path that is taken for it.

    The shallowest path wins, then an uncompressed file, then the first in alphabetical order. Hidden files,
    among them macOS's ``._`` companions, are none.
    """
    found: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path.lower().endswith(_COMPRESSED), path)):
        name = PurePosixPath(path).name.lower()
        if not name.startswith("."):
            found.setdefault(name.removesuffix(_COMPRESSED), path)
    return found
