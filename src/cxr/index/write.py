"""Put images into the index, or bring those that it holds up to date, in batches."""

import sqlite3
from collections.abc import Callable, Iterable
from itertools import islice

from cxr import datasets
from cxr.database.connection import Database, Row
from cxr.index.children import replace_children
from cxr.index.collisions import collision
from cxr.index.encodable import encodable
from cxr.index.labellers import write_labellers
from cxr.index.rows import IndexRow
from cxr.model import Labeller, Record, TableProblem

BATCH = 5000

# As published or as the run decided: the newest reading holds.
_NEWEST = (
    *("stem", "patient_id", "patient_key", "study_id", "study_origin", "view_position", "view_published"),
    *("view_origin", "sex", "age_years", "age_published", "study_date", "image_path", "caption_path"),
    *("pixel_processing", "labeller", "codes", "official_split", "table_release", "reading", "licence"),
    "attribution",
)
# Of the bytes: what a reading leaves blank stays as it was measured before, as long as they are the same.
_OF_THE_BYTES = ("width", "height", "bit_depth", "bytes", "sha256", "source_url", "downloaded_at")
# What validation found out about the bytes.
_OF_VALIDATION = ("fingerprint", "image_quality", "validated_at")
_OF_STATUS = ("status", "status_reason")

_COLUMNS = ("source", "release", "image_id", *_NEWEST, *_OF_THE_BYTES, *_OF_STATUS)
_CHANGED = """(
    (excluded.sha256 <> '' AND images.sha256 <> '' AND excluded.sha256 <> images.sha256)
    OR (excluded.bytes IS NOT NULL AND images.bytes IS NOT NULL AND excluded.bytes <> images.bytes)
)"""


def _upsert() -> str:
    columns = (*_COLUMNS, *_OF_VALIDATION, "split")
    marks = ["?"] * len(_COLUMNS) + ["''"] * (len(_OF_VALIDATION) + 1)
    updates = [
        # NULL in this column is refused: another release's row is never overwritten (design: Identifiers).
        "release = CASE WHEN images.release = excluded.release THEN images.release END",
        # A split is of patients: other bytes of the same patient stay on their side.
        "split = CASE WHEN images.patient_key = excluded.patient_key THEN images.split ELSE '' END",
        *(f"{name} = excluded.{name}" for name in _NEWEST),
        *(
            f"{name} = CASE WHEN {_CHANGED} THEN excluded.{name} "
            f"ELSE coalesce(nullif(excluded.{name}, ''), images.{name}) END"
            for name in _OF_THE_BYTES
        ),
        *(f"{name} = CASE WHEN {_CHANGED} THEN '' ELSE images.{name} END" for name in _OF_VALIDATION),
        *(
            # A file of the user's stays set aside until it is another one; what was fetched anew does not.
            f"{name} = CASE WHEN images.status = 'quarantined' AND excluded.status = 'adopted' "
            f"AND NOT {_CHANGED} THEN images.{name} ELSE excluded.{name} END"
            for name in _OF_STATUS
        ),
    ]
    return (
        f"INSERT INTO images ({', '.join(columns)}) VALUES ({', '.join(marks)}) "  # noqa: S608  names of this file
        f"ON CONFLICT (source, image_id) DO UPDATE SET {', '.join(updates)}"
    )


_UPSERT = _upsert()


def write_records(
    database: Database,
    rows: Iterable[IndexRow],
    labeller_of: Callable[[str], Labeller] = datasets.labeller,
) -> int:
    """Write images with their statements, regions and issues of the table; return how many.

    An image that is there already keeps its split (unless it is another patient's now), and what validation
    wrote (unless the bytes are others now). Each batch of `BATCH` is one transaction, or part of the
    caller's.

    Args:
        database: Of the library.
        rows: Any number; memory stays bounded.
        labeller_of: Gives the labeller that a key of `Record.statements` stands for.

    Raises:
        UsageError: the file name of an image is that of another image or release (design: Identifiers).
        StorageError: the disk is full or not writable.
    """
    written, iterator, known = 0, iter(rows), set[str]()
    while batch := list(islice(iterator, BATCH)):
        keys = {packed.labeller for row in batch for packed in row.record.statements} - known
        with database.transaction():
            write_labellers(database, [labeller_of(key) for key in sorted(keys)])
            _write_batch(database, batch)
        known |= keys
        written += len(batch)
    return written


def write_problems(database: Database, source: str, problems: Iterable[TableProblem]) -> None:
    """Write what could not be read from a dataset's tables, in place of what was written before."""
    rows = ((source, one.table, one.line, one.code, one.message, one.image_id) for one in problems)
    with database.transaction():
        database.execute("DELETE FROM table_problems WHERE source = ?", (source,))
        database.execute_many(
            "INSERT INTO table_problems (source, table_name, line, code, message, image_id) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (encodable(row) for row in rows),
        )


def _write_batch(database: Database, batch: list[IndexRow]) -> None:
    try:
        try:
            database.execute_many(_UPSERT, map(_values, batch))
        except UnicodeEncodeError:
            # A file name that is not UTF-8. Writing a row twice changes nothing.
            database.execute_many(_UPSERT, (encodable(_values(row)) for row in batch))
    except sqlite3.IntegrityError as error:
        raise collision(database, batch) or error from error
    replace_children(database, batch)


def _values(row: IndexRow) -> Row:
    record = row.record
    return (
        *(record.source, record.release, record.image_id, record.stem, record.patient_id, record.patient_key),
        *(record.study_id, record.study_origin, record.view_position, record.view_published),
        *(record.view_origin, record.sex, record.age_years, record.age_published, record.study_date),
        *(row.image_path, row.caption_path, row.pixel_processing, record.labeller, _codes(record)),
        *(record.official_split, record.table_release, row.reading, row.licence, row.attribution),
        *(row.width, row.height, row.bit_depth, row.size, row.sha256, row.source_url, row.downloaded_at),
        *(str(row.status), row.status_reason),
    )


def _codes(record: Record) -> str:
    return next((packed.codes for packed in record.statements if packed.labeller == record.labeller), "")
