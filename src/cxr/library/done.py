"""Which images a library has, so that nobody need bring them."""

from cxr.database.connection import Database
from cxr.index.read import places_elsewhere
from cxr.ledger.read import sizes


def done(database: Database, source: str) -> frozenset[str]:
    """Return the ids of a dataset's images that were finished, adopted or set aside."""
    finished = (image_id for image_id, _, _ in sizes(database, source))
    return frozenset(finished) | places_elsewhere(database, source).keys()
