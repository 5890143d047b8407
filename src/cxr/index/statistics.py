"""Counts over a library, a source at a time: what ``cxr stats`` prints and ``download_stats.json`` keeps."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from cxr.database.connection import Database
from cxr.index.doings import Standing, doings, standings
from cxr.model import State, Status, Tally
from cxr.tally import UNKNOWN, age_range, by_frequency, to_json


class Group(NamedTuple):
    """Images that are alike in all that is counted, and how many. Fields are columns of ``images``.

    Their order is that of the database's index ``images_counted``, from which the groups come unsorted.
    """

    source: str
    labeller: str
    codes: str
    official_split: str
    split: str
    view_position: str
    sex: str
    age_years: float | None
    status: str
    release: str
    table_release: str
    image_quality: str
    images: int


_FIELDS = ", ".join(Group._fields[:-1])
_GROUPS = f"SELECT {_FIELDS}, count(*) FROM images GROUP BY {_FIELDS}"  # noqa: S608  names of this file


def statistics(database: Database) -> dict[str, object]:
    """Return what ``cxr stats --json`` prints: `cxr.tally.to_json` of each source under ``sources``."""
    return {"sources": {source: to_json(tally) for source, tally in tallies(database).items()}}


def download_stats(database: Database) -> dict[str, object]:
    """Return what ``download_stats.json`` keeps: by source, what came, what failed, how fast."""
    return {
        "sources": {source: done.to_json() for source, done in doings(database, standings(database)).items()}
    }


def tallies(database: Database) -> dict[str, Tally]:
    """Count each source of the library; those of which only failures or skipped files are known too.

    Files that are no images (`Status.SKIPPED`) count only under ``skipped``. ``Tally.extra`` holds what else
    design 6 asks of ``stats``: studies, bytes, releases, splits, and `Doings`. ``findings_by_split`` counts
    by the split that the user made, ``findings_by_official_split`` by the authors'; ``None`` without one.
    """
    with database.snapshot():
        groups: dict[str, list[Group]] = {}
        images: dict[str, Counter[Standing]] = {}
        for row in database.rows(_GROUPS):
            group = Group(*cast(tuple[Any, ...], row))
            standing = Standing(group.status, validated=bool(group.image_quality))
            images.setdefault(group.source, Counter())[standing] += group.images
            if group.status != Status.SKIPPED:
                groups.setdefault(group.source, []).append(group)
        sums = _sums(database)
        findings = _Findings(database)
        implausible = _implausible(database)
        return {
            source: _tally(
                groups.get(source, []),
                sums.get(source, {}),
                findings,
                implausible.get(source, []),
                done.to_json(),
            )
            for source, done in doings(database, images).items()
        }


def _tally(
    groups: list[Group],
    sums: Mapping[str, int],
    findings: "_Findings",
    implausible: list[str],
    extra: dict[str, object],
) -> Tally:
    official = _count(groups, "official_split")
    ages = Counter[float]()
    for group in groups:
        if group.age_years is not None:
            ages[group.age_years] += group.images
    return Tally(
        images=sum(group.images for group in groups),
        patients=sums.get("patients", 0),
        views=_count(groups, "view_position"),
        sexes=_count(groups, "sex"),
        ages={**age_range(ages), "implausible": implausible},
        table_release=", ".join(sorted({group.table_release for group in groups} - {""})),
        findings=findings.count(groups),
        official_split=official if official.keys() - {UNKNOWN} else None,
        extra={
            "studies": sums.get("studies", 0),
            "bytes": sums.get("bytes", 0),
            "releases": _count(groups, "release"),
            "split": _count(groups, "split") if any(group.split for group in groups) else None,
            "findings_by_split": _by_part(groups, "split", findings),
            "findings_by_official_split": _by_part(groups, "official_split", findings),
            **extra,
        },
    )


def _by_part(
    groups: list[Group], split: str, findings: "_Findings"
) -> dict[str, dict[str, dict[str, int]]] | None:
    """Count findings by part of a split, ours or the official one; ``None`` where no image is in any."""
    parts: dict[str, list[Group]] = {}
    for group in groups:
        parts.setdefault(getattr(group, split), []).append(group)
    if not any(parts):
        return None
    return {name or UNKNOWN: findings.count(parts[name]) for name in sorted(parts)}


def _count(groups: Iterable[Group], field: str) -> dict[str, int]:
    """Count images by one field, the most frequent first."""
    counts = Counter[str]()
    for group in groups:
        counts[getattr(group, field) or UNKNOWN] += group.images
    return by_frequency(counts)


def _sums(database: Database) -> dict[str, dict[str, int]]:
    """Count what the index ``images_patients`` alone answers."""
    sums: dict[str, dict[str, int]] = {}
    for source, patients, size in database.rows(
        "SELECT source, count(DISTINCT nullif(patient_key, '')), sum(bytes) FROM images "
        "WHERE status <> 'skipped' GROUP BY source"
    ):
        sums[cast(str, source)] = {"patients": cast(int, patients), "bytes": cast(int, size or 0)}
    for source, studies in database.rows(
        "SELECT source, count(*) FROM (SELECT DISTINCT source, patient_key, study_id FROM images "
        "WHERE study_id <> '' AND status <> 'skipped') GROUP BY source"
    ):
        sums[cast(str, source)]["studies"] = cast(int, studies)
    return sums


def _implausible(database: Database) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, image_id in database.rows(
        "SELECT DISTINCT i.source, i.image_id FROM issues JOIN images i ON i.id = issues.image "
        "WHERE issues.code = 'age_implausible' ORDER BY i.source, i.image_id"
    ):
        found.setdefault(cast(str, source), []).append(cast(str, image_id))
    return found


class _Findings:
    """Counts states by published finding, labellers in the order of their keys."""

    def __init__(self, database: Database) -> None:
        self._findings: dict[str, list[str]] = {}
        for labeller, published in database.rows(
            "SELECT labeller, published FROM labeller_findings ORDER BY labeller, position"
        ):
            self._findings.setdefault(cast(str, labeller), []).append(cast(str, published))
        self._states = {
            (labeller, code): cast(str, state)
            for labeller, code, state in database.rows("SELECT labeller, code, state FROM labeller_codes")
        }

    def count(self, groups: Iterable[Group]) -> dict[str, dict[str, int]]:
        packed = Counter[tuple[str, str]]()
        for group in groups:
            packed[group.labeller, group.codes] += group.images
        counts: dict[str, dict[str, int]] = {}
        for labeller in sorted({labeller for labeller, _ in packed}):
            for finding in self._findings.get(labeller, ()):
                counts.setdefault(finding, dict.fromkeys(map(str, State), 0))
        for (labeller, codes), count in packed.items():
            for finding, code in zip(self._findings.get(labeller, ()), codes, strict=False):
                state = self._states.get((labeller, code))
                if state:
                    counts[finding][state] += count
        return counts
