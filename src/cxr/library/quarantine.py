"""Setting an image aside that failed validation."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from cxr.index.read import Held, held
from cxr.index.validation import Validated
from cxr.ledger.read import finished
from cxr.library.naming import as_indexed, on_disk
from cxr.library.open import Library
from cxr.model import Status
from cxr.stores.writing import writing


def set_aside(library: Library, row: Held, found: Validated) -> Validated:
    """Mark an image as quarantined; one of the library's own also moves to ``quarantine/``.

    An adopted file stays where the user has it: only its row is marked.

    Raises:
        StorageError: the file cannot be moved.
    """
    if row.status is not Status.DOWNLOADED:
        return replace(found, status=Status.QUARANTINED)
    target = _move(library, on_disk(library.layout, row.image_path))
    return replace(found, status=Status.QUARANTINED, image_path=as_indexed(library.layout, target))


def set_aside_before(library: Library, source: str) -> set[str]:
    """Return the ids of images that cxr had fetched and that are set aside now."""
    fetched = finished(library.database, source)
    rows = held(library.database, source)
    return {row.image_id for row in rows if row.status is Status.QUARANTINED and row.image_id in fetched}


def set_aside_again(library: Library, source: str, image_ids: AbstractSet[str]) -> None:
    """Move images back to ``quarantine/`` that were fetched again and are what they were.

    Others are in the library again; what was set aside before stays where it is.

    Raises:
        StorageError: a file cannot be moved.
    """
    for row in held(library.database, source):
        if row.image_id in image_ids and row.status is Status.QUARANTINED:
            target = _move(library, on_disk(library.layout, row.image_path))
            library.database.execute(
                "UPDATE images SET image_path = ? WHERE source = ? AND image_id = ?",
                (as_indexed(library.layout, target), source, row.image_id),
            )


def _move(library: Library, place: Path) -> Path:
    target = library.layout.quarantine / place.name
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        if place.exists():
            place.replace(target)
            place.unlink(missing_ok=True)  # renaming one hard link onto another of the same file does nothing
    return target
