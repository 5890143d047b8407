"""Captions on the disk, beside their images."""

from cxr.captions.form import UNKNOWN
from cxr.captions.render import About, render
from cxr.library.naming import CAPTION, caption_name
from cxr.library.open import Library
from cxr.library.prepare import Prepared
from cxr.model import Record
from cxr.stores.atomic import write_text
from cxr.stores.nonempty import NonEmpty


class Captions:
    """The captions folder during one run. Safe to call from several threads.

    Args:
        library: Where the captions are.
        prepared: The run.
    """

    def __init__(self, library: Library, prepared: Prepared) -> None:
        self._folder = library.layout.captions
        self._about = About.of(prepared.dataset, prepared.release)
        # An empty one is what a power cut leaves of a caption that was just written.
        self._there = NonEmpty(self._folder)

    def has(self, stem: str) -> bool:
        """Say whether an image with that stem had its caption when the run began."""
        return f"{stem}{CAPTION}" in self._there

    def ensure(self, record: Record) -> None:
        """Write the caption of an image unless it is there.

        Raises:
            StorageError: it cannot be written.
        """
        if caption_name(record) not in self._there:
            self.write(record)

    def write(self, record: Record, *, image_quality: str = "") -> None:
        """Write the caption of an image, in place of what is there.

        Args:
            record: The image.
            image_quality: What validation found, where its bytes are still those that it saw.

        Raises:
            StorageError: it cannot be written.
        """
        text = render(record, self._about, image_quality=image_quality or UNKNOWN)
        write_text(self._folder / caption_name(record), text)
