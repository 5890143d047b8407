"""The names of files in the library, and how the index writes their places."""

import re
from pathlib import Path

from cxr.library.layout import Layout
from cxr.model import Record, Remote
from cxr.stores.replacing import PART

CAPTION = ".txt"
"""What the names of captions end in."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


def image_name(record: Record, remote: Remote) -> str:
    """Return the file name of an image: its stem with the published suffix in small letters, if it is one."""
    stem, dot, ending = remote.path.rpartition("/")[2].rpartition(".")
    suffix = f".{ending.lower()}" if stem and dot else ""
    if suffix == PART:  # what `cxr cleanup` takes for the remains of a transfer
        suffix = ".partial"
    return record.stem + (suffix if _SUFFIX.fullmatch(suffix) else "")


def caption_name(record: Record) -> str:
    """Return the file name of a caption."""
    return record.stem + CAPTION


def stem_of(name: str) -> str:
    """Return the stem that `image_name` gave a suffix to."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot else name


def as_indexed(layout: Layout, path: Path) -> str:
    """Return a path as the index keeps it: relative to the base directory, or absolute outside of it."""
    return path.relative_to(layout.base).as_posix() if path.is_relative_to(layout.base) else str(path)


def on_disk(layout: Layout, indexed: str) -> Path:
    """Return where a path of the index lies."""
    return layout.base / indexed
