"""The files that are written from the database at a run's end."""

import json
from datetime import UTC, datetime

from cxr.database.connection import Database
from cxr.index.statistics import download_stats
from cxr.ledger.failed_list import write_failed_list
from cxr.library.obligations import refresh_terms
from cxr.library.open import Library
from cxr.stores.atomic import write_text


def mark_stale(database: Database) -> None:
    """Say, in the transaction that changes the index, that CSV and Parquet no longer tell it."""
    database.execute("DELETE FROM views_written")


def refresh_files(library: Library) -> None:
    """Write CSV, Parquet and terms where the index changed, the failed list and the download statistics.

    Raises:
        StorageError: they cannot be written.
    """
    layout, database = library.layout, library.database
    written = database.value("SELECT count(*) FROM views_written")
    if not (written and layout.csv.is_file() and layout.parquet.is_file()):
        # Late: polars takes a fifth of a second to import, and a run that changed nothing needs none of it.
        from cxr.index.csv_and_parquet import write_csv_and_parquet  # noqa: PLC0415

        mark_stale(database)
        write_csv_and_parquet(database, layout)
        refresh_terms(library)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        database.execute("INSERT INTO views_written VALUES (?)", (now,))
    write_failed_list(database, layout.failed_images)
    write_text(layout.download_stats, json.dumps(download_stats(database), indent=2) + "\n")
