"""``raw/``: the published tables that a library was made from, as they came."""

import filecmp
import shutil

from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.stores.replacing import replacing


def keep_tables(library: Library, prepared: Prepared) -> None:
    """Copy the tables that were read to ``raw/<source>/<release>/``, where they are not there already.

    What would not be found there again, such as one report of a tree of them, stays where it is.

    Raises:
        StorageError: they cannot be written.
    """
    folder = library.layout.raw / prepared.request.source / prepared.release.key
    tables = {table.name: table for table in prepared.published.tables.values()}
    found = prepared.dataset.find_tables(tables).values() if tables else ()
    for name in found:
        table, kept = tables[name], folder / name
        if kept.is_file() and (kept.samefile(table) or filecmp.cmp(kept, table, shallow=False)):
            continue
        with replacing(kept) as part:
            shutil.copyfile(table, part)
