"""What a plan needs of a host before there is a library to keep it."""

import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

from cxr.errors import StorageError

_PREFIX: Final = "cxr-plan-"
_OLD: Final = 86_400  # seconds: no plan takes a day


class Scratch:
    """What hosts gave before there is a library to keep it, in a folder that goes when this object does.

    Raises:
        StorageError: the system's folder for temporary files cannot be written.
    """

    def __init__(self) -> None:
        _remove_old()
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        except OSError as error:
            raise StorageError(
                f"No temporary folder can be made: {error.strerror or error}.",
                next_step="Set TMPDIR to a folder that you may write, on a disk with some space.",
            ) from error
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _remove_old() -> None:
    """Remove what killed runs left."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            if folder.stat().st_mtime < time.time() - _OLD:
                shutil.rmtree(folder, ignore_errors=True)
