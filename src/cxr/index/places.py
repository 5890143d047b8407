"""Where the index says that files lie, one column at a time: what lies elsewhere is not its own."""

from collections.abc import Iterator
from typing import cast

from cxr.database.connection import Database


def image_paths(database: Database) -> Iterator[str]:
    """Yield where each image lies, in no order: relative to the base directory, absolute, or a URL."""
    return _column(database, "image_path")


def caption_paths(database: Database) -> Iterator[str]:
    """Yield where each caption lies, in no order, relative to the base directory or absolute."""
    return _column(database, "caption_path")


def _column(database: Database, column: str) -> Iterator[str]:
    rows = database.rows(f"SELECT {column} FROM images WHERE status <> 'skipped'")  # noqa: S608  of the lines above
    return (cast(str, path) for (path,) in rows)
