"""Check every image, caption and row of the library, and say what is wrong with which.

Errors fail the validation and make the exit code 1; warnings and notes never do. metadata/validation.csv
lists every issue, a row each.

Examples:
    cxr validate --source synthetic
    cxr validate --source all --json
    cxr validate --dry-run
    cxr validate --source all --engine serial --quarantine
"""

from typing import Annotated

import typer

from cxr.cli import _options
from cxr.cli._names import dataset_key, known
from cxr.cli._run import Run
from cxr.cli._signals import time_limit
from cxr.cli._validation import tell, tell_plan

_ENGINES = ("serial", "processes", "ray")


def command(
    run: Run,
    *,
    source: Annotated[
        str, typer.Option("--source", metavar="KEY|all", help="One dataset of the library; all by default.")
    ] = "all",
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", metavar="|".join(_ENGINES), help="What runs the checks; processes by default."
        ),
    ] = None,
    workers: _options.Workers = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Set images with errors aside, and mark their rows.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Fetch images with errors, or set aside, again from their source."),
    ] = False,
    dry_run: _options.DryRun = False,
    max_time: _options.MaxTime = None,
) -> None:
    """Validate and print the issues by code."""
    from cxr.library.validate import Manner, validate

    key = None if source.lower() == "all" else dataset_key(source)
    chosen = "processes" if engine is None else known(engine, _ENGINES, "engine")
    run.need_library()
    if dry_run:
        tell_plan(run, key)
        return
    with (
        time_limit(max_time),
        run.library(write=True) as library,
        run.progress() as progress,
    ):
        manner = Manner(engine=chosen, workers=workers, quarantine=quarantine, repair=repair)
        summary = validate(library, key, progress, manner)
    run.out.document(summary.to_json())
    tell(run, summary)
    raise typer.Exit(summary.exit_code)
