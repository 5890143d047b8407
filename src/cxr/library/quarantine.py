"""Setting an image aside that failed validation."""

from dataclasses import replace
from pathlib import Path

from cxr.index.read import Held, held
from cxr.index.validation import Validated
from cxr.ledger.read import finished
from cxr.library.naming import as_indexed, on_disk
from cxr.library.open import Library
from cxr.model import Status
from cxr.stores.storage_errors import writing


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


def count_set_aside(library: Library, source: str) -> int:
    """Return how many images cxr had fetched that are set aside now: ``validate --repair`` fetches them."""
    number = library.database.value(
        """
        SELECT count(*) FROM images JOIN ledger USING (source, image_id)
        WHERE source = ? AND images.status = 'quarantined' AND ledger.outcome = 'downloaded'
        """,
        (source,),
    )
    return int(str(number))


def _move(library: Library, place: Path) -> Path:
    target = library.layout.quarantine / place.name
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        if place.exists():
            place.replace(target)
            place.unlink(missing_ok=True)  # renaming one hard link onto another of the same file does nothing
    return target
