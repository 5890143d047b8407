"""Counting a dataset: what its published tables hold, in one pass over its records."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from cxr.model import Labeller, Record, State, Tally

UNKNOWN = "unknown"
"""What is counted where a sex or a part of the split is not stated."""

IMPLAUSIBLE = "age_implausible"
"""Code of the issue that a reader gives to an age it left out."""


@dataclass(slots=True)
class _Counts:
    images: int = 0
    patients: set[str] = field(default_factory=set)
    views: Counter[str] = field(default_factory=Counter)
    sexes: Counter[str] = field(default_factory=Counter)
    ages: Counter[float] = field(default_factory=Counter)
    implausible: list[str] = field(default_factory=list)
    releases: dict[str, None] = field(default_factory=dict)
    statements: Counter[tuple[str, str]] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        self.images += 1
        self.patients.add(record.patient_key)
        self.views[record.view_position] += 1
        self.sexes[record.sex or UNKNOWN] += 1
        self.splits[record.official_split or UNKNOWN] += 1
        self.releases[record.table_release] = None
        if record.age_years is not None:
            self.ages[record.age_years] += 1
        elif any(issue.code == IMPLAUSIBLE for issue in record.issues):
            self.implausible.append(record.image_id)
        for packed in record.statements:
            if packed.labeller == record.labeller:
                self.statements[packed] += 1


def tally(records: Iterable[Record], labellers: Sequence[Labeller]) -> Tally:
    """Count images, patients, views, sexes, ages, findings and the official split.

    Of several labellers, only the one that a record names as its own is counted, so that each image counts
    once; findings of others are not listed. Ages are in years; ``implausible`` lists the images whose
    published age was left out.

    Args:
        records: Read once, none is kept.
        labellers: The dataset's, for the meaning of packed statements.
    """
    counts = _Counts()
    for record in records:
        counts.add(record)
    official = by_frequency(counts.splits)
    return Tally(
        images=counts.images,
        patients=len(counts.patients - {""}),
        views=by_frequency(counts.views),
        sexes=by_frequency(counts.sexes),
        ages={**age_range(counts.ages), "implausible": counts.implausible},
        table_release=", ".join(release for release in counts.releases if release),
        findings=_findings(counts.statements, labellers),
        official_split=official if official.keys() - {UNKNOWN} else None,
    )


def to_json(tally: Tally) -> dict[str, object]:
    """Return a tally as ``--json`` prints it, ``extra`` beside the rest."""
    return {
        "images": tally.images,
        "patients": tally.patients,
        "views": dict(tally.views),
        "sexes": dict(tally.sexes),
        "ages": dict(tally.ages),
        "table_release": tally.table_release,
        "findings": {name: dict(states) for name, states in tally.findings.items()},
        "official_split": None if tally.official_split is None else dict(tally.official_split),
        **tally.extra,
    }


def by_frequency(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with the most frequent first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def age_range(ages: Mapping[float, int]) -> dict[str, float | None]:
    """Return ``min``, ``median`` and ``max`` in years of ages that are given with how often each occurs."""
    if not ages:
        return {"min": None, "median": None, "max": None}
    ordered = sorted(ages)
    below = list(accumulate(ages[age] for age in ordered))

    def nth(number: int) -> float:
        return next(age for age, upto in zip(ordered, below, strict=True) if number < upto)

    total = below[-1]
    median = (nth((total - 1) // 2) + nth(total // 2)) / 2
    return {"min": ordered[0], "median": median, "max": ordered[-1]}


def _findings(
    statements: Counter[tuple[str, str]], labellers: Sequence[Labeller]
) -> Mapping[str, Mapping[str, int]]:
    findings: dict[str, dict[str, int]] = {}
    counted = {key for key, _ in statements}
    for labeller in (*labellers[:1], *(one for one in labellers if one.key in counted)):
        for finding in labeller.findings:
            findings.setdefault(finding.published, dict.fromkeys(State, 0))
    by_key = {labeller.key: labeller for labeller in labellers}
    for (key, codes), count in statements.items():
        for statement in by_key[key].expand(codes):
            findings[statement.finding.published][statement.state] += count
    return {name: {str(state): count for state, count in states.items()} for name, states in findings.items()}
