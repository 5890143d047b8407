"""Which of a dataset's records are meant: filters first, then the first N or a seeded sample."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from cxr.errors import UsageError
from cxr.library.filters import Filter
from cxr.library.sampling import UNITS, images, unit_of, whole
from cxr.model import Labeller, Record

SAMPLE_SIZE = 1000
"""Images in a sample, where ``--limit`` does not say."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the selection flags of the command line say.

    Attributes:
        limit: The first so many in table order; with `sample` the size of the sample.
        sample: ``random``, or ``None`` for no sample.
        seed: Of the sample. It alone asks for nothing.
        sample_by: ``image``, ``study`` or ``patient``: what is drawn whole; ``None`` is ``image``.
        view: ``frontal``, ``lateral``, or a view position (``PA``), in any case.
        findings: Positive in any of these, as published or common, by the labeller that the index shows.
        patients: Of any of these, as published or as patient key. Zeros before a number do not matter:
            ``1`` is NIH's ``00000001``.
    """

    limit: int | None = None
    sample: str | None = None
    seed: int = 0
    sample_by: str | None = None
    view: str | None = None
    findings: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()

    @property
    def count(self) -> int | None:
        """The most images that are meant, ``None`` for all; a single study or patient may hold more."""
        return SAMPLE_SIZE if self.sample and self.limit is None else self.limit

    @property
    def filters(self) -> bool:
        """Whether a view, finding or patient is asked for."""
        return bool(self.view or self.findings or self.patients)

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: a number below one, an unknown word, or a way to sample without a sample.
        """
        if self.limit is not None and self.limit < 1:
            raise UsageError(
                f"--limit {self.limit} asks for no image.",
                next_step="Give a number from 1, or leave --limit out for all images.",
            )
        if self.sample not in (None, "random"):
            raise UsageError(
                f"There is no sample {self.sample!r}.", next_step="`--sample random` is the one there is."
            )
        if self.sample_by is not None and self.sample_by not in UNITS:
            raise UsageError(
                f"A sample cannot be drawn by {self.sample_by!r}.",
                next_step=f"Choose --sample-by {' | '.join(UNITS)}.",
            )
        if self.sample_by is not None and self.sample is None:
            raise UsageError(
                "--sample-by says how to draw a sample, and none is asked for.",
                next_step="Add --sample random, or leave --sample-by out.",
            )
        for flag, values in (
            ("--view", () if self.view is None else (self.view,)),
            ("--finding", self.findings),
            ("--patient", self.patients),
        ):
            if not all(value.strip() for value in values):
                raise UsageError(f"{flag} is empty.", next_step=f"Say which one, or leave {flag} out.")

    def describe(self) -> str:
        """Return in words what is meant, such as ``the first 10 images in table order``."""
        kept = [
            f"view {self.view}" if self.view else "",
            f"positive for {' or '.join(self.findings)}" if self.findings else "",
            f"of patient {' or '.join(self.patients)}" if self.patients else "",
        ]
        of = ", ".join(filter(None, kept))
        of = f" ({of})" if of else ""
        if self.sample:
            whole = "" if self.sample_by in (None, "image") else f", by whole {_PLURAL[self.sample_by]}"
            return f"a random sample of {self.count:,} images{of}, seed {self.seed}{whole}"
        if self.limit is not None:
            return f"the first {self.limit:,} images in table order{of}"
        return f"all images{of}"

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON; `from_json` reads it."""
        return {**asdict(self), "findings": list(self.findings), "patients": list(self.patients)}

    @classmethod
    def from_json(cls, data: Any) -> "Selection":
        """Read what `to_json` gave.

        Raises:
            UsageError: it is something else.
        """
        if not _is_selection(data):
            raise UsageError(
                "The last selection that this library recorded cannot be read.",
                next_step="Give the selection again with --limit, --sample, --view, --finding or --patient.",
            )
        lists = {name: tuple(data.get(name, ())) for name in ("findings", "patients")}
        selection = cls(**{**data, **lists})
        selection.check()
        return selection


_PLURAL = {"study": "studies", "patient": "patients"}
_TYPES: dict[str, tuple[type, ...]] = {
    "limit": (int, type(None)),
    "sample": (str, type(None)),
    "seed": (int,),
    "sample_by": (str, type(None)),
    "view": (str, type(None)),
    "findings": (list, tuple),
    "patients": (list, tuple),
}


def _is_selection(data: object) -> bool:
    """Say whether JSON holds what `Selection.to_json` gives; a newer cxr may write more."""
    return (
        isinstance(data, dict)
        and data.keys() <= _TYPES.keys()
        and all(isinstance(value, _TYPES[name]) for name, value in data.items())
        and all(isinstance(word, str) for name in ("findings", "patients") for word in data.get(name, ()))
    )


@dataclass(slots=True)
class Counts:
    """How a selection went, complete once its records were read to the end.

    Attributes:
        considered: Records that there are.
        matched: Of these, those that passed the filters.
        selected: Of these, those that were yielded.
        without_unit: Of those matched, those left out of a sample by study or patient since they have none.
        patients_missing: Patients asked for whom no record has.
    """

    considered: int = 0
    matched: int = 0
    selected: int = 0
    without_unit: int = 0
    patients_missing: tuple[str, ...] = ()


def select(
    records: Callable[[], Iterator[Record]],
    selection: Selection,
    labellers: Iterable[Labeller],
    counts: Counts | None = None,
) -> Iterator[Record]:
    """Yield the records that are meant, in table order.

    Only identifiers are kept in memory, never records: a sample reads ``records`` twice.

    Args:
        records: Gives the records from the start at each call, the same each time.
        selection: What is meant.
        labellers: Those of the dataset.
        counts: Is filled in. With it the records are read to the end; without it a limit ends the reading.

    Raises:
        UsageError: the selection contradicts itself, or no labeller knows the finding (at once); or it
            samples studies or patients and no record has any (at the first record).
    """
    selection.check()
    wanted = Filter(selection.view, selection.findings, selection.patients, tuple(labellers))
    if selection.sample is None:
        return _first(records, wanted, selection.limit, counts)
    return _sample(records, wanted, selection, counts)


def _first(
    records: Callable[[], Iterator[Record]], wanted: Filter, limit: int | None, counts: Counts | None
) -> Iterator[Record]:
    tally = counts or Counts()
    for record in _matched(records, wanted, tally):
        if limit is not None and tally.selected >= limit:
            continue  # only counted
        tally.selected += 1
        yield record
        if counts is None and tally.selected == limit:
            return


def _sample(
    records: Callable[[], Iterator[Record]], wanted: Filter, selection: Selection, counts: Counts | None
) -> Iterator[Record]:
    tally = counts or Counts()
    by = selection.sample_by or "image"
    size = selection.count
    assert size is not None
    units = _units(_matched(records, wanted, tally), by, tally)
    chosen = images(units, size, selection.seed) if by == "image" else whole(units, size, selection.seed)
    if tally.matched and tally.without_unit == tally.matched:
        raise UsageError(
            f"No {by} can be drawn: the images have no {by} ids.", next_step="Use --sample-by image."
        )
    for record in records():
        if unit_of(record, by) in chosen and wanted(record):
            tally.selected += 1
            yield record


def _matched(records: Callable[[], Iterator[Record]], wanted: Filter, counts: Counts) -> Iterator[Record]:
    considered = matched = 0
    for record in records():
        considered += 1
        if wanted(record):
            matched += 1
            yield record
    counts.considered, counts.matched = considered, matched
    counts.patients_missing = wanted.patients_missing


def _units(records: Iterable[Record], by: str, counts: Counts) -> Iterator[str]:
    for record in records:
        unit = unit_of(record, by)
        if unit:
            yield unit
        else:
            counts.without_unit += 1
