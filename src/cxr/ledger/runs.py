"""The runs of a library: what each was asked for, when it ran, how it ended. ``--resume`` reads them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from cxr import __version__
from cxr.database.connection import Database


class RunOutcome(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    DONE = "done"
    FAILURES = "failures"  # done, but some images failed
    INTERRUPTED = "interrupted"  # Ctrl-C, SIGTERM, --max-time; or killed, as the next run finds out
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        id: Its number in this library.
        verb: ``download``, ``index``, ``validate``.
        source: The dataset, or ``all``.
        request: What was asked for, as given to `begin_run`.
        started_at: ISO 8601, UTC.
        finished_at: Empty while it runs, or where it was killed.
        outcome: How it ended.
        counts: As given to `end_run`.
    """

    id: int
    verb: str
    source: str
    request: Mapping[str, Any]
    started_at: str
    finished_at: str
    outcome: RunOutcome
    counts: Mapping[str, Any]


def begin_run(database: Database, verb: str, source: str, request: Mapping[str, Any]) -> int:
    """Write that a run begins; return its id.

    The caller holds the library's lock, so a run that still says ``running`` was killed: it becomes
    ``interrupted``.

    Args:
        database: Of the library.
        verb: As typed.
        source: As typed.
        request: What ``--resume`` needs to do the same again. JSON values, never a secret.
    """
    with database.transaction():
        database.execute("UPDATE runs SET outcome = 'interrupted' WHERE outcome = 'running'")
        return database.insert(
            "INSERT INTO runs (verb, source, request, cxr_version, started_at, finished_at, outcome, counts) "
            "VALUES (?, ?, ?, ?, ?, '', 'running', '{}')",
            (verb, source, json.dumps(request, sort_keys=True), __version__, _now()),
        )


def end_run(database: Database, run: int, outcome: RunOutcome, counts: Mapping[str, Any]) -> None:
    """Write how a run ended.

    Args:
        database: Of the library.
        run: From `begin_run`.
        outcome: How.
        counts: What it did; ``downloaded``, ``failed``, ``skipped`` and ``bytes`` appear in ``stats``.
    """
    with database.transaction():
        database.execute(
            "UPDATE runs SET outcome = ?, finished_at = ?, counts = ? WHERE id = ?",
            (str(outcome), _now(), json.dumps(counts, sort_keys=True), run),
        )


def latest_run(database: Database, verb: str, source: str) -> Run | None:
    """Return the newest run of that verb and source that was begun, ``None`` where there is none."""
    row = database.row(
        "SELECT id, verb, source, request, started_at, finished_at, outcome, counts FROM runs "
        "WHERE verb = ? AND source = ? ORDER BY id DESC LIMIT 1",
        (verb, source),
    )
    if row is None:
        return None
    number, its_verb, its_source, request, started, ended, outcome, counts = cast(tuple[Any, ...], row)
    return Run(
        *(number, its_verb, its_source, json.loads(request), started, ended),
        *(RunOutcome(outcome), json.loads(counts)),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
