"""What the index says of one image: the record as published, and what became of its bytes."""

from dataclasses import dataclass

from cxr.model import Original, Record, Status


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One image of the index.

    Attributes:
        record: As published.
        image_path: Relative to the base directory with ``/``, or the absolute path or URL of an adopted file.
        caption_path: Relative to the base directory; empty where there is no caption.
        status: Where it stands.
        status_reason: Why it was skipped or quarantined.
        size: Of the file in bytes, ``None`` where it is not known.
        sha256: Hex digest of the file, empty where it was not read.
        width: In pixels, ``None`` where it was not read.
        height: In pixels.
        bit_depth: Bits a sample.
        pixel_processing: What was done to the pixels, by the authors and by us.
        licence: Name of the dataset's terms.
        attribution: Whom to credit for this image.
        source_url: Where it came from, without signature or password.
        downloaded_at: ISO 8601, UTC; empty for an adopted file, or where it stays as it was.
        original: What the host has, where the file in the library was made of it.
        reading: Tells the tables and the reader apart that the record came from.
    """

    record: Record
    image_path: str
    caption_path: str
    status: Status
    status_reason: str = ""
    size: int | None = None
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    bit_depth: int | None = None
    pixel_processing: str = ""
    licence: str = ""
    attribution: str = ""
    source_url: str = ""
    downloaded_at: str = ""
    original: Original | None = None
    reading: str = ""
