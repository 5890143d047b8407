"""`cxr stats`: what a library holds and how it came there, in numbers."""

from cxr.index import statistics as index_statistics
from cxr.library.open import Library


def statistics(library: Library) -> dict[str, object]:
    """Return counts for each dataset under ``sources``, ready for JSON."""
    return index_statistics.statistics(library.database)
