"""Forget the credentials that `cxr credentials set` kept, of one service or of all.

Files and variables of other programs stay as they are.

Examples:
    cxr credentials remove kaggle
    cxr credentials remove --yes
"""

from typing import Annotated

import typer

from cxr.cli import _confirm, _options
from cxr.cli._run import Run
from cxr.cli.credentials._telling import services
from cxr.errors import PlanNotConfirmed


def command(
    run: Run,
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="Which one; all by default.")
    ] = None,
    *,
    yes: _options.Yes = False,
) -> None:
    """Remove what was kept."""
    from cxr.credentials import remove

    chosen = services(service)
    if service is None and not yes:
        _ask()
    removed = {key: where for key in chosen if (where := remove(key)) is not None}
    run.out.document({"removed": removed})
    for key, where in removed.items():
        run.out.done(f"Removed {key} from {where}.")
    if not removed:
        run.out.done(f"Nothing was kept for {service or 'any service'}.")


def _ask() -> None:
    what = "This forgets the credentials of every service that cxr keeps."
    if not _confirm.is_terminal():
        raise PlanNotConfirmed(what, next_step="Name a service, or confirm with --yes.")
    if not typer.confirm(f"{what} Forget them?", default=False, err=True):
        raise PlanNotConfirmed("Nothing was removed, as you asked.")
