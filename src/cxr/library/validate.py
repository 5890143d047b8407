"""`cxr validate`: read every image to its end and compare image, caption and row with each other."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cxr import datasets
from cxr.checks.case import Expected
from cxr.checks.examine import Job
from cxr.compute import map_bounded
from cxr.errors import CxrError, InterruptedRunError
from cxr.index.read import held
from cxr.index.validation import Validated, write_validation
from cxr.ledger.runs import RunOutcome, begin_run, end_run
from cxr.library.examination import Pair, PairExamined, examine_pair
from cxr.library.naming import on_disk
from cxr.library.open import Library
from cxr.library.orphans import orphans
from cxr.library.quarantine import set_aside, set_aside_before
from cxr.library.refresh import mark_stale, refresh_files
from cxr.library.repair import fetch_again, refuse_adopted
from cxr.library.validation_list import write_validation_list
from cxr.library.validation_plan import chosen
from cxr.model import Issue, Severity, Status
from cxr.progress import Progress

_BATCH = 500


@dataclass(slots=True)
class ValidationSummary:
    """What a validation found.

    Attributes:
        sources: Keys of the datasets that were validated.
        images: Images examined.
        passed: Of these, images without an error.
        with_errors: Images with an error.
        with_warnings: Images with a warning.
        with_notes: Images with a note.
        quarantined: Images set aside now.
        by_code: Images (for orphans: files) by code, the most frequent first.
        orphans: Files of the library that no row speaks of.
        seconds: Wall time.
        report: Where the issues are listed.
    """

    sources: tuple[str, ...] = ()
    images: int = 0
    passed: int = 0
    with_errors: int = 0
    with_warnings: int = 0
    with_notes: int = 0
    quarantined: int = 0
    by_code: dict[str, int] = field(default_factory=dict)
    orphans: int = 0
    seconds: float = 0.0
    report: str = ""

    @property
    def exit_code(self) -> int:
        """1 when something failed; warnings and notes never do."""
        return 1 if self.with_errors or self.orphans else 0

    def to_json(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Manner:
    """How to validate.

    Attributes:
        engine: ``serial``, ``processes`` or ``ray``.
        workers: Processes; ``None`` for one a core.
        quarantine: Set aside what has an error.
        repair: Fetch what has an error, or was set aside, again, and examine it once more.
    """

    engine: str = "processes"
    workers: int | None = None
    quarantine: bool = False
    repair: bool = False


def validate(
    library: Library, source: str | None, progress: Progress, manner: Manner | None = None
) -> ValidationSummary:
    """Examine every image of a dataset, or of the whole library, and write down what is wrong.

    Results are kept as they come: a stopped validation leaves what it had found.

    Args:
        library: Open for writing.
        source: Key of a dataset; ``None`` for all.
        progress: Who watches.
        manner: How.

    Raises:
        UsageError: the library holds nothing of that dataset, or it is to be repaired and not cxr's own.
        InterruptedRunError: it was stopped.
        MissingExtraError: the engine is not installed.
    """
    keys = chosen(library, source)
    manner = manner or Manner()
    if manner.repair:
        for key in keys:
            refuse_adopted(library, key)
    started = time.monotonic()
    summary = ValidationSummary(sources=keys, report=str(library.layout.validation))
    run = begin_run(library.database, "validate", source or "all", {"source": source})
    outcome = RunOutcome.ERROR
    try:
        for key in keys:
            validation = _Validation(library, key, manner, summary, progress)
            validation.go()
            if manner.repair:
                validation.repair(set_aside_before(library, key) - validation.failed.keys())
        outcome = RunOutcome.DONE
    except KeyboardInterrupt:
        outcome = RunOutcome.INTERRUPTED
        raise InterruptedRunError(
            f"Stopped: {summary.images:,} images were examined.",
            think="What was found is written down.",
            next_step="Run the same command again to examine all of them.",
        ) from None
    finally:
        summary.seconds = round(time.monotonic() - started, 3)
        if outcome is not RunOutcome.DONE:
            end_run(library.database, run, outcome, summary.to_json())
    found = list(orphans(library, None if source is None else keys))
    summary.orphans = sum(issue.severity is Severity.ERROR for _, issue in found)
    _count_codes(summary, [issue.code for _, issue in found], 1)
    outcome = RunOutcome.FAILURES if summary.exit_code else RunOutcome.DONE
    end_run(library.database, run, outcome, summary.to_json())
    write_validation_list(library, found)
    refresh_files(library)
    return summary


class _Validation:
    """The validation of one dataset."""

    def __init__(
        self, library: Library, source: str, manner: Manner, summary: ValidationSummary, progress: Progress
    ) -> None:
        self.library = library
        self.source = source
        self.manner = manner
        self.summary = summary
        self.progress = progress
        self.found: list[Validated] = []
        self.failed: dict[str, tuple[Issue, ...]] = {}
        self.aside: AbstractSet[str] = frozenset()

    def go(self) -> None:
        """Examine all."""
        total = self.library.database.value(
            "SELECT count(*) FROM images WHERE source = ? AND status IN ('downloaded', 'adopted')",
            (self.source,),
        )
        self._examine(self._pairs(), int(str(total)))

    def repair(self, aside: AbstractSet[str]) -> None:
        """Fetch again what had an error, or was set aside before, and examine that once more."""
        again = self.failed.keys() | aside
        if again:
            self.aside = aside
            fetch_again(self.library, self.source, again, self.progress)
            self._go_again(again)

    def _go_again(self, again: AbstractSet[str]) -> None:
        """Examine what was fetched again, in place of what was found of it before."""
        before, self.failed = self.failed, {}
        for issues in before.values():
            self._count(issues, -1)
        self._examine((pair for pair in self._pairs() if pair.held.image_id in again), len(again))

    def _examine(self, pairs: Iterable[Pair], total: int) -> None:
        self.progress.start(f"Validating {datasets.load(self.source).TITLE}", total, None)
        engine, workers = self.manner.engine, self.manner.workers or _cores()
        try:
            for pair, result in map_bounded(examine_pair, pairs, engine=engine, workers=workers):
                self._take(pair, result)
        finally:
            self._flush()
            self.progress.finish()

    def _pairs(self) -> Iterator[Pair]:
        releases = datasets.load(self.source).RELEASES
        base = self.library.layout
        for row in held(self.library.database, self.source):
            if row.status is Status.QUARANTINED:
                continue
            release = releases.get(row.release)
            expected = Expected(
                name=Path(row.image_path).name,
                sha256=row.sha256,
                minimum_resolution=release.minimum_resolution if release else None,
            )
            job = Job(row.image_id, str(on_disk(base, row.image_path)), expected)
            yield Pair(row, job, str(on_disk(base, row.caption_path)))

    def _take(self, pair: Pair, result: PairExamined | BaseException) -> None:
        if isinstance(result, CxrError):
            raise result
        if isinstance(result, BaseException):
            message = f"Examining it ended its process: {result or type(result).__name__}."
            issues: tuple[Issue, ...] = (Issue("does_not_decode", Severity.ERROR, message),)
            one = Validated(pair.held.image_id, "unreadable", issues)
        else:
            issues = result.issues
            one = _validated(result)
        failed = any(issue.severity is Severity.ERROR for issue in issues)
        if failed:
            self.failed[pair.held.image_id] = issues
        if failed and (self.manner.quarantine or pair.held.image_id in self.aside):
            one = set_aside(self.library, pair.held, one)
            self.summary.quarantined += 1
        self.found.append(one)
        self._count(issues, 1)
        self.progress.advance(files=1, failed=int(failed))
        if len(self.found) >= _BATCH:
            self._flush()

    def _count(self, issues: tuple[Issue, ...], by: int) -> None:
        severities = {issue.severity for issue in issues}
        failed = Severity.ERROR in severities
        self.summary.images += by
        self.summary.with_errors += by * failed
        self.summary.passed += by * (not failed)
        self.summary.with_warnings += by * (Severity.WARNING in severities)
        self.summary.with_notes += by * (Severity.NOTE in severities)
        _count_codes(self.summary, {issue.code for issue in issues}, by)

    def _flush(self) -> None:
        if self.found:
            with self.library.database.transaction():
                mark_stale(self.library.database)
                write_validation(self.library.database, self.source, self.found)
            self.found.clear()


def _cores() -> int:
    """Return the number of this machine's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _validated(result: PairExamined) -> Validated:
    inspection = result.image.inspection
    # The hash of a damaged file is no truth to hold a better copy of it against.
    sound = all(issue.severity is not Severity.ERROR for issue in result.image.issues)
    return Validated(
        image_id=result.held.image_id,
        image_quality=result.image_quality,
        issues=result.issues,
        size=inspection.size if result.image.sha256 else None,
        sha256=result.image.sha256 if sound else "",
        width=inspection.width,
        height=inspection.height,
        bit_depth=inspection.bit_depth,
    )


def _count_codes(summary: ValidationSummary, codes: Iterable[str], by: int) -> None:
    counts = Counter(summary.by_code)
    for code in codes:
        counts[code] += by
    summary.by_code = {code: count for code, count in counts.most_common() if count}
