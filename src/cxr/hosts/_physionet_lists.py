"""PhysioNet's lists of a project's files: SHA256SUMS.txt, and IMAGE_FILENAMES where there is one.

They come as streams and go on as one, since a list has 377,110 lines and more.
"""

import heapq
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from cxr.errors import HostError
from cxr.model import Remote

SUMS: Final = "SHA256SUMS.txt"
NAMES: Final = "IMAGE_FILENAMES"
_LONGEST: Final = 4096  # bytes; a line of MIMIC's has 145
_SUM: Final = re.compile(r"([0-9a-f]{64})  ?(\S.*)")  # PhysioNet writes one space; sha256sum writes two


def checksums(blocks: Iterable[bytes], what: str) -> Iterator[Remote]:
    """Yield the files of a SHA256SUMS.txt.

    Args:
        blocks: Its bytes.
        what: The list, for people.

    Raises:
        HostError: this is no such list, or it is not sorted.
    """
    return _ascending(map(_summed, lines(blocks, what)), what)


def filenames(blocks: Iterable[bytes], what: str) -> Iterator[Remote]:
    """Yield the files of an IMAGE_FILENAMES.

    Raises:
        HostError: as for `checksums`.
    """
    return _ascending(map(_named, lines(blocks, what)), what)


def merged(*files: Iterable[Remote]) -> Iterator[Remote]:
    """Yield what several sorted lists name, sorted, each file once, with the first checksum that one has."""
    together = heapq.merge(*files, key=attrgetter("path"))
    for _, same in groupby(together, key=attrgetter("path")):
        first, *others = same
        yield next((one for one in (first, *others) if one.checksum), first)


def is_path(path: str) -> bool:
    """Whether a path stays below the project that it is of."""
    return len(path) <= _LONGEST and path.isprintable() and not {"", ".", ".."} & set(path.split("/"))


def among(blocks: Iterable[bytes], project: str, wanted: Collection[str]) -> dict[str, str]:
    """Return the checksums that a part of a project's SHA256SUMS.txt has of some files.

    Args:
        blocks: The part; it may begin and end within a line.
        project: Which.
        wanted: Paths below the address of all projects.
    """
    files = filter(None, map(_summed, lines(_up_to_the_last_end(blocks), SUMS)))
    found = ((f"{project}/{file.path}", file.checksum) for file in files)
    return {path: checksum for path, checksum in found if path in wanted}


def lines(blocks: Iterable[bytes], what: str) -> Iterator[str]:
    """Yield the lines of a text, without their ends and without empty ones.

    Raises:
        HostError: a line is longer than any path.
    """
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from filter(None, map(_decoded, whole))
        if len(rest) > _LONGEST:
            raise _unreadable(what)
    yield from filter(None, [_decoded(rest)])


def _decoded(line: bytes) -> str:
    return line.removesuffix(b"\r").decode(errors="surrogateescape")  # is_path refuses what that leaves


def _up_to_the_last_end(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        whole, end, rest = (rest + block).rpartition(b"\n")
        yield whole + end


def _summed(line: str) -> Remote | None:
    found = _SUM.fullmatch(line)
    return Remote(found[2], None, f"sha256:{found[1]}") if found and is_path(found[2]) else None


def _named(line: str) -> Remote | None:
    return Remote(line) if is_path(line) else None


def _ascending(files: Iterable[Remote | None], what: str) -> Iterator[Remote]:
    before = ""
    for file in files:
        if file is None or file.path < before:
            raise _unreadable(what)
        before = file.path
        yield file


def _unreadable(what: str) -> HostError:
    return HostError(
        f"{what} is not the sorted list of files that PhysioNet publishes under this name.",
        think="Something between may show a page of its own, or PhysioNet has changed the form of its lists.",
        next_step="Open its address in a browser, and report what has changed.",
    )
