"""A host's list of files, kept on disk: hundreds of thousands of images in a few megabytes of memory."""

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from cxr.model import Remote
from cxr.stores.replacing import PART
from cxr.stores.storage_errors import writing

_LINES: Final = 4096  # written at once
_BITS: Final = (1 << 64) - 1


def write_listing(path: Path, remotes: Iterable[Remote]) -> None:
    """Write a host's list; it bears its name only when it is whole. Its folder exists.

    Raises:
        RequestError: the host does not give its list.
        StorageError: it cannot be written.
    """
    part = path.with_name(path.name + PART)
    lines = (_line(one) for one in remotes if not {"\t", "\n"} & set(one.path))
    try:
        with writing(part):
            file = part.open("wb")
        with file:
            while block := b"".join(islice(lines, _LINES)):  # the host is asked here: no error of the disk
                with writing(part):
                    file.write(block)
            with writing(part):
                file.flush()
        with writing(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Listing(Mapping[str, Remote]):
    """The images of a host's list, by their ids; the first of an id counts.

    Attributes:
        others: The files that are no images, by path.

    Args:
        path: What `write_listing` wrote.
        image_id_of: The dataset's function of that name.
    """

    def __init__(self, path: Path, image_id_of: Callable[[str], str | None]) -> None:
        self.others: dict[str, Remote] = {}
        self._image_id_of = image_id_of
        self._text = _mapped(path)
        hashes, starts = array("Q"), array("Q")
        for start, remote in self._lines():
            image_id = image_id_of(remote.path)
            if image_id is None:
                self.others[remote.path] = remote
            else:
                hashes.append(hash(image_id) & _BITS)
                starts.append(start)
        values = np.array(hashes, np.uint64)
        order = np.argsort(values, kind="stable")
        self._hashes = array("Q", values[order].tobytes())
        self._starts = array("Q", np.array(starts, np.uint64)[order].tobytes())
        repeated = np.any(np.diff(np.sort(values)) == 0)
        self._count = sum(1 for _ in self) if repeated else len(hashes)

    def __getitem__(self, image_id: str) -> Remote:
        """Return an image's file.

        Raises:
            KeyError: it is not listed.
        """
        return self._read(self._start(image_id))[1]

    def __iter__(self) -> Iterator[str]:
        """Yield the images' ids, in the order of the list."""
        for start, remote in self._lines():
            image_id = self._image_id_of(remote.path)
            if image_id is not None and self._start(image_id) == start:
                yield image_id

    def __len__(self) -> int:
        """Return how many images are listed."""
        return self._count

    def _start(self, image_id: str) -> int:
        wanted = hash(image_id) & _BITS
        place = bisect_left(self._hashes, wanted)
        while place < len(self._hashes) and self._hashes[place] == wanted:
            if self._image_id_of(self._read(self._starts[place])[1].path) == image_id:
                return self._starts[place]
            place += 1
        raise KeyError(image_id)

    def _lines(self) -> Iterator[tuple[int, Remote]]:
        start = 0
        while start < len(self._text):
            end, remote = self._read(start)
            yield start, remote
            start = end

    def _read(self, start: int) -> tuple[int, Remote]:
        """Return the file of the line that begins at a byte, and where the next begins."""
        end = self._text.find(b"\n", start)
        path, size, checksum = self._text[start:end].split(b"\t")
        name = path.decode(errors="surrogateescape")
        return end + 1, Remote(name, int(size) if size else None, checksum.decode())


def _line(remote: Remote) -> bytes:
    size = "" if remote.size is None else remote.size
    return f"{remote.path}\t{size}\t{remote.checksum}\n".encode(errors="surrogateescape")


def _mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        empty = not file.seek(0, 2)
        return b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
