"""What ``download`` and ``index`` did, in words."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._words import count, duration, one_line, size

if TYPE_CHECKING:
    from cxr.library.layout import Layout
    from cxr.library.prepare import Prepared
    from cxr.library.run import DownloadSummary

_SHOWN = 100
_NAMED = 10


def tell(
    run: Run, summary: "DownloadSummary", prepared: "Prepared", layout: "Layout", *, set_aside: int = 0
) -> None:
    """Print one run's summary, with what to do about failures.

    Args:
        run: The command.
        summary: What came of it.
        prepared: What was asked.
        layout: Of the library.
        set_aside: Images of the dataset that cxr had fetched and that failed a validation since.
    """
    selection = prepared.request.selection
    chosen = selection.describe() if selection != type(selection)() and not prepared.request.options else ""
    for line in lines(summary, prepared.dataset.TITLE, chosen, str(layout.base)):
        run.out.done(line)
    for problem in prepared.problems[:_SHOWN] if run.verbosity else ():
        run.out.remark(one_line(f"{problem.table}, line {problem.line}: {problem.message}"))
    here = f"--source {summary.source} --base-dir {shlex.quote(str(layout.base))}"
    if summary.failed:
        run.out.remark(
            f"{layout.failed_images} says why for each failed image. To try them again: "
            f"cxr download --resume {here}"
        )
    if set_aside:
        run.out.remark(
            f"{count(set_aside, 'image')} of {summary.source} failed a validation and "
            f"{'is' if set_aside == 1 else 'are'} set aside. To fetch {'it' if set_aside == 1 else 'them'} "
            f"again: cxr validate --repair {here}"
        )


def lines(summary: "DownloadSummary", title: str, chosen: str, base: str) -> list[str]:
    """Return the summary's lines."""
    parts = [
        (summary.downloaded, f"downloaded ({size(summary.bytes)})"),
        (summary.adopted, "indexed where they are"),
        (summary.already, "there already"),
        (summary.skipped, "skipped, no images"),
        (summary.failed, "failed"),
    ]
    done = ", ".join(f"{number:,} {what}" for number, what in parts if number) or "nothing to do"
    told = [f"{title}: {done}, in {duration(summary.seconds)}"]
    if chosen:
        told.append(f"  selected: {chosen}")
    if summary.present < summary.published:
        told.append(f"  {summary.present:,} of {summary.published:,} published images were present")
    if summary.unmatched:
        told.append(f"  {count(summary.unmatched, 'image')} of the folder in no table, and left out")
    told += no_image_of(summary.patients_missing)
    if summary.table_problems:
        told.append(
            f"  {count(summary.table_problems, 'row')} of the tables had problems: "
            "logs/cxr_downloader.log names each, `cxr stats` counts them"
        )
    told.append(f"  library: {base}")
    return told


def no_image_of(patients: Sequence[str]) -> list[str]:
    """Return the line about patients who were asked for and of whom there is no image."""
    if not patients:
        return []
    more = f" and {len(patients) - _NAMED:,} more" if len(patients) > _NAMED else ""
    return [f"  there is no image of patient {', '.join(map(one_line, patients[:_NAMED]))}{more}"]
