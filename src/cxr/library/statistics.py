"""`cxr stats`: what a library holds and how it came there, in numbers."""

from cxr.index.statistics import statistics as count
from cxr.library.open import Library


def statistics(library: Library) -> dict[str, object]:
    """Return counts for each dataset under ``sources``, ready for JSON."""
    return count(library.database)
