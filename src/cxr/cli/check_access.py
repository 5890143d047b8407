"""Say for each dataset whether it can be downloaded now, or the one step that is missing.

Exits with 3 when a dataset that was named with --source is not ready.

Examples:
    cxr check-access
    cxr check-access --source synthetic
"""

from dataclasses import asdict
from typing import Annotated

import typer

from cxr.cli._names import dataset_keys
from cxr.cli._readiness import access_to
from cxr.cli._run import Run
from cxr.errors import AccessError


def command(
    run: Run,
    *,
    source: Annotated[
        str, typer.Option("--source", metavar="KEY|all", help="One dataset; all of them by default.")
    ] = "all",
) -> None:
    """Print a line a dataset."""
    keys = dataset_keys(source)
    found = {key: access_to(key, run.config) for key in keys}
    run.out.document({key: asdict(access) for key, access in found.items()})
    run.out.table(
        ("dataset", "ready", "missing step"),
        [
            (key, "yes" if access.ready else "no", access.missing or access.lacking)
            for key, access in found.items()
        ],
    )
    if source.lower() != "all" and not found[keys[0]].ready:
        raise typer.Exit(AccessError.exit_code)
