"""Copy a dataset's published tree, or a part of it, unchanged to another place.

Tables, lists and licences come first, then the images, each verified on its way against what the host
publishes. Nothing is renamed and no library is made: what lies there can be used as the publisher's own.

The same flags choose the same images as with `cxr download`, sample and seed included. The same command goes
on where an earlier one stopped: by its ledger in the state folder or, where that is gone, by what lies at the
destination. `--verify` reads all of that again and brings anew what is missing or not as published.

Into a bucket the bytes go straight through memory. Data under an agreement go into a private one only, once
you accept the terms (--accept-terms); the bucket is asked, as a stranger would, whether it is private.

What could not be had is in failed_images.txt in the tree, or beside it by the dataset's name
(failed_images_nih.txt), and the command ends with 1.

Examples:
    cxr mirror --source nih --from ChestXray-NIHCC --to nih-mirror --yes
    cxr mirror --source nih --from ChestXray-NIHCC --to nih-mirror --sample random --seed 7 --limit 3
    cxr mirror --source nih --from ChestXray-NIHCC --to nih-mirror --metadata-only
    cxr mirror --source nih --from ChestXray-NIHCC --to nih-mirror --verify --yes
"""

from pathlib import Path
from typing import Annotated

import typer

from cxr.cli import _options
from cxr.cli._mirroring import Mirroring
from cxr.cli._run import Run
from cxr.cli._selection import Flags
from cxr.cli._signals import time_limit


def command(
    run: Run,
    *,
    source: _options.Source,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="DIR_OR_URL",
            help="Where to: a folder, s3://BUCKET/PREFIX, gs://... or az://...; the tree is made below it.",
        ),
    ],
    metadata_only: Annotated[
        bool, typer.Option("--metadata-only", help="Tables, lists and licences; no images.")
    ] = False,
    reports: Annotated[bool, typer.Option("--reports", help="The archive of all reports, too.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read again what is there, and repair it.")
    ] = False,
    limit: _options.Limit = None,
    sample: _options.Sample = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="S", min=0, help="Of the sample.")] = None,
    sample_by: _options.SampleBy = None,
    view: _options.View = None,
    finding: _options.Finding = None,
    patient: _options.Patient = None,
    release: _options.Release = None,
    host: _options.Host = None,
    origin: _options.Copy = None,
    tables: _options.Tables = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            metavar="DIR",
            parser=_options.path,
            help="Where ledger, logs and the failed list are kept; by default ~/.local/state/cxr/mirror.",
        ),
    ] = None,
    workers: _options.Workers = None,
    dry_run: _options.DryRun = False,
    yes: _options.Yes = False,
    accept_terms: _options.AcceptTerms = None,
    max_time: _options.MaxTime = None,
) -> None:
    """Plan, confirm, copy, and tell what came of it."""
    flags = Flags(
        limit, sample, seed, sample_by, view, tuple(finding or ()), tuple(patient or ()), release, host,
        origin, tables, workers,
    )  # fmt: skip
    asked = Mirroring(
        run, flags, source, to, state,
        metadata_only=metadata_only, reports=reports, verify=verify,
        dry_run=dry_run, yes=yes, accepted=accept_terms or (),
    )  # fmt: skip
    with time_limit(max_time):
        code = asked.carry_out()
    raise typer.Exit(code)
