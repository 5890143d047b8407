"""Files of the library that no row of the index speaks of."""

from collections.abc import Iterator

from cxr.index.read import held
from cxr.library.naming import as_indexed
from cxr.library.open import Library
from cxr.model import Issue, Severity
from cxr.stores.replacing import PART


def orphans(library: Library) -> Iterator[tuple[str, Issue]]:
    """Yield the place of each image and caption that the index does not know, with an issue that says so."""
    layout = library.layout
    images, captions = set[str](), set[str]()
    for row in held(library.database):
        images.add(row.image_path)
        captions.add(row.caption_path)
    kinds = (
        (layout.images, images, "image_without_row", "The index knows no image of this name"),
        (layout.captions, captions, "caption_without_row", "The index knows no image with this caption"),
    )
    for folder, known, code, message in kinds:
        for path in sorted(folder.iterdir()):
            place = as_indexed(layout, path)
            if place not in known and not path.name.endswith((PART, ".tmp")):
                think = "a run that was killed leaves such files, and the next download takes them in"
                yield place, Issue(code, Severity.ERROR, f"{message}; {think}.")
