"""What a validation found, by the kind of issue."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cxr.cli._output import width, wrap
from cxr.cli._run import Run
from cxr.cli._words import count, duration

if TYPE_CHECKING:
    from cxr.library.validate import ValidationSummary


def tell(run: Run, summary: "ValidationSummary") -> None:
    """Print the issues by code, then the verdict and where each issue is listed."""
    if not run.quiet or summary.exit_code:
        run.out.table(("issue", "severity", "files", "what it means"), _rows(summary.by_code))
        run.out.show(f"{'' if run.json else _gap(summary)}{verdict(summary)}")
    if summary.by_code:
        run.out.done(f"Each issue is a row of {summary.report}")
    for advice in _advice(summary) if summary.exit_code else ():
        run.out.remark(wrap(advice, width()))


def tell_plan(run: Run, key: str | None) -> None:
    """Print what a validation would examine, a line a dataset.

    Raises:
        UsageError: the library holds nothing of that dataset.
    """
    from cxr.library.validation_plan import to_examine

    with run.library(write=False) as library:
        planned = to_examine(library, key)
    run.out.document({"sources": {source: one.to_json() for source, one in planned.items()}})
    for source, one in planned.items():
        aside = f"; {one.set_aside:,} set aside, which --repair takes up" if one.set_aside else ""
        run.out.show(f"Would examine {count(one.images, 'image')} of {source}{aside}")
    if not planned:
        run.out.show("The library is empty: there is nothing to examine.")


def _advice(summary: "ValidationSummary") -> Iterator[str]:
    if summary.with_errors > summary.quarantined:
        yield (
            "Errors make a validation fail. `cxr validate --quarantine` sets such files aside; "
            "`cxr validate --repair` fetches again what cxr had fetched, and writes its captions again."
        )
    if summary.quarantined:
        yield (
            "What was set aside lies in quarantine/ of the library, or where you have it. "
            "`cxr validate --repair` fetches it again once the copy that it came from is right."
        )
    if summary.orphans:
        yield (
            "Files without a row were left by a run that was killed, or are not cxr's. The same "
            "`cxr download` again takes in what is its own; move the others out of the library."
        )


def _gap(summary: "ValidationSummary") -> str:
    return "\n" if summary.by_code else ""


def verdict(summary: "ValidationSummary") -> str:
    """Return the outcome in a line."""
    failed = []
    if summary.with_errors:
        failed.append(f"{summary.with_errors:,} with errors")
    if summary.orphans:
        failed.append(f"{count(summary.orphans, 'file')} without a row")
    beside = [
        f"{number:,} with {what}"
        for number, what in ((summary.with_warnings, "warnings"), (summary.with_notes, "notes"))
        if number
    ]
    if summary.quarantined:
        beside.append(f"{summary.quarantined:,} set aside")
    parts = [f"{summary.passed:,} of {count(summary.images, 'image')} passed", *failed, *beside]
    word = "Failed" if summary.exit_code else "Passed"
    return f"{word}: {', '.join(parts)}, in {duration(summary.seconds)}"


def _rows(by_code: dict[str, int]) -> list[tuple[str, str, str, str]]:
    """Return a row a code, errors first, with what the check's card says."""
    from cxr import checks
    from cxr.model import Severity

    order = list(Severity)
    codes = sorted(by_code, key=lambda code: (order.index(checks.severity(code)), -by_code[code], code))
    return [
        (code, str(checks.severity(code)), f"{by_code[code]:,}", checks.card(code).meaning) for code in codes
    ]
