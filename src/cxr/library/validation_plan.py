"""What a validation would examine, asked without changing anything."""

from dataclasses import asdict, dataclass
from typing import cast

from cxr import datasets
from cxr.errors import UsageError
from cxr.index.read import sources
from cxr.ledger.runs import latest_run
from cxr.library.open import Library
from cxr.library.quarantine import count_set_aside


@dataclass(frozen=True, slots=True)
class ToExamine:
    """What a validation would examine of one dataset.

    Attributes:
        images: Images, each with its caption and row.
        set_aside: Images set aside before, which ``--repair`` alone takes up again.
    """

    images: int
    set_aside: int

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


def to_examine(library: Library, source: str | None) -> dict[str, ToExamine]:
    """Return what a validation would examine, by dataset.

    Args:
        library: Open for reading.
        source: Key of a dataset; ``None`` for all.

    Raises:
        UsageError: the library holds nothing of that dataset.
    """
    images = {
        cast(str, key): cast(int, count)
        for key, count in library.database.rows(
            "SELECT source, count(*) FROM images WHERE status IN ('downloaded', 'adopted') GROUP BY source"
        )
    }
    return {
        key: ToExamine(images.get(key, 0), count_set_aside(library, key)) for key in chosen(library, source)
    }


def chosen(library: Library, source: str | None) -> tuple[str, ...]:
    """Return the keys of the datasets that a validation takes.

    Raises:
        UsageError: the library holds nothing of the one that was named, or its images lie in a bucket.
    """
    present = sources(library.database)
    elsewhere = _in_buckets(library)
    if source is None:
        here = tuple(key for key in present if key not in elsewhere)
        if elsewhere and not here:
            raise _refusal(library, *next(iter(elsewhere.items())))
        return here
    datasets.load(source)
    if source not in present:
        raise UsageError(
            f"The library in {library.layout.base} holds nothing of {source}.",
            think=f"It holds: {', '.join(present) or 'nothing yet'}.",
            next_step=f"`cxr download --source {source}` or `cxr index --source {source} --at PATH` first.",
        )
    if source in elsewhere:
        raise _refusal(library, source, elsewhere[source])
    return (source,)


def _in_buckets(library: Library) -> dict[str, int]:
    """Return how many images lie in a bucket, by dataset; others are not named."""
    rows = library.database.rows(
        "SELECT source, count(*) FROM images WHERE status = 'adopted' AND instr(image_path, '://') "
        "GROUP BY source"
    )
    return {cast(str, source): cast(int, count) for source, count in rows}


def _refusal(library: Library, source: str, count: int) -> UsageError:
    run = latest_run(library.database, "index", source)
    origin = run.request["origin"] if run is not None else "URL"
    return UsageError(
        f"{count:,} images of {source} lie in a bucket, and this version of cxr validates files on a disk.",
        think="They were indexed where they are; what their tables say of them is in the index.",
        next_step=f"Bring them to a disk: `cxr download --source {source} --from {origin} --base-dir DIR`. "
        "Then validate there.",
    )
