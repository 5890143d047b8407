"""``master_index.csv`` and ``master_index.parquet``: the index for other programs, written whole.

Identifiers are text. A CSV cannot say so: a reader that guesses turns a column of digits into numbers and
drops leading zeros, so with pandas pass ``dtype={"patient_id": str, "study_id": str, "image_id": str}``, or
read the Parquet, which is typed. ``patient_key`` is text to every reader, and is what splits use.

Both files are for programs and hold each value exactly: a file name of the user's keeps its control
characters, and a cell may begin with ``=``. What is safe to look at in a terminal or a spreadsheet, whatever
files are called, is ``failed_images.txt`` and ``validation.csv``.
"""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Protocol

import polars as pl
from polars.io.plugins import register_io_source

from cxr.database.connection import Database
from cxr.errors import CxrError
from cxr.index.columns import AFTER, BEFORE, COLUMNS, CSV_NUMBER, SHOWN
from cxr.index.frames import frames
from cxr.stores.replacing import replacing
from cxr.vocabulary import FINDINGS

_SCHEMA = pl.Schema(
    {
        **BEFORE,
        "study_date": pl.Date(),
        **dict.fromkeys(FINDINGS, SHOWN),
        **AFTER,
        "issues": pl.List(pl.String()),
        "downloaded_at": pl.Datetime("us", "UTC"),
    }
)


class Places(Protocol):
    """Where the two files lie; a library's layout is one."""

    @property
    def csv(self) -> Path:
        """``master_index.csv``."""
        ...

    @property
    def parquet(self) -> Path:
        """``master_index.parquet``."""
        ...


def write_csv_and_parquet(database: Database, places: Places) -> None:
    """Write both files from one state of the database; each appears under its name only when it is whole.

    Raises:
        StorageError: the disk is full or not writable; the files are then as they were.
    """
    with database.snapshot():
        write_csv(database, places.csv)
        write_parquet(database, places.parquet)


def write_csv(database: Database, path: Path) -> None:
    r"""Write the index as CSV: UTF-8, ``\n``, quoted only where needed, blank where nothing is stated.

    Raises:
        StorageError: the disk is full or not writable.
    """
    with replacing(path) as part, part.open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for frame in frames(database):
            buffer = BytesIO()  # polars' own writing to a file does not say why the disk refused
            frame.with_columns(
                pl.col(*FINDINGS).replace_strict(CSV_NUMBER, default=None, return_dtype=pl.Int8),
                pl.when(pl.col("issues").list.len() > 0).then(pl.col("issues").list.join(";")),
            ).write_csv(buffer, include_header=False)
            file.write(buffer.getbuffer())


def write_parquet(database: Database, path: Path) -> None:
    """Write the index as Parquet: dates and times as such, states as an enumeration, issues as lists.

    Raises:
        StorageError: the disk is full or not writable.
    """
    source = _Source(database)
    with replacing(path) as part:
        try:
            register_io_source(source.read, schema=_SCHEMA).sink_parquet(part, compression="zstd")
        except (pl.exceptions.PolarsError, OSError) as error:
            # polars wraps what the disk or the database said into an error of its own.
            raise source.failure or _of_the_system(error) from error


class _Source:
    """The frames as polars' streaming engine asks for them; keeps what went wrong while they were read.

    Attributes:
        failure: The error that ended the reading, ``None`` while there is none.
    """

    def __init__(self, database: Database) -> None:
        self.failure: CxrError | None = None
        self._database = database

    def read(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield all frames, typed; writing a whole file asks for no part of them."""
        del columns, predicate, rows, batch
        try:
            for frame in frames(self._database):
                yield frame.with_columns(
                    pl.col("study_date").str.to_date("%Y-%m-%d", strict=False),
                    pl.col("downloaded_at").str.to_datetime("%+", time_zone="UTC", strict=False),
                ).cast(_SCHEMA)
        except CxrError as error:
            self.failure = error
            raise


def _of_the_system(error: Exception) -> Exception:
    """Return the operating system's error that polars quotes, or the error itself where it quotes none."""
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else error
