"""Two images with one file name: refused, with both named."""

from cxr.database.connection import Database
from cxr.errors import UsageError
from cxr.index.rows import IndexRow
from cxr.model import Record


class Collisions:
    """Looks for file names that are taken, before a byte moves.

    Args:
        database: Of the library.
        source: Key of the dataset that comes in.
        release: Key of its release.
    """

    def __init__(self, database: Database, source: str, release: str) -> None:
        self._database = database
        # With nothing else in the library there is nothing to collide with.
        self._others = database.row(
            "SELECT 1 FROM images WHERE NOT (source = ? AND release = ?) LIMIT 1", (source, release)
        )

    def refuse(self, record: Record) -> None:
        """Refuse a record whose file name is that of another image or release.

        Raises:
            UsageError: it is; both releases are named.
        """
        if self._others and (found := _collision_of(self._database, record)):
            raise found


def collision(database: Database, batch: list[IndexRow]) -> UsageError | None:
    """Return what to tell about the first row of a batch that collides, ``None`` where none does."""
    return next(filter(None, (_collision_of(database, row.record) for row in batch)), None) or _within(batch)


def _collision_of(database: Database, record: Record) -> UsageError | None:
    other = database.row(
        """
        SELECT source, release, image_id FROM images
        WHERE (stem = ? AND NOT (source = ? AND image_id = ?))
           OR (source = ? AND image_id = ? AND release <> ?)
        """,
        (record.stem, *(record.source, record.image_id) * 2, record.release),
    )
    return _refusal(record, *map(str, other)) if other else None


def _within(batch: list[IndexRow]) -> UsageError | None:
    first: dict[str, Record] = {}
    for row in batch:
        record = row.record
        other = first.setdefault(record.stem, record)
        if (other.source, other.image_id, other.release) != (record.source, record.image_id, record.release):
            return _refusal(record, other.source, other.release, other.image_id)
    return None


def _refusal(record: Record, source: str, release: str, image_id: str) -> UsageError:
    return UsageError(
        f"Image {record.image_id} of {record.source} (release {record.release}) would have the file name "
        f"{record.stem!r}, which belongs to image {image_id} of {source} (release {release}).",
        think="Two releases of a dataset that name their files alike cannot share a library.",
        next_step=f"Take release {record.release} into a library of its own with --base-dir, or remove the "
        f"other first: `cxr remove --source {source}`.",
    )
