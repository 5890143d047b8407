"""Remove what interrupted runs left behind: parts of files that nobody works on any more.

Images, captions and tables are never touched, nor is anything younger than --hours.

Examples:
    cxr cleanup --dry-run
    cxr cleanup
    cxr cleanup --hours 0
"""

from typing import Annotated

import typer

from cxr.cli import _options
from cxr.cli._run import Run
from cxr.cli._words import count, one_line, size


def command(
    run: Run,
    *,
    hours: Annotated[
        float, typer.Option("--hours", metavar="H", min=0, help="Leave what changed within so many hours.")
    ] = 24,
    dry_run: _options.DryRun = False,
) -> None:
    """Clean the library up."""
    from cxr.library.cleanup import cleanup

    run.need_library()
    with run.library(write=not dry_run) as library:
        summary = cleanup(library, hours, dry_run=dry_run)
    run.out.document(summary.to_json())
    what = f"{count(summary.files, 'leftover file')} ({size(summary.bytes)})"
    if dry_run:
        run.out.show(f"Would remove {what}.")
        for name in summary.names:
            run.out.show(f"  {one_line(name)}")
    else:
        run.out.done(f"Removed {what}.")
    if summary.kept:
        run.out.done(f"{count(summary.kept, 'file')} changed in the last {hours:g} hours: left, see --hours.")
