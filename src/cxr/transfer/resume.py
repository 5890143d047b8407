"""Parts of files that a broken connection or a kill left, and what is to be known to go on with them.

Beside a large part lies a note, ``NAME.resume.part``: which file it is of, and in which state that file was.
It is written after the part, and removed before another part takes its place; a part without one is begun
anew.
"""

import json
import os
from dataclasses import asdict, dataclass
from typing import BinaryIO

from cxr.hosts import Content
from cxr.stores import Store

LARGE = 1 << 20
"""Bytes from which on a part is worth a note: fewer are fetched again as soon."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a part is a part of.

    Attributes:
        url: Where its bytes come from, without signature or password.
        size: Of the whole file, in bytes; ``None`` where the host does not say.
        validator: The state that the file was in; empty where the host does not say.
    """

    url: str
    size: int | None
    validator: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A part to go on with.

    Attributes:
        file: The part, at its beginning. Whoever has this closes it.
        have: Its size in bytes.
        note: What it is a part of.
    """

    file: BinaryIO
    have: int
    note: Note

    def continues(self, content: Content) -> bool:
        """Say whether a host's bytes follow those that are here."""
        return content.start == self.have and content.size in (None, self.note.size)


def begun(store: Store, name: str, url: str, size: int | None) -> Begun | None:
    """Return the part that an earlier attempt or run left of a file, if it is known to be one.

    Args:
        store: Where it is.
        name: The file's name there.
        url: Where the file comes from now.
        size: The file's size now, as far as it is known.
    """
    note = _read(store, name)
    if note is None or note.url != url or size not in (None, note.size):
        return None
    file = store.open_part(name)
    if file is None:
        return None
    have = os.fstat(file.fileno()).st_size
    if 0 < have <= (note.size or have):
        return Begun(file, have, note)
    file.close()
    return None


def forget(store: Store, name: str) -> None:
    """Remove a part's note, if there is one."""
    store.forget_note(name)


class Noting:
    """Writes a part's note once so much came, and so much is to come, that it is worth one.

    Args:
        store: Where the part is.
        name: The file's name there.
        note: What the part is a part of.
        noted: It was written by an earlier attempt.

    Attributes:
        came: Bytes of this attempt.
    """

    def __init__(self, store: Store, name: str, note: Note, *, noted: bool) -> None:
        self._store = store
        self._name = name
        self._note = note
        self._noted = noted
        self._due = LARGE if note.size is None or note.size >= 2 * LARGE else float("inf")
        self.came = 0

    def add(self, size: int) -> None:
        """Take notice of bytes that are in the part.

        Raises:
            StorageError: the note cannot be written.
        """
        self.came += size
        if self.came >= self._due:
            self._due = float("inf")
            self.write()

    def write(self) -> None:
        """Write the note, unless it is there.

        Raises:
            StorageError: it cannot be written.
        """
        if not self._noted:
            self._store.write_note(self._name, json.dumps(asdict(self._note)))
            self._noted = True

    def forget(self) -> None:
        """Remove the note, if it is there."""
        if self._noted:
            forget(self._store, self._name)


def _read(store: Store, name: str) -> Note | None:
    noted = store.read_note(name)
    try:
        return None if noted is None else _checked(json.loads(noted))
    except ValueError:
        return None


def _checked(told: object) -> Note | None:
    match told:
        case {"url": str(url), "size": int() | None as size, "validator": str(validator)}:
            return Note(url, size, validator)
    return None
