"""Open a library's database: to write, with its schema brought up to date, or only to read."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from cxr.database import migrate
from cxr.database.failures import explained
from cxr.database.filesystem import is_network
from cxr.errors import LibraryError, StorageError, UsageError

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

BUSY_SECONDS = (
    30  # a reader's checkpoint is over in far less; a second writer is kept out by the library lock
)


class Database:
    """One connection to ``master_index.db``, for one thread at a time. Closes itself as a context manager.

    Every method turns SQLite's errors into `StorageError` or `LibraryError` (`cxr.database.failures`).

    Attributes:
        path: The file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the write-ahead log is folded into the file."""
        with explained(self.path):
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is written inside happen at once, or not at all when an exception leaves it.

        One inside another belongs to the outer one.
        """
        if self._inside():
            yield
            return
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk may have rolled back already.
            if self._inside():
                self._connection.rollback()
            raise
        with explained(self.path):
            try:
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside see one state, whatever a writer does meanwhile."""
        if self._inside():
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def _inside(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one statement; return the number of rows it changed."""
        with explained(self.path):
            return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row."""
        with explained(self.path):
            self._connection.executemany(sql, rows)

    def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Insert one row; return its id."""
        with explained(self.path):
            return self._connection.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, values: Sequence[Value] = ()) -> Iterator[Row]:
        """Yield the rows of a query as they are read; memory stays bounded."""
        with explained(self.path):
            cursor = self._connection.execute(sql, values)
            while batch := cursor.fetchmany(2000):
                yield from batch

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a query."""
        return next(self.rows(sql, values), None)

    def value(self, sql: str, values: Sequence[Value] = ()) -> Value:
        """Return the first value of the first row, ``None`` where there is no row."""
        row = self.row(sql, values)
        return row[0] if row else None


def open_database(path: Path) -> Database:
    """Open the database to write it; make it, or bring its schema up to date, where that is due.

    Its folder is made too. The caller holds the library's lock.

    Raises:
        LibraryError: it is damaged, of another program, or was made by a newer cxr.
        StorageError: its folder cannot be written, or the disk is full.
    """
    _make_folder(path.parent)
    _refuse_folder(path)
    with explained(path):
        connection = _connect(f"file:{quote(str(path.absolute()))}")
    return _prepared(connection, path, write=True)


def open_readonly(path: Path) -> Database:
    """Open the database to read it, also while another process writes it and where nothing may be written.

    Raises:
        UsageError: there is none.
        LibraryError: it is damaged, of another program, or its schema is not this cxr's.
    """
    _refuse_folder(path)
    if not path.is_file():
        raise UsageError(
            f"There is no library here: {path} does not exist.",
            next_step="Name the library with --base-dir, or make one with `cxr download` or `cxr index`.",
        )
    try:
        return _prepared(_connect_readonly(path, "mode=ro"), path, write=False)
    except StorageError:
        # A database in WAL mode wants files beside it, which a read-only folder or medium cannot give. With
        # no log left behind the file alone is the whole truth and nobody can be writing it.
        if _has_log(path):
            raise
        return _prepared(_connect_readonly(path, "immutable=1"), path, write=False)


def _connect_readonly(path: Path, how: str) -> sqlite3.Connection:
    with explained(path):
        return _connect(f"file:{quote(str(path.resolve()))}?{how}")


def _connect(address: str) -> sqlite3.Connection:
    # Transactions are begun by hand. polars reads from a thread of its own while the one that asked waits.
    return sqlite3.connect(
        address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _prepared(connection: sqlite3.Connection, path: Path, *, write: bool) -> Database:
    database = Database(connection, path)
    try:
        with explained(path):
            if write:
                _choose_journal(connection, path)
                migrate.bring_up_to_date(connection, path)
            else:
                migrate.check(connection, path)
            connection.execute("PRAGMA foreign_keys = ON")
            # Sorting and batches; a tenth of what B8 allows in all.
            connection.execute("PRAGMA cache_size = -65536")
    except BaseException:
        connection.close()
        raise
    return database


def _choose_journal(connection: sqlite3.Connection, path: Path) -> None:
    """Choose WAL on a disk of this machine, else a rollback journal, which needs no shared memory."""
    if is_network(path):
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise LibraryError(
            f"The library's database {path} is a folder, and should be a file.",
            next_step="Look at what is in it, move it away, and run the same command again.",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made: {error.strerror or error}.",
            next_step="Choose another --base-dir, or make the folder writable.",
        ) from error
