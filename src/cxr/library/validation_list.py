"""``validation.csv``: what is wrong with the library, a row an issue, for people and spreadsheets."""

import csv
from collections.abc import Iterable

from cxr.index.read import issues
from cxr.ledger.cells import cell
from cxr.library.open import Library
from cxr.model import Issue
from cxr.stores.replacing import replacing

COLUMNS = ("source", "image_id", "severity", "code", "message", "path")


def write_validation_list(library: Library, orphans: Iterable[tuple[str, Issue]] = ()) -> None:
    """Write the issues of all images that the index holds, then those of files that it does not know.

    Values are written as `cxr.ledger.cells.cell` makes them safe to look at; the index keeps them exact.

    Raises:
        StorageError: the file cannot be written.
    """
    path = library.layout.validation
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for found in issues(library.database):
            one = found.issue
            about = (found.source, found.image_id, one.severity, one.code, one.message, found.image_path)
            writer.writerow(map(cell, about))
        for place, issue in orphans:
            writer.writerow(map(cell, ("", "", issue.severity, issue.code, issue.message, place)))
