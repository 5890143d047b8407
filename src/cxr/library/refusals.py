"""What may not come into a library beside what is there: taken file names, another local folder."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

from cxr.database.connection import Database
from cxr.errors import UsageError
from cxr.index.collisions import Collisions
from cxr.index.read import origins
from cxr.library.prepare import Prepared
from cxr.model import Record, Remote

_FILE = "file://"


class Refusals:
    """Looks at each record before a byte of it moves.

    Args:
        database: Of the library.
        prepared: What comes in.
    """

    def __init__(self, database: Database, prepared: Prepared) -> None:
        source = prepared.request.source
        self._prepared = prepared
        self._collisions = Collisions(database, source, prepared.release.key)
        # Where files are records, the same path below another folder is another image.
        by_path = bool(prepared.files) and not prepared.published.tables
        self._origins = origins(database, source) if by_path else {}

    def check(self, record: Record, remote: Remote) -> None:
        """Refuse a record whose place in the library is another's.

        Raises:
            UsageError: its file name is that of another image or release, or its id that of an image of
                another folder.
        """
        self._collisions.refuse(record)
        before = self._origins.get(record.image_id)
        if before is None:
            return
        now = self._prepared.host.url(remote)
        if before != now and not _moved(before, now):
            raise UsageError(
                f"This library has an image {record.image_id} from another folder: {before}.",
                think=f"{now} would take its place.",
                next_step="Give each folder a library of its own (--base-dir), or put both below one folder "
                f"and name that; `cxr remove --source {record.source}` takes the first one out.",
            )


def _moved(before: str, now: str) -> bool:
    """Say whether two addresses are of one file, or the first is gone and its file may be the second."""
    old, new = _path(before), _path(now)
    if old is None or new is None:
        return False
    try:
        return old.samefile(new)
    except OSError:
        return not old.exists()


def _path(url: str) -> Path | None:
    if not url.startswith(_FILE):
        return None
    return Path(os.fsdecode(unquote_to_bytes(url.removeprefix(_FILE))))
