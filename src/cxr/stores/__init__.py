"""Where bytes go: a directory, or a prefix of a bucket at S3, Google Cloud Storage or Azure."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from cxr.errors import StorageError


class NameTakenError(Exception):
    """A folder bears the name that a file is to have. It concerns that file alone."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished file, as the store's listing has it.

    Attributes:
        name: Its name below the store's place, with slashes.
        size: Bytes.
        md5: Of its bytes, in lower-case hex; empty where the listing has none. In a bucket that encrypts with
            keys of its own it is another number: one that differs proves nothing.
    """

    name: str
    size: int
    md5: str = ""


class Part(Protocol):
    """A file under way, which nobody sees under its name."""

    def write(self, data: bytes, /) -> object:
        """Write all of a block.

        Raises:
            OSError: it cannot be written.
            StorageError: likewise, told in full.
        """
        ...

    def close(self) -> None:
        """Have done with writing; see `write` for what it raises."""
        ...


class Store(Protocol):
    """A place for files. A name appears in it only with the whole and right bytes behind it.

    Names may hold slashes. It can be pickled: several processes may write to one place, never to one name.
    """

    @property
    def resumes(self) -> bool:
        """Whether parts outlive an attempt and a process, so that another may go on with them."""
        ...

    def new_part(self, name: str) -> Part:
        """Begin a file; see `Part.write` for what it raises."""
        ...

    def open_part(self, name: str) -> BinaryIO | None:
        """Return the part that an earlier attempt left, at its beginning; ``None`` where there is none."""
        ...

    def read_note(self, name: str) -> bytes | None:
        """Return what was noted of a part, ``None`` where nothing is."""
        ...

    def write_note(self, name: str, text: str) -> None:
        """Note what a part is a part of.

        Raises:
            StorageError: it cannot be written.
        """
        ...

    def forget_note(self, name: str) -> None:
        """Remove a part's note, if there is one."""
        ...

    def explained(self, name: str, error: OSError) -> StorageError:
        """Return what a failure to write a part means and what can be done about it."""
        ...

    def commit(self, name: str, sha256: str = "") -> None:
        """Give a part its name, replacing what bore it.

        Args:
            name: The file.
            sha256: Of its bytes, in hex; kept beside the file where the store has a place for that.

        Raises:
            NameTakenError: a folder bears that name.
            AccessError: the store refuses.
            StorageError: it cannot be written, or keeps other bytes than it was sent.
        """
        ...

    def discard(self, name: str) -> None:
        """Give a part up, if there is one."""
        ...

    def may_link(self, source: Path) -> bool:
        """Whether a file of this machine may be had by a hard link, without copying it."""
        ...

    def link(self, source: Path, name: str) -> bool:
        """Have a file of this machine by a hard link; return False where that is not possible."""
        ...

    def stored(self) -> Iterator[Stored]:
        """Yield every finished file, in no order and never all in memory.

        Raises:
            OSError: a folder cannot be read.
            AccessError: the store refuses.
            StorageError: it cannot be listed.
        """
        ...

    def listing(self) -> dict[str, int]:
        """Return the size in bytes of each finished file, by name; see `stored` for what it raises."""
        ...

    def kept_sha256(self, name: str) -> str:
        """Return what `commit` was told of a finished file's bytes; empty where the store has not kept it.

        Raises:
            AccessError: the store refuses.
            StorageError: it cannot be asked.
        """
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Yield a finished file's bytes in blocks.

        Raises:
            OSError: there is no such file, or it cannot be read.
            AccessError: the store refuses.
            StorageError: it cannot be had from the store.
        """
        ...


def check_name(name: str) -> None:
    """Refuse a name that leads out of the store.

    Raises:
        StorageError: a segment of it is empty or goes up.
    """
    if any(segment in {"", ".", ".."} for segment in name.split("/")) or "\0" in name:
        raise StorageError(
            f"The host lists a file whose name leads out of its own tree: {name!r}.",
            think="Its list is damaged, or not what it should be.",
            next_step="Nothing was written under that name. Tell the host's people.",
        )
