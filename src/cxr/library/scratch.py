"""What a plan needs of a host before there is a library to keep it."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """What hosts gave before there is a library to keep it, in a folder that goes when this object does."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cxr-plan-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
