"""A directory as the place where bytes go.

A file appears under its name only when it is complete and right: it is written as ``NAME.part`` in the same
file system and renamed.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cxr.stores.entries import entries
from cxr.stores.replacing import PART
from cxr.stores.storage_errors import explained, writing

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class NameTakenError(Exception):
    """A folder bears the name that a file is to have. It concerns that file alone."""


class NewPart:
    """A part that is written from its beginning, without a buffer: whoever writes has blocks already.

    Args:
        descriptor: The open file; it is closed with this.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, block: bytes) -> None:
        """Write all of a block.

        Raises:
            OSError: it cannot be written.
        """
        written = os.write(self._descriptor, block)
        while written < len(block):  # what a full disk cuts short: only the next write says why
            written += os.write(self._descriptor, memoryview(block)[written:])

    def close(self) -> None:
        """Close the file, once.

        Raises:
            OSError: what was written did not arrive, as network file systems may say late.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class LocalStore:
    """Files of one folder, with another folder for those still under way.

    Args:
        folder: Where finished files lie, flat.
        temp: Where parts lie, unless it is on another file system: then parts lie beside the finished files.
    """

    def __init__(self, folder: Path, temp: Path) -> None:
        self.folder = folder
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            temp.mkdir(parents=True, exist_ok=True)
            same_device = folder.stat().st_dev == temp.stat().st_dev
        self._parts = temp if same_device else folder
        # Joined as text: it costs a tenth of what a Path does, for each of half a million files.
        self._in_folder, self._in_parts = os.path.join(folder, ""), os.path.join(self._parts, "")  # noqa: PTH118

    def path(self, name: str) -> Path:
        """Return where the finished file lies, or will."""
        return self.folder / name

    def part(self, name: str) -> Path:
        """Return where the file lies while it is under way."""
        return self._parts / (name + PART)

    def note(self, name: str) -> Path:
        """Return where it is said of the part what it is a part of, where that is said."""
        return self._parts / f"{name}.resume{PART}"

    def new_part(self, name: str) -> NewPart:
        """Open the file's part to write it from its beginning.

        What lies there from an earlier run goes first, with its note: it may be a hard link to a file of the
        user's.

        Raises:
            OSError: the store cannot be written.
        """
        part = f"{self._in_parts}{name}{PART}"
        try:
            return NewPart(os.open(part, _NEW, 0o666))
        except FileExistsError:
            self.note(name).unlink(missing_ok=True)
            os.unlink(part)  # noqa: PTH108
            return NewPart(os.open(part, _NEW, 0o666))

    def open_part(self, name: str) -> BinaryIO | None:
        """Open the file's part as an earlier run left it, to read it from its beginning and then write on.

        Returns:
            ``None`` where there is none, or where it may be a file of the user's: a link, hard or symbolic.
        """
        try:
            descriptor = os.open(self.part(name), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        status = os.fstat(descriptor)
        if status.st_nlink == 1 and stat.S_ISREG(status.st_mode):
            return os.fdopen(descriptor, "r+b")
        os.close(descriptor)
        return None

    def listing(self) -> dict[str, int]:
        """Return the size in bytes of each finished file, by name, from one pass over the folder."""
        return {
            entry.name: entry.stat(follow_symlinks=False).st_size
            for entry in entries(self.folder)
            if entry.is_file(follow_symlinks=False) and not entry.name.endswith(PART)
        }

    def commit(self, name: str) -> None:
        """Give the part its name, replacing what bore it.

        Raises:
            NameTakenError: a folder bears that name.
            StorageError: the store cannot be written.
        """
        try:
            os.replace(f"{self._in_parts}{name}{PART}", self._in_folder + name)  # noqa: PTH105
        except IsADirectoryError:
            raise NameTakenError(self.path(name)) from None
        except OSError as error:
            raise explained(self.path(name), error) from error

    def link(self, source: Path, name: str) -> bool:
        """Put a hard link to ``source`` in the folder; return False where that is not possible."""
        part = self.part(name)
        try:
            part.unlink(missing_ok=True)
            os.link(source, part)
        except OSError:
            return False
        self.commit(name)
        # Renaming one hard link onto another of the same file succeeds and does nothing (POSIX).
        self.discard(name)
        return True

    def discard(self, name: str) -> None:
        """Remove the part, if there is one and that is possible; ``cxr cleanup`` removes the others."""
        with suppress(OSError):
            self.part(name).unlink()
