"""Captions on the disk, beside their images."""

import os

from cxr.captions.render import About, render
from cxr.library.naming import caption_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.model import Record
from cxr.stores.atomic import write_text


class Captions:
    """The captions folder during one run. Safe to call from several threads.

    Args:
        library: Where the captions are.
        prepared: The run.
    """

    def __init__(self, library: Library, prepared: Prepared) -> None:
        self._folder = library.layout.captions
        self._about = About.of(prepared.dataset, prepared.release)
        with os.scandir(self._folder) as entries:
            self._there = {entry.name for entry in entries if entry.is_file()}

    def ensure(self, record: Record, *, rewrite: bool) -> None:
        """Write the caption of an image unless it is there.

        Args:
            record: The image.
            rewrite: Write it even then, because what it says may be out of date.

        Raises:
            StorageError: it cannot be written.
        """
        name = caption_name(record)
        if rewrite or name not in self._there:
            write_text(self._folder / name, render(record, self._about))
