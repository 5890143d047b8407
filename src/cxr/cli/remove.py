"""Remove everything of a dataset from the library: images, captions, tables, rows.

A certificate of what went is written, as data use agreements ask for. Images that were indexed in place stay
where they are; only what cxr wrote about them goes.

Examples:
    cxr remove --source synthetic --dry-run
    cxr remove --source synthetic --yes
"""

from typing import TYPE_CHECKING

import typer

from cxr.cli import _confirm, _options
from cxr.cli._names import dataset_key
from cxr.cli._run import Run
from cxr.cli._words import count, size
from cxr.errors import PlanNotConfirmed

if TYPE_CHECKING:
    from cxr.library.remove import Removal


def command(
    run: Run, *, source: _options.Source, dry_run: _options.DryRun = False, yes: _options.Yes = False
) -> None:
    """Say what will go, ask, remove."""
    from cxr.library.remove import removal, remove

    key = dataset_key(source)
    run.need_library()
    with run.library(write=not dry_run) as library:
        planned = removal(library, key)
        what = _in_words(planned)
        if dry_run:
            run.out.document(planned.to_json())
            run.out.show(f"Would remove {key} from {library.layout.base}: {what}.")
            return
        if not yes:
            _ask(f"This removes {key} from {library.layout.base}: {what}.")
        done = remove(library, key)
    run.out.document(done.to_json())
    run.out.done(f"Removed {key}: {what}.")
    run.out.done(f"Certificate: {done.certificate}")


def _in_words(planned: "Removal") -> str:
    pictures = f", {count(planned.pictures, 'contact sheet')}" if planned.pictures else ""
    archives = f", {count(planned.archives, 'archive index', 'archive indexes')}" if planned.archives else ""
    return (
        f"{count(planned.rows, 'image')} in the index, with {count(planned.images, 'image file')}, "
        f"{count(planned.captions, 'caption')} and {count(planned.tables, 'table')}{pictures}{archives}, "
        f"{size(planned.bytes)} in all"
    )


def _ask(what: str) -> None:
    """Ask on a terminal; stop elsewhere.

    Raises:
        PlanNotConfirmed: it is not to be.
    """
    if not _confirm.is_terminal():
        raise PlanNotConfirmed(what, next_step="Confirm with --yes.")
    _confirm.write(what)
    if not typer.confirm("Remove it?", default=False, err=True):
        raise PlanNotConfirmed("Nothing was removed, as you asked.")
