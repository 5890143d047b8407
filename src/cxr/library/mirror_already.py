"""What of a mirror is in place before a run: in the ledger under its name, and at the destination."""

from cxr.database.connection import open_readonly
from cxr.errors import OlderLibraryError
from cxr.ledger.read import finished
from cxr.library.layout import Layout
from cxr.library.mirror_place import LEDGER, Destination
from cxr.library.mirror_there import There
from cxr.library.mirror_tree import tree_of
from cxr.library.prepare import Prepared
from cxr.library.wanted import Wanted
from cxr.transfer.decide import Action, decide


def count_already(
    prepared: Prepared, to: Destination, layout: Layout, there: There | None = None
) -> There | None:
    """Count the selected images that the run will leave unread, so that the plan tells what it will bring.

    Args:
        prepared: The request; what of it is done already is counted anew.
        to: The place; it is listed once the ledger has anything of it.
        layout: Of the state, in which nothing is changed.
        there: What the place has, where it was listed before.

    Returns:
        What the place has; ``None`` where it need not be listed.

    Raises:
        AccessError: the place refuses.
        StorageError: it cannot be listed.
    """
    ledger = layout.metadata / LEDGER
    if not ledger.is_file():
        return there
    try:
        with open_readonly(ledger) as database:
            known = finished(database, prepared.request.source)
    except OlderLibraryError:
        return there
    if not known:
        return there
    tree = tree_of(prepared.release)
    there = There(to.stored(tree.roots, layout)) if there is None else there
    prepared.already = prepared.size_already = 0
    prepared.wanted = Wanted()
    for record in prepared.records():
        name = tree.image(record, prepared.remote(record))
        entry = known.get(record.image_id)
        recorded = entry.size if entry is not None and entry.name == name else None
        if decide(recorded, there.size(name)) is Action.KEEP:
            prepared.already += 1
            prepared.size_already += prepared.bytes_of(record)
        else:
            prepared.wanted.add(record.published_path)
    return there
