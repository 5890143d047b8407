"""From the flags of ``download`` and ``index`` to what the library is asked for."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr.cli._catalogue import is_made
from cxr.cli._names import dataset_key, known
from cxr.cli._published import no_rows
from cxr.cli._shrinking import shrink_from
from cxr.errors import UsageError

if TYPE_CHECKING:
    from cxr.config import Config
    from cxr.datasets import Dataset
    from cxr.library.prepare import Prepared
    from cxr.library.request import DownloadRequest
    from cxr.stores.origins import Origin

_MADE = 200
"""Images of a dataset that is made here, where ``--limit`` does not say (design 1)."""
_OVERSIZE = 100
"""Made for each one wanted where a filter or sample chooses among them, so that there are enough."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What was typed, as typed."""

    limit: int | None = None
    sample: str | None = None
    seed: int | None = None
    sample_by: str | None = None
    view: str | None = None
    findings: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    release: str | None = None
    host: str | None = None
    origin: "Origin | None" = None
    tables: Path | None = None
    workers: int | None = None
    size: int | None = None
    resize: int | None = None
    fit: str | None = None
    format: str | None = None

    @property
    def selects(self) -> bool:
        """Whether any flag says which images are meant, or from where."""
        given = (self.limit, self.sample, self.seed, self.sample_by, self.view, self.release, self.host)
        more = (self.origin, self.tables, self.size, self.findings or None, self.patients or None)
        form = (self.resize, self.fit, self.format)
        return any(value is not None for value in (*given, *more, *form))


def request_for(
    source: str, flags: Flags, config: "Config", *, configured_limit: bool = True
) -> "DownloadRequest":
    """Return the request for one dataset; the configuration fills in what no flag says.

    Raises:
        UsageError: a name is unknown, or a flag does not apply to this dataset.
    """
    from cxr import datasets
    from cxr.library.request import DownloadRequest

    key = dataset_key(source)
    dataset = datasets.load(key)
    _check_names(key, dataset, flags)
    settings = config.datasets[key]
    limit = flags.limit
    if limit is None and flags.sample is None and configured_limit:
        limit = settings.limit
    made = is_made(datasets.default_release(dataset))
    if flags.size is not None and not made:
        raise UsageError(
            f"--size is for images that are made here; those of {dataset.TITLE} come as published.",
            next_step="Leave --size out.",
        )
    selection = _selection(flags, limit)
    options: dict[str, int] = {}
    if made:
        options = _options(flags, limit, chooses=bool(selection.filters or selection.sample))
    return DownloadRequest(
        source=key,
        release=flags.release,
        host=flags.host,
        origin=flags.origin,
        tables=flags.tables,
        selection=selection,
        options=options,
        workers=flags.workers,
        shrink=shrink_from(flags.resize, flags.fit, flags.format),
    )


def _selection(flags: Flags, limit: int | None) -> Any:
    from cxr.library.selection import Selection

    selection = Selection(
        limit=limit,
        sample=flags.sample,
        seed=flags.seed or 0,
        sample_by=flags.sample_by,
        view=flags.view,
        findings=flags.findings,
        patients=flags.patients,
    )
    selection.check()
    return selection


def _options(flags: Flags, limit: int | None, *, chooses: bool) -> dict[str, int]:
    """Return how many images are made, with which seed and how large."""
    count = limit or _MADE
    if chooses:
        count = max(_MADE, count * _OVERSIZE)
    given = {"count": count, "seed": flags.seed, "size": flags.size}
    return {name: value for name, value in given.items() if value is not None}


def _check_names(key: str, dataset: "Dataset", flags: Flags) -> None:
    """Answer an unknown release or host with the nearest known."""
    from cxr.datasets import default_release

    release = default_release(dataset)
    if flags.release is not None:
        release = dataset.RELEASES[known(flags.release, dataset.RELEASES, f"release of {key}")]
    if flags.host is not None:
        known(flags.host, release.hosts, f"host of {key}")


def check_selected(prepared: "Prepared") -> None:
    """Stop a run that would do nothing because nothing is there or nothing matches.

    Raises:
        UsageError: it says which, and what there would be.
    """
    request, counts = prepared.request, prepared.counts
    if counts.selected:
        return
    if not prepared.present:
        raise _nothing_there(prepared)
    near = get_close_matches((request.selection.view or "").upper(), _VIEWS, n=1)
    meant = f"Did you mean --view {near[0]}? " if near and near[0] != request.selection.view else ""
    raise UsageError(
        f"Nothing matches: {request.selection.describe()}.",
        think=f"None of {prepared.present:,} images of {prepared.dataset.TITLE} does.",
        next_step=f"{meant}Take a filter (--view, --finding, --patient) away or change it.",
    )


def _nothing_there(prepared: "Prepared") -> UsageError:
    where = f"in {prepared.request.origin}" if prepared.request.origin else f"at {prepared.host.key}"
    if not prepared.published.tables:
        return UsageError(
            f"There is no file {where}.",
            think="Hidden files and folders are not looked at.",
            next_step="Name the folder that holds the images, or one above it.",
        )
    if not prepared.total:
        return no_rows(prepared.dataset, prepared.published, prepared.problems)
    return UsageError(
        f"There is no image of {prepared.dataset.TITLE} {where}.",
        think=f"The tables name {prepared.total:,}; none of them lies there.",
        next_step="Name the folder that holds the images, or one above it.",
    )


_VIEWS = ("FRONTAL", "LATERAL", "PA", "AP", "LL", "RL")
