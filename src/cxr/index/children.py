"""What hangs on an image's row: further statements, regions, issues of its table row, its original."""

from collections.abc import Iterator
from dataclasses import astuple

from cxr.database.connection import Database, Row
from cxr.index.encodable import encodable
from cxr.index.rows import IndexRow
from cxr.model import Issue


def replace_children(database: Database, batch: list[IndexRow]) -> None:
    """Write what hangs on these images in place of what hung on them; all are of the table ``images``.

    Issues that validation found stay, unless the image's bytes have changed since.
    """
    batch = list({_key(row): row for row in batch}.values())
    _mark(database, batch)
    database.execute(
        """
        DELETE FROM issues WHERE image IN (SELECT image FROM temp.batch)
            AND (origin = 'table' OR image IN (SELECT id FROM images WHERE validated_at = ''))
        """
    )
    database.execute("DELETE FROM regions WHERE image IN (SELECT image FROM temp.batch)")
    database.execute("DELETE FROM other_statements WHERE image IN (SELECT image FROM temp.batch)")
    database.execute_many(
        """
        INSERT OR REPLACE INTO other_statements (labeller, codes, image)
        SELECT ?, ?, id FROM images WHERE source = ? AND image_id = ?
        """,
        _statements(batch),
    )
    database.execute_many(
        """
        INSERT INTO regions (finding, common, labeller, x, y, width, height, frame_width, frame_height, image)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id FROM images WHERE source = ? AND image_id = ?
        """,
        _regions(batch),
    )
    database.execute_many(
        """
        INSERT OR REPLACE INTO originals
            (bytes, sha256, width, height, bit_depth, scaled_width, scaled_height, "left", top, processing,
             image)
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, id FROM images WHERE source = ? AND image_id = ?
        """,
        ((*astuple(row.original), *_key(row)) for row in batch if row.original is not None),
    )
    database.execute_many(
        """
        INSERT OR IGNORE INTO issues (code, severity, message, origin, image)
        SELECT ?, ?, ?, 'table', id FROM images WHERE source = ? AND image_id = ?
        """,
        ((*_issue(one), *_key(row)) for row in batch for one in row.record.issues),
    )


def _mark(database: Database, batch: list[IndexRow]) -> None:
    """Put the row ids of the batch into a temporary table."""
    database.execute("CREATE TEMP TABLE IF NOT EXISTS batch (image INTEGER PRIMARY KEY)")
    database.execute("DELETE FROM temp.batch")
    database.execute_many(
        "INSERT OR IGNORE INTO temp.batch SELECT id FROM images WHERE source = ? AND image_id = ?",
        map(_key, batch),
    )


def _key(row: IndexRow) -> tuple[str, str]:
    source, image_id = encodable((row.record.source, row.record.image_id))
    return str(source), str(image_id)


def _statements(batch: list[IndexRow]) -> Iterator[Row]:
    for row in batch:
        for packed in row.record.statements:
            if packed.labeller != row.record.labeller:
                yield (packed.labeller, packed.codes, *_key(row))


def _regions(batch: list[IndexRow]) -> Iterator[Row]:
    for row in batch:
        for one in row.record.regions:
            box = (one.x, one.y, one.width, one.height, one.frame_width, one.frame_height)
            yield (one.finding, one.common, one.labeller, *box, *_key(row))


def _issue(issue: Issue) -> Row:
    return encodable((issue.code, str(issue.severity), issue.message))
