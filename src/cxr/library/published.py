"""``raw/``: the published tables that a library was made from, as they came."""

import filecmp
import shutil

from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.stores.replacing import replacing


def keep_tables(library: Library, prepared: Prepared) -> None:
    """Copy the tables that were read to ``raw/<source>/<release>/``, where they are not there already.

    Raises:
        StorageError: they cannot be written.
    """
    folder = library.layout.raw / prepared.request.source / prepared.release.key
    for table in prepared.published.tables.values():
        kept = folder / table.name
        if kept.is_file() and (kept.samefile(table) or filecmp.cmp(kept, table, shallow=False)):
            continue
        with replacing(kept) as part:
            shutil.copyfile(table, part)
