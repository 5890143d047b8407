"""Write how each image that was asked for went, in batches."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from cxr.database.connection import Database, Value
from cxr.ledger.cells import shown
from cxr.model import Failure, Fetched

_UPSERT = """
    INSERT INTO ledger
        (source, image_id, outcome, name, bytes, sha256, how, host, url, code, reason, seconds, at, run)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (source, image_id) DO UPDATE SET
        outcome = excluded.outcome, name = excluded.name, bytes = excluded.bytes, sha256 = excluded.sha256,
        how = excluded.how, host = excluded.host, url = excluded.url, code = excluded.code,
        reason = excluded.reason, seconds = excluded.seconds, at = excluded.at, run = excluded.run
"""


class Outcome(NamedTuple):
    """How one image that was asked for went.

    Attributes:
        image_id: Which.
        host: Key of the host that it was asked from.
        result: The file in place, or why there is none.
    """

    image_id: str
    host: str
    result: Fetched | Failure


def write_outcomes(database: Database, source: str, run: int | None, outcomes: Iterable[Outcome]) -> None:
    """Write a batch of outcomes in one transaction; each replaces what the ledger said of its image.

    Call it after the files were renamed into place: a row means that the file is whole. A reason is for
    people, and is kept as `cxr.ledger.cells.shown` writes it.

    Raises:
        StorageError: the disk is full or not writable; none of the batch is written then.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with database.transaction():
        database.execute_many(_UPSERT, (_row(source, run, outcome, now) for outcome in outcomes))


def _row(source: str, run: int | None, outcome: Outcome, now: str) -> tuple[Value, ...]:
    image_id, host, result = outcome
    if isinstance(result, Failure):
        return (
            *(source, image_id, "failed", "", None, "", "", host, result.url, result.code),
            *(shown(result.reason), 0.0, now, run),
        )
    return (
        *(source, image_id, "downloaded", result.name, result.size, result.sha256, str(result.how), host),
        *(result.url, "", "", result.seconds, now, run),
    )
