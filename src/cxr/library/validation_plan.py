"""What a validation would examine, asked without changing anything."""

from dataclasses import asdict, dataclass
from typing import cast

from cxr import datasets
from cxr.errors import UsageError
from cxr.index.read import sources
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
        UsageError: the library holds nothing of the one that was named.
    """
    present = sources(library.database)
    if source is None:
        return tuple(present)
    datasets.load(source)
    if source not in present:
        raise UsageError(
            f"The library in {library.layout.base} holds nothing of {source}.",
            think=f"It holds: {', '.join(present) or 'nothing yet'}.",
            next_step=f"`cxr download --source {source}` or `cxr index --source {source} --at PATH` first.",
        )
    return (source,)
