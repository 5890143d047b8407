"""Take a source out of the database, so that nothing of it is left in the file."""

from cxr.database.connection import Database


def delete_source(database: Database, source: str) -> int:
    """Delete a source's images with all that hangs on them, its ledger, problems and runs.

    Returns how many images went.
    What was deleted is overwritten in the file (SQLite's ``secure_delete``), since terms may ask for it.
    """
    database.execute("PRAGMA secure_delete = ON")
    with database.transaction():
        # Statements, regions and issues go with their images (ON DELETE CASCADE).
        images = database.execute("DELETE FROM images WHERE source = ?", (source,))
        for table in ("ledger", "table_problems", "runs"):
            database.execute(f"DELETE FROM {table} WHERE source = ?", (source,))  # noqa: S608  a name of the line above
        database.execute(
            """
            DELETE FROM labellers WHERE key NOT IN (SELECT labeller FROM images)
                AND key NOT IN (SELECT labeller FROM other_statements)
            """
        )
    return images
