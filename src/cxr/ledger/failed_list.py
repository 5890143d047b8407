"""``failed_images.txt``: what could not be had, rewritten at each run's end."""

from pathlib import Path

from cxr.database.connection import Database
from cxr.ledger.cells import cell
from cxr.ledger.read import failures
from cxr.stores.replacing import replacing

HEADER = ("source", "image_id", "code", "reason", "url")


def write_failed_list(database: Database, path: Path) -> int:
    """Write each failed image on a line, tab-separated under a header, UTF-8; return how many.

    Values are written as `cxr.ledger.cells.cell` makes them safe to look at; the ledger keeps them exact.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    count = 0
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(HEADER) + "\n")
        for source, failure in failures(database):
            fields = (source, failure.image_id, failure.code, failure.reason, failure.url)
            file.write("\t".join(map(cell, fields)) + "\n")
            count += 1
    return count
