"""Whether a second run has nothing to do, told without reading the tables again."""

from collections.abc import Set as AbstractSet

from cxr.index.read import releases, stems_elsewhere
from cxr.ledger.read import sizes
from cxr.library.captioning import Captions
from cxr.library.naming import stem_of
from cxr.library.open import Library
from cxr.library.prepare import Prepared


def all_there(
    library: Library,
    prepared: Prepared,
    captions: Captions,
    *,
    stale: AbstractSet[str],
    done: AbstractSet[str],
) -> bool:
    """Say whether every selected image lies whole in the library, with its caption, as the tables have it.

    Ledger, index and folders are asked about all images of the dataset, selected or not: that needs no
    record. Where one of them is amiss, where another run changed something since the request was prepared,
    or where records are the files themselves, the answer is no: then each record has to be looked at.

    Args:
        library: Where they lie.
        prepared: What was asked for.
        captions: Those on the disk.
        stale: Ids of images whose row or caption is to be written again.
        done: Ids of all images of the dataset that the library had when the request was prepared.
    """
    database, source = library.database, prepared.request.source
    selected = prepared.counts.selected
    if stale or not selected or prepared.already != selected or not prepared.published.tables:
        return False
    if releases(database, source) != {prepared.release.key}:
        return False
    elsewhere = stems_elsewhere(database, source)
    if not all(map(captions.has, elsewhere.values())):
        return False
    return _in_place(library, source, captions, elsewhere.keys()) == done


def _in_place(
    library: Library, source: str, captions: Captions, elsewhere: AbstractSet[str]
) -> set[str] | None:
    """Return the ids of all images that are there; ``None`` where folders and ledger differ."""
    on_disk = library.store().listing()
    there = set(elsewhere)
    for image_id, name, size in sizes(library.database, source):
        if image_id not in elsewhere:
            if on_disk.get(name) != size or not captions.has(stem_of(name)):
                return None
            there.add(image_id)
    return there
