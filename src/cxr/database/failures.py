"""What SQLite's errors mean for a person, decided in one place."""

import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr.errors import CxrError, LibraryError, StorageError

_NO_SPACE = "SQLITE_FULL"
_NOT_WRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_DISK = ("SQLITE_IOERR",)
_IN_USE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
_LEAST_BYTES = 1 << 20
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the database at ``path`` into an error with a next step.

    Mistakes of ours (a wrong statement, a constraint) pass as they are.

    Raises:
        StorageError: the disk is full, fails, or may not be written.
        LibraryError: the file is damaged, or in use for longer than we wait.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        meaning = meaning_of(error, path)
        if meaning is None:
            raise
        raise meaning from error


def meaning_of(error: sqlite3.Error, path: Path) -> CxrError | None:
    """Return the error that a person should see, ``None`` where SQLite's is about a mistake of ours."""
    # Extended names begin with the primary one: SQLITE_READONLY_DIRECTORY, SQLITE_IOERR_WRITE.
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(_NO_SPACE) or (name.startswith(_DISK) and _is_full(path)):
        return StorageError(
            f"No space is left to write the library's database {path}.",
            next_step="Free some space there, or move the library to a larger disk, and run the same again: "
            "what was finished is kept.",
        )
    if name.startswith(_NOT_WRITABLE):
        return StorageError(
            f"The library's database {path} cannot be opened for writing.",
            think=f"SQLite says: {error}. The folder or file may be read-only or belong to another user.",
            next_step=f"Check with `ls -ld {path.parent} {path}`, or choose another --base-dir.",
        )
    if name.startswith(_DISK):
        return StorageError(
            f"Reading or writing the library's database {path} failed.",
            think=f"SQLite says: {error} ({name}). The disk may be failing or full, or its mount was lost.",
            next_step="Check the disk and its mount, and run the same again.",
        )
    if name.startswith(_IN_USE):
        return LibraryError(
            f"Another program is using the library's database {path}.",
            think=f"SQLite says: {error}.",
            next_step="Wait until it ends, or close it, and run the same again.",
        )
    return damaged(path, str(error)) if name.startswith(_DAMAGED) else None


def _is_full(path: Path) -> bool:
    """Say whether a failure of the disk is for want of space: SQLite's shared memory fails so."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_BYTES
    except OSError:
        return False


def damaged(path: Path, why: str) -> LibraryError:
    """Return the error for a database that is not whole."""
    return LibraryError(
        f"The library's database {path} is damaged ({why}).",
        think="A disk error, a copy that was cut short, or another program that wrote into the file.",
        next_step=f"Move it away (`mv {shlex.quote(str(path))} {shlex.quote(str(path) + '.damaged')}`), then "
        "run your `cxr download` or `cxr index` again, with --from or --at: images in place are verified and "
        "taken up, not fetched again.",
    )
