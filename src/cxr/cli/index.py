"""Make a library over images that you already have, where they are.

Nothing is copied and nothing under --at is changed: rows of the index point there. Captions are written in
the library. Only tables and listings are read; `cxr validate` fills in hashes and sizes of files on a disk.
A prefix of a bucket (--at s3://BUCKET/PREFIX, gs:// or az://) is listed once, and its tables are fetched.

Examples:
    cxr index --source nih --at ChestXray-NIHCC --dry-run
    cxr index --source nih --at ChestXray-NIHCC
    cxr index --source local --at my-images --base-dir my-library
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxr.cli import _options
from cxr.cli._names import dataset_key
from cxr.cli._run import Run
from cxr.cli._selection import Flags, check_selected, request_for
from cxr.cli._signals import time_limit
from cxr.cli._summary import tell
from cxr.cli._terms import Acceptance
from cxr.cli._there import there
from cxr.cli._words import count

if TYPE_CHECKING:
    from cxr.library.layout import Layout
    from cxr.library.prepare import Prepared


def command(
    run: Run,
    *,
    source: _options.Source,
    at: Annotated[
        Path,  # or a bucket's: typer knows no unions
        typer.Option(
            "--at",
            metavar="PATH|URL",
            parser=_options.origin,
            help="The folder that holds the images, or s3://, gs:// or az:// and a prefix.",
        ),
    ],
    tables: _options.Tables = None,
    release: _options.Release = None,
    dry_run: _options.DryRun = False,
    accept_terms: _options.AcceptTerms = None,
    max_time: _options.MaxTime = None,
) -> None:
    """Adopt the images and tell what there is."""
    from cxr.library.adopt import adopt
    from cxr.library.open import layout_of
    from cxr.library.prepare import prepare

    layout = layout_of(run.config)
    key = dataset_key(source)
    terms = Acceptance(layout.metadata, accept_terms)
    terms.only_of(key)
    flags = Flags(origin=at, tables=tables, release=release)
    request = request_for(key, flags, run.config, configured_limit=False)
    with time_limit(max_time):
        prepared = prepare(request, run.config, layout, there(run, layout, key))
        check_selected(prepared)
        if dry_run:
            _tell_plan(run, prepared, layout)
            return
        terms.require(key, prepared.dataset)  # before a library is made
        with run.library(write=True) as library, run.progress() as progress:
            terms.settle(key, prepared.dataset)
            summary = adopt(library, prepared, progress)
    run.out.document(summary.to_json())
    tell(run, summary, prepared, layout)
    raise typer.Exit(summary.exit_code)


def _tell_plan(run: Run, prepared: "Prepared", layout: "Layout") -> None:
    """Print what would be indexed."""
    selected = prepared.counts.selected
    plan = {
        "source": prepared.request.source,
        "release": prepared.release.key,
        "published": prepared.total,
        "present": prepared.present,
        "selected": selected,
        "already": prepared.already,
        "unmatched": prepared.unmatched,
        "table_problems": len(prepared.problems),
    }
    run.out.document(plan)
    here = f", of which {prepared.already:,} are in the library already" if prepared.already else ""
    run.out.show(f"{prepared.dataset.TITLE}: would index {count(selected, 'image')} where they are{here}")
    if prepared.present < prepared.total:
        run.out.show(f"  {prepared.present:,} of {prepared.total:,} published images are present")
    if prepared.unmatched:
        run.out.show(f"  {count(prepared.unmatched, 'image')} of the folder in no table, and left out")
    if prepared.problems:
        run.out.show(f"  {count(len(prepared.problems), 'row')} of the tables with problems")
    run.out.show(f"  library: {layout.base}")
