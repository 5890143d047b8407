"""``raw/``: the published tables that a library was made from, as they came."""

import filecmp
import shutil

from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.stores.replacing import replacing


def keep_tables(library: Library, prepared: Prepared) -> bool:
    """Copy the tables that were read to ``raw/<source>/<release>/``.

    Returns:
        Whether one of them differs from the copy of an earlier run.

    Raises:
        StorageError: they cannot be written.
    """
    folder = library.layout.raw / prepared.request.source / prepared.release.key
    changed = False
    for table in prepared.published.tables.values():
        kept = folder / table.name
        if kept.is_file():
            if kept.samefile(table) or filecmp.cmp(kept, table, shallow=False):
                continue
            changed = True
        with replacing(kept) as part:
            shutil.copyfile(table, part)
    return changed
