"""A folder: the copy of a dataset that the user already has on a disk of this machine. It is only read.

A prefix of a bucket may stand in its place: `cxr.hosts._bucket_folder`.

Hidden files and folders, and what macOS leaves behind (``__MACOSX``), are not listed. A link to a file is
the file. A linked folder is entered where it leads out of the root, once; inside the root its target is
listed in its own place.
"""

import logging
import os
import shlex
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from operator import itemgetter
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes

from cxr.errors import AccessError, HostError, UsageError
from cxr.hosts import Access
from cxr.hosts._local import Local, LocalContent
from cxr.model import Remote
from cxr.stores.entries import entries

ADDRESSES: Final[Mapping[str, str]] = {}
_BLOCK: Final = 1 << 20
_CLOUD: Final = frozenset({"s3:", "gs:", "az:"})
_LITTER: Final = frozenset({"__MACOSX"})
_LEFT_OUT: Final = -1
_log = logging.getLogger(__name__)

Say = Callable[[str], None]


def connect(path: Path, say: Say | None = None) -> "Folder":
    """Return the folder as a host.

    Args:
        path: A directory.
        say: Told of each file and folder below it that has to be left out, with the reason; by default a
            warning is logged.

    Raises:
        UsageError: it is not there or is no directory.
    """
    root = Path(os.path.abspath(path))  # noqa: PTH100  keeps links, which `resolve` would replace
    if path.parts and path.parts[0] in _CLOUD:
        raise UsageError(
            f"{_printable(path)} is a bucket, and a folder or file on a disk is wanted.",
            next_step="Name a local one, or copy it from the bucket first.",
        )
    try:
        mode = root.stat().st_mode
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The folder {_printable(root)} cannot be opened: {getattr(error, 'strerror', None) or error}.",
            next_step="Check the path and its permissions.",
        ) from error
    if not stat.S_ISDIR(mode):
        raise UsageError(
            f"{_printable(root)} is a file, and a folder of images is wanted.",
            think="A single table is named with --tables.",
            next_step=f"Name its folder: {_printable(root.parent)}",
        )
    return Folder(root, say or _log.warning)


def readable(path: Path, say: Say | None = None) -> "Folder":
    """Return the folder as a host that lets us in; see `connect`.

    Raises:
        UsageError: it is not there or is no directory.
        AccessError: it may not be read.
    """
    folder = connect(path, say)
    access = folder.check_access()
    if not access.ready:
        raise AccessError(f"The folder {_printable(folder.root)} may not be read.", next_step=access.missing)
    return folder


def tables_in(path: Path, say: Say | None = None) -> tuple[Path, list[str]]:
    """Return where tables lie and their paths from there: the one file that was named, or a folder's files.

    Raises:
        UsageError: there is nothing at this path.
        AccessError: the folder may not be read.
    """
    if os.path.isfile(path):  # noqa: PTH113  Path.is_file() raises on names that are too long
        return path.parent, [path.name]
    folder = readable(path, say)
    return folder.root, [remote.path for remote in folder.list()]


class Folder(Local):
    """A directory tree.

    Attributes:
        root: Its absolute path, links as the user typed them.
    """

    key = "folder"

    def __init__(self, root: Path, say: Say) -> None:
        self.root = root
        self._say = say

    def check_access(self) -> Access:
        """Say whether the folder can be listed."""
        if os.access(self.root, os.R_OK | os.X_OK):
            return Access(ready=True)
        root = shlex.quote(_printable(self.root))
        return Access(ready=False, missing=f"`chmod u+rx {root}`, or ask its owner to let you read it.")

    def list(self) -> Iterator[Remote]:
        """Yield each visible file once, sorted by path, with its size.

        What cannot be listed below the root, such as a folder without permission, is told and left out.

        Raises:
            HostError: the root itself cannot be listed.
        """
        try:
            os.scandir(self.root).close()
        except OSError as error:
            raise HostError(
                f"The folder {_printable(self.root)} cannot be listed: {error.strerror}.",
                next_step="Check its permissions.",
            ) from error
        walk = _Walk(self.root, self._say)
        return walk.files(str(self.root), "")

    @contextmanager
    def open(
        self,
        remote: Remote,
        start: int = 0,
        end: int | None = None,
        validator: str = "",  # noqa: ARG002  the protocol's argument
    ) -> Iterator[LocalContent]:
        """Open a file at byte ``start`` and give its content in blocks of 1 MiB.

        Raises:
            OSError: it is gone, cannot be read, is no regular file, or its path leaves the folder.
        """
        path = self._path(remote)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(f"{remote.path!r} is no regular file")
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            blocks = iter(lambda: file.read(_BLOCK), b"") if end is None else _until(file, end - start)
            yield LocalContent(blocks, start=start, size=status.st_size, name=path.name)

    def url(self, remote: Remote) -> str:
        """Return the ``file:`` address, whatever bytes the name is made of."""
        return f"file://{quote_from_bytes(os.fsencode(self.root))}/{quote_from_bytes(_bytes(remote.path))}"

    def local_path(self, remote: Remote) -> Path | None:
        """Return the file's path.

        Raises:
            OSError: the path leaves the folder.
        """
        return self._path(remote)

    def _path(self, remote: Remote) -> Path:
        parts = remote.path.split("/")
        if "\0" in remote.path or any(part in ("", ".", "..") for part in parts):
            raise FileNotFoundError(f"{remote.path!r} is no path in this folder")
        return self.root.joinpath(*parts)


def _until(file: FileIO, left: int) -> Iterator[bytes]:
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        left -= len(block)
        yield block


class _Walk:
    """One pass over a tree. No folder is entered twice, so that links cannot lead it in circles."""

    def __init__(self, root: Path, say: Say) -> None:
        self._root = str(root)
        self._real_root = os.path.realpath(root)
        self._say = say
        self._entered: set[tuple[int, int]] = set()

    def files(self, folder: str, prefix: str) -> Iterator[Remote]:
        """Yield the files of a folder and those below it, sorted by their whole path."""
        stack = [self._entries(folder, prefix)]
        while stack:
            for path, size in stack[-1]:
                if size is None:
                    stack.append(self._entries(f"{self._root}/{path[:-1]}", path))
                    break
                yield Remote(path, size)
            else:
                stack.pop()

    def _entries(self, folder: str, prefix: str) -> Iterator[tuple[str, int | None]]:
        """Return path and size of what is in a folder; a folder's path ends with a slash, to sort by."""
        try:
            here = Path(folder).stat()
            if (here.st_dev, here.st_ino) in self._entered:
                return iter(())
            self._entered.add((here.st_dev, here.st_ino))
            found = [
                (f"{prefix}{one.name}/" if size is None else prefix + one.name, size)
                for one in entries(Path(folder))
                if not one.name.startswith(".") and one.name not in _LITTER
                if (size := self._size(one, folder)) != _LEFT_OUT
            ]
        except OSError as error:
            self._say(f"The folder {_printable(folder)} was left out: {error.strerror}.")
            return iter(())
        return iter(sorted(found, key=itemgetter(0)))

    def _size(self, found: os.DirEntry[str], folder: str) -> int | None:
        """Return a file's size, ``None`` for a folder, or `_LEFT_OUT`."""
        try:
            is_folder = found.is_dir()
        except OSError:  # a link that leads in a circle
            is_folder = False
        if is_folder:
            out = found.is_symlink() and not self._leads_out(f"{folder}/{found.name}")
            return _LEFT_OUT if out else None
        try:
            status = found.stat()
        except OSError as error:
            self._say(f"The file {_printable(f'{folder}/{found.name}')} was left out: {error.strerror}.")
            return _LEFT_OUT
        if not stat.S_ISREG(status.st_mode):
            self._say(f"{_printable(f'{folder}/{found.name}')} was left out: it is no regular file.")
            return _LEFT_OUT
        return status.st_size

    def _leads_out(self, link: str) -> bool:
        target = os.path.realpath(link)
        shared = os.path.commonpath([target, self._real_root])
        if shared == target != self._real_root:
            self._say(f"The link {_printable(link)} was left out: it leads to a folder around this one.")
        return shared not in (target, self._real_root)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _printable(path: Path | str) -> str:
    text = str(path)
    return text if text.isprintable() else text.encode("unicode_escape", "backslashreplace").decode("ascii")
