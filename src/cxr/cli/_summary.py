"""What ``download`` and ``index`` did, in words."""

import shlex
from typing import TYPE_CHECKING

from cxr.cli._run import Run
from cxr.cli._words import count, duration, size

if TYPE_CHECKING:
    from cxr.library.layout import Layout
    from cxr.library.prepare import Prepared
    from cxr.library.run import DownloadSummary

_SHOWN = 100


def tell(run: Run, summary: "DownloadSummary", prepared: "Prepared", layout: "Layout") -> None:
    """Print one run's summary, with what to do about failures."""
    selection = prepared.request.selection
    chosen = selection.describe() if selection != type(selection)() and not prepared.request.options else ""
    for line in lines(summary, prepared.dataset.TITLE, chosen, str(layout.base)):
        run.out.done(line)
    for problem in prepared.problems[:_SHOWN] if run.verbosity else ():
        run.out.remark(f"{problem.table}, line {problem.line}: {problem.message}")
    if summary.failed:
        run.out.remark(
            f"{layout.failed_images} says why for each failed image. To try them again: "
            f"cxr download --source {summary.source} --resume --base-dir {shlex.quote(str(layout.base))}"
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
    if summary.table_problems:
        told.append(
            f"  {count(summary.table_problems, 'row')} of the tables had problems: "
            "logs/cxr_downloader.log names each, `cxr stats` counts them"
        )
    told.append(f"  library: {base}")
    return told
