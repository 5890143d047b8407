"""Download a dataset, or a part of it, into the library.

Each image comes with its caption and its row in the index. Finished files are never fetched twice: the same
command goes on where an earlier one stopped.

`--limit N` takes the first N images in table order; `--sample random` draws them instead. Filters (--view,
--finding, --patient) come before either. On a terminal without --limit, --sample or --yes the plan is shown
and you are asked; elsewhere what is under 10 GB runs, and anything larger stops with the plan.

Image bytes stay as they are published, unless --resize or --format asks for others: then each image is
verified as it is at the host, made smaller on the way, and the index keeps the hash, bytes and size that the
host has. Nothing is ever enlarged.

Connections that break are made anew, and a host that asks for less gets less. What could not be had is in
metadata/failed_images.txt, and the command ends with 1; with 4 where the host or the network gave up.

Examples:
    cxr download --source synthetic --limit 5 --base-dir demo
    cxr download --source nih --limit 10
    cxr download --source nih --host box --limit 10
    cxr download --source nih --from ChestXray-NIHCC --yes
    cxr download --source nih --from ChestXray-NIHCC --sample random --seed 7 --limit 3
    cxr download --source nih --from ChestXray-NIHCC --view PA --finding Cardiomegaly --dry-run
    cxr download --source nih --resize 512 --fit short --base-dir small
    cxr download --source synthetic --resume
"""

from typing import Annotated

import typer

from cxr.cli import _options
from cxr.cli._downloading import Downloading
from cxr.cli._later import check_layout
from cxr.cli._run import Run
from cxr.cli._selection import Flags
from cxr.cli._signals import time_limit


def command(
    run: Run,
    *,
    source: _options.SourceOrAll,
    limit: _options.Limit = None,
    sample: _options.Sample = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", min=0, help="Of the sample, or of synthetic images.")
    ] = None,
    sample_by: _options.SampleBy = None,
    view: _options.View = None,
    finding: _options.Finding = None,
    patient: _options.Patient = None,
    release: _options.Release = None,
    host: _options.Host = None,
    origin: _options.Copy = None,
    tables: _options.Tables = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            metavar="PIXELS",
            min=64,
            max=4096,
            help="Side of synthetic images, at most 4096 (1024).",
        ),
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option("--resize", metavar="PIXELS", min=16, max=8192, help="Make images smaller on the way."),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit", metavar="short|long|pad|crop", help="The side of --resize, or a square of it (short)."
        ),
    ] = None,
    image_format: Annotated[
        str | None, typer.Option("--format", metavar="jpeg|png", help="Write images as these on the way.")
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", metavar="flat", help="How images lie in the library: in one folder.")
    ] = "flat",
    workers: _options.Workers = None,
    resume: Annotated[bool, typer.Option("--resume", help="The last selection again.")] = False,
    dry_run: _options.DryRun = False,
    yes: _options.Yes = False,
    accept_terms: _options.AcceptTerms = None,
    max_time: _options.MaxTime = None,
) -> None:
    """Plan, confirm, fetch, and tell what came of it."""
    flags = Flags(
        limit, sample, seed, sample_by, view, tuple(finding or ()), tuple(patient or ()), release, host,
        origin, tables, workers, size, resize, fit, image_format,
    )  # fmt: skip
    check_layout(layout)
    asked = Downloading(run, flags, resume=resume, dry_run=dry_run, yes=yes, accepted=accept_terms or ())
    with time_limit(max_time):
        code = asked.every() if source.lower() == "all" else asked.one(source)
    raise typer.Exit(code)
