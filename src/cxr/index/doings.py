"""What was done with each source: fetched, failed, validated, how fast: ``stats`` beside labels."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import NamedTuple, cast

from cxr.database.connection import Database, Value
from cxr.model import Severity, Status


@dataclass(slots=True)
class Doings:
    """What was done with one source.

    Attributes:
        downloaded: Images whose bytes are in the library.
        adopted: Images that stay where the user has them.
        skipped: Files that are not images.
        quarantined: Images that validation set aside.
        failed: Images that could not be had, by the latest attempt.
        elapsed_seconds: Wall time of all runs that fetched or indexed it.
        files_a_minute: Images that were fetched, through the wall time of the runs that fetch; ``None``
            without any. Adopting moves no bytes and has no speed.
        validation: ``images`` validated, and of them those with ``errors``, ``warnings`` and ``notes``.
        issues: Images by code of their issues, of the table and of validation.
        errors: Images by code, of failures and of issues that are errors. An image that has both under one
            code counts once.
        table_problems: Rows of the published tables that could not be used as they stand, by code.
    """

    downloaded: int = 0
    adopted: int = 0
    skipped: int = 0
    quarantined: int = 0
    failed: int = 0
    elapsed_seconds: float = 0.0
    files_a_minute: float | None = None
    validation: Mapping[str, int] = field(default_factory=dict)
    issues: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    table_problems: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


class Standing(NamedTuple):
    """Where images stand.

    Attributes:
        status: `Status`.
        validated: Whether a validation has seen them.
    """

    status: str
    validated: bool


def standings(database: Database) -> dict[str, Counter[Standing]]:
    """Count the images of each source by where they stand."""
    counts: dict[str, Counter[Standing]] = {}
    for source, status, validated, count in database.rows(
        "SELECT source, status, image_quality <> '', count(*) FROM images GROUP BY 1, 2, 3"
    ):
        standing = Standing(cast(str, status), bool(validated))
        counts.setdefault(cast(str, source), Counter())[standing] = cast(int, count)
    return counts


def doings(database: Database, images: Mapping[str, Mapping[Standing, int]]) -> dict[str, Doings]:
    """Return what was done with each source that the index or the ledger knows, sorted.

    Args:
        database: Of the library.
        images: `standings`, or the same from whoever has counted already.
    """
    failures = _by(
        database, "SELECT source, code, count(*) FROM ledger WHERE outcome = 'failed' GROUP BY source, code"
    )
    issues, errors, severities = (_by(database, sql) for sql in (_ISSUES, _ERRORS, _SEVERITIES))
    problems = _by(database, "SELECT source, code, count(*) FROM table_problems GROUP BY source, code")
    speed = _speed(database)
    found = {}
    for source in sorted(images.keys() | failures.keys() | problems.keys()):
        standing = images.get(source, {})
        pace = speed.get(source, _Pace())
        found[source] = Doings(
            **{str(one): sum(n for (status, _), n in standing.items() if status == one) for one in Status},
            failed=sum(failures.get(source, {}).values()),
            elapsed_seconds=round(pace.elapsed, 3),
            files_a_minute=pace.files_a_minute(),
            validation={"images": sum(n for (_, validated), n in standing.items() if validated)}
            | {plural: severities.get(source, {}).get(str(one), 0) for one, plural in _PLURAL.items()},
            issues=issues.get(source, {}),
            errors=errors.get(source, {}),
            table_problems=problems.get(source, {}),
        )
    return found


_ISSUES = """
    SELECT images.source, issues.code, count(DISTINCT images.id)
    FROM issues JOIN images ON images.id = issues.image GROUP BY images.source, issues.code
"""
# UNION keeps one row of an image that both failed and has the issue.
_ERRORS = """
    SELECT source, code, count(*) FROM (
        SELECT source, image_id, code FROM ledger WHERE outcome = 'failed'
        UNION
        SELECT images.source, images.image_id, issues.code
        FROM issues JOIN images ON images.id = issues.image WHERE issues.severity = 'error'
    ) GROUP BY source, code
"""
_SEVERITIES = """
    SELECT images.source, issues.severity, count(DISTINCT images.id)
    FROM issues JOIN images ON images.id = issues.image
    WHERE issues.origin = 'validation' GROUP BY images.source, issues.severity
"""
_PLURAL = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}


def _by(database: Database, sql: str) -> dict[str, dict[str, int]]:
    """Return the rows (source, key, count) of a query as counts by source, the most frequent first."""
    rows = sorted(database.rows(sql), key=lambda row: (-cast(int, row[2]), str(row[1])))
    counts: dict[str, dict[str, int]] = {}
    for source, key, count in rows:
        counts.setdefault(cast(str, source), {})[cast(str, key)] = cast(int, count)
    return counts


@dataclass(slots=True)
class _Pace:
    """How long the runs of one source took.

    Attributes:
        elapsed: Seconds of all of them.
        fetching: Seconds of those that fetch.
        fetched: Images that came in during these.
    """

    elapsed: float = 0.0
    fetching: float = 0.0
    fetched: int = 0

    def files_a_minute(self) -> float | None:
        """Return the speed of fetching, ``None`` where nothing was fetched."""
        return round(self.fetched / self.fetching * 60, 1) if self.fetched and self.fetching else None


def _speed(database: Database) -> dict[str, _Pace]:
    """Return the pace of each source.

    A run that was killed has no end; it lasted at least until its last row of the ledger.
    """
    paces: dict[str, _Pace] = {}
    runs = list(
        database.rows(
            "SELECT id, source, verb, started_at, finished_at, counts FROM runs "
            "WHERE verb IN ('download', 'index')"
        )
    )
    killed = _brought_by(database) if any(not finished for *_, finished, _ in runs) else {}
    for run, source, verb, started, finished, counts in runs:
        came, last = killed.get(run, (0, ""))
        began = datetime.fromisoformat(cast(str, started))
        ended = datetime.fromisoformat(cast(str, finished) or last or cast(str, started))
        seconds = max(0.0, (ended - began).total_seconds())
        pace = paces.setdefault(cast(str, source), _Pace())
        pace.elapsed += seconds
        if verb == "download":
            pace.fetching += seconds
            told = json.loads(cast(str, counts))
            pace.fetched += int(told.get("downloaded", 0)) if finished else came
    return paces


def _brought_by(database: Database) -> dict[Value, tuple[int, str]]:
    """Return how many images each run without an end brought, and when the last of them came.

    The ledger is read once, however many runs were killed.
    """
    rows = database.rows(
        "SELECT run, count(*), max(at) FROM ledger WHERE outcome = 'downloaded' "
        "AND run IN (SELECT id FROM runs WHERE finished_at = '') GROUP BY run"
    )
    return {run: (cast(int, came), cast(str, last)) for run, came, last in rows}
