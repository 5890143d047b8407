"""TIFF and BigTIFF: the first directory, its strips or tiles, and a whole decode."""

import imagecodecs

from cxr.images.decoded import decode_bounded, look_at_channels
from cxr.images.inspection import FaultError, Inspection, Limits, require_pixels
from cxr.images.tiff_directory import BITS, HEIGHT, WIDTH, Directory, first_directory

_PHOTOMETRIC, _ORIENTATION, _SAMPLES, _EXTRA_SAMPLES, _ICC = 262, 274, 277, 338, 34675
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_STRIPS, _TILES = (273, 279), (324, 325)  # offsets, byte counts
_COLOURS = {0: "grey", 1: "grey", 2: "rgb", 3: "palette", 5: "cmyk", 6: "rgb"}


def inspect_tiff(data: memoryview, found: Inspection, limits: Limits) -> None:
    """Fill ``found`` with what a TIFF holds; of several pages the first.

    Raises:
        FaultError: it cannot be used.
    """
    directory = first_directory(data)
    width, height = directory.one(WIDTH, 0), directory.one(HEIGHT, 0)
    found.width, found.height = width, height
    require_pixels(width, height, limits)
    _require_numbers(directory)
    _describe(directory, found)
    _require_data(directory, len(data))
    bits = max(directory.tags.get(BITS, (1,)))
    # The decoder makes room for a whole tile, however small the image.
    width, height = max(width, directory.one(_TILE_WIDTH, 0)), max(height, directory.one(_TILE_HEIGHT, 0))
    size = width * height * directory.one(_SAMPLES, 1) * max(1, (bits + 7) // 8)
    look_at_channels(decode_bounded(imagecodecs.tiff_decode, data, size, limits), found)


def _describe(directory: Directory, found: Inspection) -> None:
    found.bit_depth = directory.one(BITS, 1)
    found.colour = _COLOURS.get(directory.one(_PHOTOMETRIC, -1), "")
    found.channels = 3 if found.colour == "palette" else directory.one(_SAMPLES, 1)
    found.has_alpha = directory.one(_EXTRA_SAMPLES, 0) in (1, 2)
    found.colour_profile = ("ICC",) if _ICC in directory.tags else ()
    orientation = directory.one(_ORIENTATION, 1)
    found.orientation = orientation if 1 <= orientation <= 8 else 1
    found.several_images = directory.following != 0


def _require_numbers(directory: Directory) -> None:
    """Refuse tags whose values only the decoder would understand: what it allocates must be known here."""
    for tag in (BITS, _PHOTOMETRIC, _SAMPLES, _TILE_WIDTH, _TILE_HEIGHT, *_STRIPS, *_TILES):
        if tag in directory.tags and not directory.tags[tag]:
            raise FaultError("does_not_decode", f"its tag {tag} is not a positive whole number")


def _require_data(directory: Directory, size: int) -> None:
    """Refuse a file that ends before its strips or tiles do."""
    offsets_tag, counts_tag = _TILES if _TILES[0] in directory.tags else _STRIPS
    offsets = directory.tags.get(offsets_tag, ())
    if not offsets:
        raise FaultError("does_not_decode", "it has neither strips nor tiles")
    counts = directory.tags.get(counts_tag, ())
    end = max((start + count for start, count in zip(offsets, counts, strict=False)), default=max(offsets))
    if end > size:
        raise FaultError("truncated", f"its image data ends at byte {end:,}, the file has {size:,}")
