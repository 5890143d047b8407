"""Take a source out of the database, so that nothing of it is left in the file."""

from cxr.database.connection import Database

_ABOUT = ("images", "ledger", "table_problems", "runs")


def knows(database: Database, source: str) -> bool:
    """Say whether any row is about a source."""
    queries = (f"SELECT 1 FROM {table} WHERE source = ? LIMIT 1" for table in _ABOUT)  # noqa: S608  named above
    return any(database.value(query, (source,)) for query in queries)


def delete_source(database: Database, source: str) -> int:
    """Delete a source's images with all that hangs on them, its ledger, problems and runs.

    Returns how many images went. Call `wipe_deleted` after the transaction.
    """
    with database.transaction():
        # Statements, regions and issues go with their images (ON DELETE CASCADE).
        images = database.execute("DELETE FROM images WHERE source = ?", (source,))
        for table in _ABOUT[1:]:
            database.execute(f"DELETE FROM {table} WHERE source = ?", (source,))  # noqa: S608  named above
        database.execute(
            """
            DELETE FROM labellers WHERE key NOT IN (SELECT labeller FROM images)
                AND key NOT IN (SELECT labeller FROM other_statements)
            """
        )
    return images


def wipe_deleted(database: Database) -> None:
    """Write the database anew without the pages that deleted rows leave behind, outside any transaction.

    A deleted row is otherwise still readable in the file, and terms may ask that nothing is kept.

    Raises:
        StorageError: there is no room for a second copy while it is written.
    """
    database.execute("VACUUM")
