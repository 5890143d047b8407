"""Remove what interrupted runs left behind: parts of files that nobody works on any more.

Images, captions and tables are never touched, nor is anything younger than --hours.

Examples:
    cxr cleanup
    cxr cleanup --hours 0
"""

from typing import Annotated

import typer

from cxr.cli._run import Run
from cxr.cli._words import count, size


def command(
    run: Run,
    *,
    hours: Annotated[
        float, typer.Option("--hours", metavar="H", min=0, help="Leave what changed within so many hours.")
    ] = 24,
) -> None:
    """Clean the library up."""
    from cxr.library.cleanup import cleanup

    run.need_library()
    with run.library(write=True) as library:
        summary = cleanup(library, hours)
    run.out.document(summary.to_json())
    run.out.done(f"Removed {count(summary.files, 'leftover file')} ({size(summary.bytes)}).")
    if summary.kept:
        run.out.done(f"{count(summary.kept, 'file')} changed in the last {hours:g} hours: left, see --hours.")
