"""Images made smaller on their way in: what they are called, and that a library holds one form of them."""

from dataclasses import replace

from cxr.errors import UsageError
from cxr.images.formats import SUFFIXES, Format
from cxr.images.placement import WRITTEN, Shrink
from cxr.library.open import Library
from cxr.library.requests import last_request
from cxr.model import Remote


def shrink_of(shrink: Shrink | None, remote: Remote) -> Shrink | None:
    """Return what is made of one file; its published name settles the format, before a byte is there."""
    if shrink is None or shrink.format is not None:
        return shrink
    published = SUFFIXES.get(_suffix(remote.path))
    return replace(shrink, format=published if published in WRITTEN else Format.PNG, kept=True)


def named_as_written(name: str, shrink: Shrink | None, remote: Remote) -> str:
    """Return an image's file name with the suffix of what is written; a suffix that fits it stays."""
    made = shrink_of(shrink, remote)
    if made is None or made.format is None or SUFFIXES.get(_suffix(name)) is made.format:
        return name
    return f"{name.removesuffix(_suffix(remote.path))}.{made.format.value}"


def require_one_form(library: Library, source: str, shrink: Shrink | None) -> None:
    """Let images in only as those are that the library has of the dataset.

    Raises:
        UsageError: it has some in another form: trained on together, they would differ by more than patients.
    """
    last = last_request(library, source)
    if last is None or last.shrink == shrink:
        return
    there = library.database.value(
        "SELECT count(*) FROM (SELECT 1 FROM images WHERE source = ? AND status = 'downloaded' LIMIT 1)",
        (source,),
    )
    if not there:
        return
    had, wanted = (str(one) if one is not None else "as published" for one in (last.shrink, shrink))
    raise UsageError(
        f"The library in {library.layout.base} has images of {source} {had}, and these would be {wanted}.",
        think="A library holds a dataset in one form.",
        next_step="Name another library with --base-dir, or ask for the same form "
        f"(`cxr download --source {source} --resume` does).",
    )


def _suffix(path: str) -> str:
    name, dot, ending = path.rpartition("/")[2].rpartition(".")
    return f".{ending.lower()}" if name and dot else ""
