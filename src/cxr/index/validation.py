"""Write what validation found out about images."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cxr.database.connection import Database, Row
from cxr.index.encodable import encodable
from cxr.model import Issue, Status


@dataclass(frozen=True, slots=True)
class Validated:
    """What validation found out about one image.

    Attributes:
        image_id: Which, of one source.
        image_quality: As the caption prints it: ``good``, warning codes, ``unreadable``.
        issues: All that is wrong with it; replaces what an earlier validation found.
        size: Bytes of the file as found, ``None`` where it could not be read.
        sha256: Of the bytes as found, empty where they could not be read.
        width: In pixels, ``None`` where it does not decode.
        height: In pixels.
        bit_depth: Bits a sample.
        fingerprint: PDQ in hex, empty where it was not computed.
        status: The new one where the image was set aside, else ``None``.
        image_path: Its new place where it was moved, else empty.
    """

    image_id: str
    image_quality: str
    issues: tuple[Issue, ...] = ()
    size: int | None = None
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    bit_depth: int | None = None
    fingerprint: str = ""
    status: Status | None = None
    image_path: str = ""


def write_validation(database: Database, source: str, batch: Iterable[Validated]) -> None:
    """Write a batch of one source in one transaction.

    A hash or size that the index holds stays: it says what the file should be. Blank ones (adopted files that
    nobody read before) are filled in.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = list(batch)
    with database.transaction():
        database.execute_many(_UPDATE, (_values(source, one, now) for one in found))
        database.execute_many(
            "DELETE FROM issues WHERE origin = 'validation' "
            "AND image = (SELECT id FROM images WHERE source = ? AND image_id = ?)",
            ((source, one.image_id) for one in found),
        )
        database.execute_many(
            "INSERT OR IGNORE INTO issues (code, severity, message, origin, image) "
            "SELECT ?, ?, ?, 'validation', id FROM images WHERE source = ? AND image_id = ?",
            _issues(source, found),
        )


_UPDATE = """
    UPDATE images SET
        sha256 = CASE WHEN sha256 = '' THEN ? ELSE sha256 END,
        bytes = coalesce(bytes, ?),
        width = coalesce(?, width), height = coalesce(?, height), bit_depth = coalesce(?, bit_depth),
        fingerprint = coalesce(nullif(?, ''), fingerprint),
        image_quality = ?,
        status = coalesce(?, status),
        image_path = coalesce(nullif(?, ''), image_path),
        validated_at = ?
    WHERE source = ? AND image_id = ?
"""


def _values(source: str, one: Validated, now: str) -> Row:
    status = None if one.status is None else str(one.status)
    return (
        *(one.sha256, one.size, one.width, one.height, one.bit_depth, one.fingerprint, one.image_quality),
        *(status, one.image_path, now, source, one.image_id),
    )


def _issues(source: str, found: Iterable[Validated]) -> Iterator[Row]:
    for one in found:
        for issue in one.issues:
            yield encodable((issue.code, str(issue.severity), issue.message, source, one.image_id))
