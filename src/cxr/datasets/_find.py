"""Finding a dataset's tables among the paths of a folder."""

from collections.abc import Container, Iterable

_COMPRESSED = ".gz"


def by_name(paths: Iterable[str], names: Container[str]) -> dict[str, str]:
    """Return, for each of the names that a file bears, the path that is taken for it.

    Names are in small letters and without ``.gz``. The shallowest path wins, then an uncompressed file, then
    the first in alphabetical order.

    Args:
        paths: Those of a folder: hundreds of thousands of images and a few tables.
        names: What the tables are called.
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        name = path.rpartition("/")[2].lower().removesuffix(_COMPRESSED)
        if name in names:
            found.setdefault(name, []).append(path)
    return {name: min(candidates, key=_rank) for name, candidates in found.items()}


def _rank(path: str) -> tuple[int, bool, str]:
    return path.count("/"), path.lower().endswith(_COMPRESSED), path
