"""``failed_images.txt``: what could not be had, rewritten at each run's end."""

from pathlib import Path

from cxr.database.connection import Database
from cxr.ledger.read import failures
from cxr.stores.replacing import replacing

HEADER = ("source", "image_id", "code", "reason", "url")
# A tab or a line end inside a value would make a column or a row of its own.
_ONE_LINE = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "\0": " "})


def write_failed_list(database: Database, path: Path) -> int:
    """Write each failed image on a line, tab-separated under a header, UTF-8; return how many.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    count = 0
    with replacing(path) as part, part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write("\t".join(HEADER) + "\n")
        for source, failure in failures(database):
            fields = (source, failure.image_id, failure.code, failure.reason, failure.url)
            file.write("\t".join(field.translate(_ONE_LINE) for field in fields) + "\n")
            count += 1
    return count
