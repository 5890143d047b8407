"""Bring a database's schema up to date, a named step at a time, or refuse one that is not ours to change."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cxr import __version__
from cxr.database.migrations import MIGRATIONS, Migration
from cxr.errors import LibraryError, OlderLibraryError

_BOOK = """
    CREATE TABLE IF NOT EXISTS migrations (
        name TEXT PRIMARY KEY,
        cxr_version TEXT NOT NULL,
        applied_at TEXT NOT NULL
    ) WITHOUT ROWID
"""


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Apply each step that is missing, with its record, in one transaction.

    Raises:
        LibraryError: the database is of another program, or a newer cxr changed it.
    """
    for step in missing(connection, path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_BOOK)
            for statement in statements(step.sql):
                connection.execute(statement)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step.name, __version__, now))
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse to read a database whose schema is not this cxr's.

    Raises:
        LibraryError: it is of another program, or a newer cxr made it.
        OlderLibraryError: an older cxr made it.
    """
    steps = missing(connection, path)
    if steps:
        raise OlderLibraryError(
            f"The library's database {path} is not up to date: it lacks {steps[0].name!r}.",
            think="An older cxr made it, or the run that began it was stopped in its first moment.",
            next_step="Run the `cxr download` or `cxr index` that it is for, or `cxr validate`: each of them "
            "brings it up to date.",
        )


def missing(connection: sqlite3.Connection, path: Path) -> list[Migration]:
    """Return the steps that were not applied yet, in order.

    Raises:
        LibraryError: the database is of another program, or a newer cxr changed it.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "migrations" not in tables:
        if tables:
            raise LibraryError(
                f"{path} is an SQLite database, but not a library's: it has no table 'migrations'.",
                next_step="Choose another --base-dir; the file was left as it is.",
            )
        return list(MIGRATIONS)
    applied = dict(connection.execute("SELECT name, cxr_version FROM migrations ORDER BY name"))
    unknown = sorted(applied.keys() - {step.name for step in MIGRATIONS})
    if unknown:
        newer = applied[unknown[-1]]
        raise LibraryError(
            f"The library's database {path} was made by cxr {newer}, which is newer than this "
            f"cxr {__version__}: it does not know the schema step {unknown[-1]!r}.",
            next_step=f"Upgrade with `pip install --upgrade 'cxr>={newer}'`; nothing was changed.",
        )
    return [step for step in MIGRATIONS if step.name not in applied]


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script one by one, so that they run inside a transaction."""
    statement = ""
    for piece in sql.split(";")[:-1]:
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
