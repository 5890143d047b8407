"""Fetching again what failed validation, from where it came."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from cxr.errors import UsageError
from cxr.library.download import download
from cxr.library.open import Library
from cxr.library.prepare import prepare
from cxr.library.requests import last_request
from cxr.library.selection import Selection
from cxr.progress import Progress


def refuse_adopted(library: Library, source: str) -> None:
    """Refuse to repair a dataset of which images stay where the user has them.

    Raises:
        UsageError: there are such images.
    """
    adopted = library.database.value(
        "SELECT count(*) FROM images WHERE source = ? AND status = 'adopted'", (source,)
    )
    if adopted:
        raise UsageError(
            f"{source}: {adopted!s} images are yours, indexed where they lie; cxr changes none of them.",
            next_step="Leave out --repair. `--quarantine` marks the rows of those that fail.",
        )


def fetch_again(library: Library, source: str, image_ids: AbstractSet[str], progress: Progress) -> None:
    """Bring images in anew, as the last download of the dataset was asked to.

    Raises:
        UsageError: the library does not know where they came from, or that place is gone.
    """
    request = last_request(library, source)
    if request is None:
        raise UsageError(
            f"{source}: this library does not know where its images came from.",
            next_step=f"Download them again: `cxr download --source {source} --from PATH`.",
        )
    # What failed may have come with an earlier selection than the last.
    everything = replace(request, selection=Selection())
    download(library, prepare(everything, library.config, library.layout), progress, again=image_ids)
