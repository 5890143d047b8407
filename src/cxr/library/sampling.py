"""A seeded sample of images, or of whole studies or patients.

It is a function of the seed and of the units it draws from: each unit has a place in the seed's order, by a
hash of both, whatever the platform and the order of the table. So a larger sample with the same seed contains
the smaller one, and two releases with the same patients give the same patients.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b

from cxr.model import Record

UNITS = ("image", "study", "patient")


def unit_of(record: Record, by: str) -> str:
    """Return what names the record's image, study or patient; empty where the record has none."""
    if by == "image":
        return record.image_id
    if by == "patient":
        return record.patient_key
    return f"{record.patient_key}\n{record.study_id}" if record.study_id else ""


def images(units: Iterable[str], size: int, seed: int) -> set[str]:
    """Return the first so many in the seed's order, without keeping the others."""
    place = _order(seed)
    return {unit for _, unit in heapq.nsmallest(size, ((place(unit), unit) for unit in units))}


def whole(units: Iterable[str], size: int, seed: int) -> set[str]:
    """Return units in the seed's order while their images stay within ``size``, and one at least."""
    sizes = Counter(units)
    place = _order(seed)
    chosen: set[str] = set()
    total = 0
    for unit in sorted(sizes, key=lambda unit: (place(unit), unit)):
        total += sizes[unit]
        if chosen and total > size:
            break
        chosen.add(unit)
    return chosen


def _order(seed: int) -> Callable[[str], bytes]:
    """Return what gives a unit its place in the seed's order."""
    begun = blake2b(f"{seed}\n".encode(), digest_size=16)

    def place(unit: str) -> bytes:
        own = begun.copy()
        own.update(unit.encode("utf-8", "surrogatepass"))
        return own.digest()

    return place
