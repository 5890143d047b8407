"""Make a library over images that you already have, where they are.

Nothing is copied and nothing under --at is changed: rows of the index point there. Captions are written in
the library. Only tables and listings are read; `cxr validate` fills in hashes and sizes.

Examples:
    cxr index --source nih --at ChestXray-NIHCC
    cxr index --source local --at my-images --base-dir my-library
"""

from pathlib import Path
from typing import Annotated

import typer

from cxr.cli import _options
from cxr.cli._names import dataset_key
from cxr.cli._run import Run
from cxr.cli._selection import Flags, check_selected, request_for
from cxr.cli._signals import time_limit
from cxr.cli._summary import tell
from cxr.cli._terms import settle


def command(
    run: Run,
    *,
    source: _options.Source,
    at: Annotated[
        Path,
        typer.Option("--at", metavar="PATH", parser=_options.path, help="The folder that holds the images."),
    ],
    tables: _options.Tables = None,
    release: _options.Release = None,
    accept_terms: _options.AcceptTerms = None,
    max_time: _options.MaxTime = None,
) -> None:
    """Adopt the images and tell what there is."""
    from cxr.library.adopt import adopt
    from cxr.library.open import layout_of
    from cxr.library.prepare import prepare

    accepted = tuple(map(dataset_key, accept_terms or ()))
    layout = layout_of(run.config)
    flags = Flags(origin=at, tables=tables, release=release)
    request = request_for(source, flags, run.config, configured_limit=False)
    with time_limit(max_time):
        prepared = prepare(request, run.config, layout)
        check_selected(prepared)
        with run.library(write=True) as library, run.progress() as progress:
            settle(layout.metadata, request.source, prepared.dataset, accepted=request.source in accepted)
            summary = adopt(library, prepared, progress)
    run.out.document(summary.to_json())
    tell(run, summary, prepared, layout)
    raise typer.Exit(summary.exit_code)
