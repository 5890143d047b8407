"""Parts of files that a broken connection or a kill left, and what is to be known to go on with them.

Beside a large part lies a note, ``NAME.resume.part``: which file it is of, and in which state that file was.
A part without a note, or with another one, is begun anew.
"""

import json
import os
from dataclasses import asdict, dataclass
from typing import BinaryIO

from cxr.hosts import Content
from cxr.stores.atomic import write_text
from cxr.stores.local import LocalStore

LARGE = 1 << 20
"""Bytes from which on a file is worth a note; a smaller one is fetched again as soon."""
_NOTE = ".resume"


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


def begun(store: LocalStore, name: str, url: str, size: int | None) -> Begun | None:
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


def note(store: LocalStore, name: str, note: Note) -> None:
    """Say of what the part that follows is a part.

    Raises:
        StorageError: it cannot be written.
    """
    store.discard(name)
    write_text(store.part(name + _NOTE), json.dumps(asdict(note)))


def forget(store: LocalStore, name: str) -> None:
    """Remove a part's note."""
    store.discard(name + _NOTE)


def _read(store: LocalStore, name: str) -> Note | None:
    try:
        return _checked(json.loads(store.part(name + _NOTE).read_bytes()))
    except (OSError, ValueError):
        return None


def _checked(told: object) -> Note | None:
    match told:
        case {"url": str(url), "size": int() | None as size, "validator": str(validator)}:
            return Note(url, size, validator)
    return None
