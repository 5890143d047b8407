"""Say for each dataset whether it can be downloaded now, or the one step that is missing.

Exits with 3 when a dataset that was named with --source is not ready.

Examples:
    cxr check-access
    cxr check-access --source synthetic
"""

from typing import Annotated

import typer

from cxr.cli._names import dataset_keys
from cxr.cli._readiness import readiness
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
    found = {key: readiness(key, run.config) for key in keys}
    run.out.document({key: {"ready": not missing, "missing": missing} for key, missing in found.items()})
    run.out.table(
        ("dataset", "ready", "missing step"),
        [(key, "no" if missing else "yes", missing) for key, missing in found.items()],
    )
    if source.lower() != "all" and found[keys[0]]:
        raise typer.Exit(AccessError.exit_code)
