"""Setting an image aside that failed validation."""

from dataclasses import replace

from cxr.index.read import Held
from cxr.index.validation import Validated
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
    place = on_disk(library.layout, row.image_path)
    target = library.layout.quarantine / place.name
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        if place.exists():
            place.replace(target)
    return replace(found, status=Status.QUARANTINED, image_path=as_indexed(library.layout, target))
