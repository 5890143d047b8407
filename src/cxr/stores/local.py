"""A directory as the place where bytes go.

A file appears under its name only when it is complete and right: it is written as ``NAME.part`` in the same
file system and renamed. A name with slashes makes folders; its part lies flat, with ``%2F`` for each slash.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from cxr.errors import StorageError
from cxr.stores import NameTakenError, Stored, check_name
from cxr.stores.atomic import write_text
from cxr.stores.entries import entries
from cxr.stores.replacing import PART
from cxr.stores.storage_errors import explained, writing

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_BLOCK: Final = 1 << 20


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
    """Files of one folder, with another folder for those still under way; a `cxr.stores.Store`.

    Args:
        folder: Where finished files lie.
        temp: Where parts lie, unless it is on another file system: then parts lie beside the finished files.
    """

    resumes = True

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
        return self._parts / (_flat(name) + PART)

    def note(self, name: str) -> Path:
        """Return where it is said of the part what it is a part of, where that is said."""
        return self._parts / f"{_flat(name)}.resume{PART}"

    def read_note(self, name: str) -> bytes | None:
        """Return what was noted of a part, ``None`` where nothing is."""
        try:
            return self.note(name).read_bytes()
        except OSError:
            return None

    def write_note(self, name: str, text: str) -> None:
        """Note what a part is a part of.

        Raises:
            StorageError: it cannot be written.
        """
        write_text(self.note(name), text)

    def forget_note(self, name: str) -> None:
        """Remove a part's note, if there is one."""
        with suppress(OSError):
            self.note(name).unlink()

    def explained(self, name: str, error: OSError) -> StorageError:
        """Return what a failure to write a part means and what can be done about it."""
        return explained(self.part(name), error)

    def new_part(self, name: str) -> NewPart:
        """Open the file's part to write it from its beginning.

        What lies there from an earlier run goes first, with its note: it may be a hard link to a file of the
        user's.

        Raises:
            OSError: the store cannot be written.
        """
        part = f"{self._in_parts}{_flat(name)}{PART}"
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
        return {file.name: file.size for file in self.stored()}

    def stored(self) -> Iterator[Stored]:
        """Yield every finished file with its size; links are none.

        Raises:
            OSError: a folder cannot be read.
        """
        yield from _below(self.folder, "")

    def kept_sha256(self, name: str) -> str:  # noqa: ARG002  the protocol's
        """Return nothing: the ledger has it."""
        return ""

    def read(self, name: str) -> Iterator[bytes]:
        """Yield a finished file's bytes.

        Raises:
            OSError: there is no such file, or it cannot be read.
        """
        with self.path(name).open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                yield block

    def commit(self, name: str, sha256: str = "") -> None:
        """Give the part its name, replacing what bore it.

        Args:
            name: The file.
            sha256: Not kept: the ledger has it.

        Raises:
            NameTakenError: a folder bears that name.
            StorageError: the store cannot be written.
        """
        del sha256
        place = self._in_folder + name
        try:
            if "/" in name:
                check_name(name)
                os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120  as above
            os.replace(f"{self._in_parts}{_flat(name)}{PART}", place)  # noqa: PTH105
        except IsADirectoryError:
            raise NameTakenError(self.path(name)) from None
        except OSError as error:
            raise explained(self.path(name), error) from error

    def may_link(self, source: Path) -> bool:
        """Whether ``source`` lies on the same file system.

        Raises:
            OSError: there is no such file.
        """
        return source.stat().st_dev == self.folder.stat().st_dev

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


def _flat(name: str) -> str:
    """Return a name without slashes, another one for every name."""
    return name.replace("%", "%25").replace("/", "%2F")


def _below(folder: Path, prefix: str) -> Iterator[Stored]:
    for entry in entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(PART):
            yield Stored(prefix + entry.name, entry.stat(follow_symlinks=False).st_size)
